/// Reads a DNS message (RFC 1035, section 4) as far as calls need it: the question, how it was answered, and the addresses.
struct DNSMessage {
    var id: UInt16
    var isAnswer: Bool
    var isTruncated: Bool
    /// 0: no error, 2: the server failed, 3: the name does not exist, 5: the server refuses (section 4.1.1).
    var responseCode: UInt8
    /// Lower case, without the dot at the end.
    var name: String
    var questionType: UInt16
    /// The addresses in the answer, IPv4 mapped.
    var addresses: [(high: UInt64, low: UInt64)] = []

    static let typeA: UInt16 = 1
    static let typeAAAA: UInt16 = 28

    private static let recordCountMax = 64
    private static let nameByteCountMax = 255

    /// Nil for what is no DNS message with one question.
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count >= 17, let id = bytes.bigEndian16(at: 0), let flags = bytes.bigEndian16(at: 2),
            bytes.bigEndian16(at: 4) == 1, flags >> 11 & 15 == 0
        else { return nil }
        self.id = id
        isAnswer = flags >> 15 == 1
        isTruncated = flags >> 9 & 1 == 1
        responseCode = UInt8(truncatingIfNeeded: flags & 15)
        var at = 12
        guard let name = Self.name(bytes, &at), let type = bytes.bigEndian16(at: at),
            bytes.bigEndian16(at: at + 2) == 1
        else { return nil }
        self.name = name
        questionType = type
        if isAnswer { readAnswers(bytes, from: at + 4, count: Int(bytes.bigEndian16(at: 6) ?? 0)) }
    }

    private mutating func readAnswers(_ bytes: Span<UInt8>, from start: Int, count: Int) {
        var at = start
        for _ in 0..<min(count, Self.recordCountMax) {
            guard Self.skipName(bytes, &at), let type = bytes.bigEndian16(at: at),
                let length = bytes.bigEndian16(at: at + 8).map(Int.init), at + 10 + length <= bytes.count
            else { return }
            at += 10
            if type == Self.typeA, length == 4, let address = bytes.bigEndian32(at: at) {
                addresses.append((0, 0xffff_0000_0000 | UInt64(address)))
            }
            if type == Self.typeAAAA, length == 16, let high = bytes.bigEndian64(at: at),
                let low = bytes.bigEndian64(at: at + 8)
            {
                addresses.append((high, low))
            }
            at += length
        }
    }

    /// A name whose labels stand here: questions come first, so that there is nothing a pointer could point to.
    private static func name(_ bytes: Span<UInt8>, _ at: inout Int) -> String? {
        var text: [UInt8] = []
        while at < bytes.count {
            let length = Int(bytes[at])
            at += 1
            if length == 0 { return String(decoding: text, as: UTF8.self) }
            guard length < 64, at + length <= bytes.count, text.count + length < nameByteCountMax else { return nil }
            if !text.isEmpty { text.append(UInt8(ascii: ".")) }
            for index in at..<(at + length) {
                guard isNameByte(bytes[index]) else { return nil }
                text.append(asciiLowerCase(bytes[index]))
            }
            at += length
        }
        return nil
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte != UInt8(ascii: ".") && byte != 0x7f
    }

    /// Passes over a name, which ends in a zero or in a pointer (section 4.1.4).
    private static func skipName(_ bytes: Span<UInt8>, _ at: inout Int) -> Bool {
        while at < bytes.count {
            let length = Int(bytes[at])
            at += 1
            if length == 0 { return true }
            if length & 0xc0 == 0xc0 {
                at += 1
                return at <= bytes.count
            }
            guard length < 64 else { return false }
            at += length
        }
        return false
    }
}

extension Span<UInt8> {
    fileprivate func bigEndian64(at index: Int) -> UInt64? {
        guard let high = bigEndian32(at: index), let low = bigEndian32(at: index + 4) else { return nil }
        return UInt64(high) << 32 | UInt64(low)
    }
}
