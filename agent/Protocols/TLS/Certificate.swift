import CallModel

/// What is read of a server's Certificate message: when its own certificate, the first of the chain, ends.
///
/// In the clear up to TLS 1.2 (RFC 5246, section 7.4.2), behind a list's context in TLS 1.3 (RFC 8446, section 4.4.2). Nothing is
/// verified: whoever makes the call does that, and this says what was shown to him.
enum CertificateMessage {
    /// Nil for what is no such message, or no certificate.
    ///
    /// - Parameters:
    ///   - message: without its header of four bytes.
    ///   - version: as in `SecureSession.version`.
    static func end(_ message: [UInt8], version: UInt16) -> Instant? {
        var reader = HandshakeReader(message)
        if version >= 0x0304, reader.vector8() == nil { return nil }
        guard reader.uint24() != nil, let byteCount = reader.uint24(), let certificate = reader.take(byteCount) else {
            return nil
        }
        return end(ofCertificate: certificate)
    }

    /// RFC 5280, section 4.1: the certificate, in it what is signed, in that a version, a serial number, an algorithm, the issuer,
    /// and then the validity, of which the second time is the end.
    private static func end(ofCertificate bytes: ArraySlice<UInt8>) -> Instant? {
        var outer = DERReader(bytes)
        guard let certificate = outer.next(tag: DERReader.sequence) else { return nil }
        var inside = DERReader(certificate)
        guard let signed = inside.next(tag: DERReader.sequence) else { return nil }
        var fields = DERReader(signed)
        // Absent in the first version of X.509.
        _ = fields.next(tag: 0xa0)
        guard fields.next(tag: 0x02) != nil, fields.next(tag: DERReader.sequence) != nil,
            fields.next(tag: DERReader.sequence) != nil, let validity = fields.next(tag: DERReader.sequence)
        else { return nil }
        var times = DERReader(validity)
        guard times.next() != nil, let (tag, text) = times.next() else { return nil }
        return time(tag, text)
    }

    /// UTCTime `YYMMDDHHMMSSZ` up to 2049, GeneralizedTime `YYYYMMDDHHMMSSZ` from then on (RFC 5280, section 4.1.2.5).
    private static func time(_ tag: UInt8, _ text: ArraySlice<UInt8>) -> Instant? {
        let yearDigits = tag == 0x17 ? 2 : 4
        guard tag == 0x17 || tag == 0x18, text.count == yearDigits + 11, text.last == UInt8(ascii: "Z"),
            text.dropLast().allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") })
        else { return nil }
        var digits = String(decoding: text.dropLast(), as: UTF8.self)
        if tag == 0x17 { digits = (digits < "50" ? "20" : "19") + digits }
        var pairs = digits.dropFirst(4)
        func pair() -> Substring {
            defer { pairs = pairs.dropFirst(2) }
            return pairs.prefix(2)
        }
        return Instant(rfc3339: "\(digits.prefix(4))-\(pair())-\(pair())T\(pair()):\(pair()):\(pair())Z")
    }
}

/// Reads elements of DER (X.690, section 10) one after the other. Every read past the end is nil.
struct DERReader {
    static let sequence: UInt8 = 0x30
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next element's content, if it has this tag; else it stays.
    mutating func next(tag: UInt8) -> ArraySlice<UInt8>? { rest.first == tag ? next()?.content : nil }

    mutating func next() -> (tag: UInt8, content: ArraySlice<UInt8>)? {
        var left = rest
        guard let tag = left.popFirst(), let first = left.popFirst() else { return nil }
        var byteCount = Int(first)
        if first >= 0x80 {
            // Three bytes of length are 16 MiB, more than any handshake message has.
            let lengthCount = Int(first & 0x7f)
            guard (1...3).contains(lengthCount), left.count >= lengthCount else { return nil }
            byteCount = left.prefix(lengthCount).reduce(0) { $0 << 8 | Int($1) }
            left = left.dropFirst(lengthCount)
        }
        guard left.count >= byteCount else { return nil }
        rest = left.dropFirst(byteCount)
        return (tag, left.prefix(byteCount))
    }
}
