/// Finds whom a certificate names (RFC 5280), which swift-nio-ssl does not hand out.
///
/// Checks nothing else of the certificate: the handshake has done that. Total: any bytes give a name or nil.
enum CertificateName {
    private enum Tag {
        static let boolean: UInt8 = 0x01
        static let integer: UInt8 = 0x02
        static let octetString: UInt8 = 0x04
        static let objectIdentifier: UInt8 = 0x06
        static let utf8String: UInt8 = 0x0C
        static let printableString: UInt8 = 0x13
        static let ia5String: UInt8 = 0x16
        static let sequence: UInt8 = 0x30
        static let set: UInt8 = 0x31
        static let version: UInt8 = 0xA0
        static let extensions: UInt8 = 0xA3
        /// Of `GeneralName`.
        static let dnsName: UInt8 = 0x82
        static let uri: UInt8 = 0x86
    }

    /// 2.5.4.3, id-at-commonName.
    private static let commonNameIdentifier: [UInt8] = [0x55, 0x04, 0x03]
    /// 2.5.29.17, id-ce-subjectAltName.
    private static let alternativeNamesIdentifier: [UInt8] = [0x55, 0x1D, 0x11]

    /// The first DNS name, in lower case; else the first URI; else the most specific common name. Nil where that is no name that can be
    /// told: an alternative name is never passed over for being odd.
    static func name(der: [UInt8]) -> String? {
        var file = DERReader(der[...])
        guard var certificate = file.enter(Tag.sequence), var body = certificate.enter(Tag.sequence) else { return nil }
        if body.nextTag == Tag.version { _ = body.next() }
        // Serial number, signature algorithm, issuer, validity; then the subject.
        guard body.enter(Tag.integer) != nil, body.enter(Tag.sequence) != nil, body.enter(Tag.sequence) != nil,
            body.enter(Tag.sequence) != nil, let subject = body.enter(Tag.sequence)
        else { return nil }
        let alternatives = alternativeNames(after: body)
        if let name = alternatives?.first(Tag.dnsName) { return text(name)?.lowercased() }
        if let name = alternatives?.first(Tag.uri) { return text(name) }
        return commonName(subject).flatMap(text)
    }

    /// The most specific (last) one.
    private static func commonName(_ subject: DERReader) -> ArraySlice<UInt8>? {
        var subject = subject
        var name: ArraySlice<UInt8>?
        while var part = subject.enter(Tag.set) {
            while var attribute = part.enter(Tag.sequence) {
                guard let identifier = attribute.enter(Tag.objectIdentifier), let value = attribute.next() else {
                    continue
                }
                guard identifier.bytes.elementsEqual(commonNameIdentifier) else { continue }
                switch value.tag {
                case Tag.utf8String, Tag.printableString, Tag.ia5String: name = value.content
                default: break  // Encodings that RFC 5280 has retired.
                }
            }
        }
        return name
    }

    /// - Parameter rest: what follows the subject: the public key, unique identifiers that nobody uses, the extensions.
    private static func alternativeNames(after rest: DERReader) -> DERReader? {
        var rest = rest
        while let value = rest.next() {
            guard value.tag == Tag.extensions else { continue }
            var wrapped = DERReader(value.content)
            guard var extensions = wrapped.enter(Tag.sequence) else { return nil }
            while var one = extensions.enter(Tag.sequence) {
                guard let identifier = one.enter(Tag.objectIdentifier),
                    identifier.bytes.elementsEqual(alternativeNamesIdentifier)
                else { continue }
                _ = one.enter(Tag.boolean)  // Whether it is critical.
                guard var content = one.enter(Tag.octetString) else { return nil }
                return content.enter(Tag.sequence)
            }
        }
        return nil
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String? {
        guard (1...ClientCertificate.nameByteCountMax).contains(bytes.count),
            bytes.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
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

    /// The content of the first value with this tag, wherever it stands among those that follow.
    func first(_ tag: UInt8) -> ArraySlice<UInt8>? {
        var rest = self
        while let value = rest.next() {
            if value.tag == tag { return value.content }
        }
        return nil
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
