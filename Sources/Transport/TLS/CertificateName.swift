/// Finds the common name in a certificate's subject (RFC 5280, section 4.1), which swift-nio-ssl does not hand out.
///
/// Checks nothing else of the certificate: the handshake has done that. Total: any bytes give a name or nil.
enum CertificateName {
    private enum Tag {
        static let integer: UInt8 = 0x02
        static let objectIdentifier: UInt8 = 0x06
        static let utf8String: UInt8 = 0x0C
        static let printableString: UInt8 = 0x13
        static let ia5String: UInt8 = 0x16
        static let sequence: UInt8 = 0x30
        static let set: UInt8 = 0x31
        static let version: UInt8 = 0xA0
    }

    /// 2.5.4.3, id-at-commonName.
    private static let commonNameIdentifier: [UInt8] = [0x55, 0x04, 0x03]

    /// The most specific (last) common name.
    static func commonName(der: [UInt8]) -> String? {
        var file = DERReader(der[...])
        guard var certificate = file.enter(Tag.sequence), var body = certificate.enter(Tag.sequence) else { return nil }
        if body.nextTag == Tag.version { _ = body.next() }
        // Serial number, signature algorithm, issuer, validity; then the subject.
        guard body.enter(Tag.integer) != nil, body.enter(Tag.sequence) != nil, body.enter(Tag.sequence) != nil,
            body.enter(Tag.sequence) != nil, var subject = body.enter(Tag.sequence)
        else { return nil }
        var name: String?
        while var part = subject.enter(Tag.set) {
            while var attribute = part.enter(Tag.sequence) {
                guard let identifier = attribute.enter(Tag.objectIdentifier), let value = attribute.next() else {
                    continue
                }
                guard identifier.bytes.elementsEqual(commonNameIdentifier) else { continue }
                switch value.tag {
                case Tag.utf8String, Tag.printableString, Tag.ia5String:
                    name = String(decoding: value.content, as: UTF8.self)
                default: break  // Encodings that RFC 5280 has retired.
                }
            }
        }
        return name
    }
}

/// Walks values of DER (ITU-T X.690) side by side.
private struct DERReader {
    private(set) var bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    var nextTag: UInt8? {
        bytes.first
    }

    /// The content of the next value, if it has this tag; otherwise nothing moves.
    mutating func enter(_ tag: UInt8) -> DERReader? {
        guard nextTag == tag else { return nil }
        return next().map { DERReader($0.content) }
    }

    mutating func next() -> (tag: UInt8, content: ArraySlice<UInt8>)? {
        guard bytes.count >= 2, let tag = bytes.popFirst(), let first = bytes.popFirst() else { return nil }
        var count = Int(first)
        if first >= 0x80 {
            let lengthByteCount = Int(first & 0x7F)
            guard (1...4).contains(lengthByteCount), lengthByteCount <= bytes.count else { return nil }
            count = bytes.prefix(lengthByteCount).reduce(0) { $0 << 8 | Int($1) }
            bytes = bytes.dropFirst(lengthByteCount)
        }
        guard count <= bytes.count else { return nil }
        defer { bytes = bytes.dropFirst(count) }
        return (tag, bytes.prefix(count))
    }
}
