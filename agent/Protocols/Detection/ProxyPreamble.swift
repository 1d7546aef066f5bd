import CallModel

/// What a load balancer puts before everything else to say whose connection it carries (HAProxy's PROXY protocol, versions 1 and 2).
enum ProxyPreamble: Equatable {
    case none
    case needsMore
    /// The connection itself begins at `end`; nil where the balancer speaks for itself (LOCAL, UNKNOWN) or the family is no other one's.
    case whole(end: Int, client: SocketEndpoint?)

    /// Section 2.1: `PROXY TCP6`, two addresses, two ports and the line's end.
    private static let lineByteCountMax = 107
    /// Section 2.2 allows 64 KiB; addresses and a chain's facts take a few hundred.
    private static let fieldsByteCountMax = 8 << 10
    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]
    private static let word: StaticString = "PROXY "

    /// - Parameter bytes: the first ones of a connection.
    static func read(_ bytes: Span<UInt8>) -> ProxyPreamble {
        guard bytes.count > 0 else { return .needsMore }
        switch bytes[0] {
        case UInt8(ascii: "P"): return readLine(bytes)
        case signature[0]: return readBinary(bytes)
        default: return .none
        }
    }

    // MARK: Version 1

    private static func readLine(_ bytes: Span<UInt8>) -> ProxyPreamble {
        for index in 0..<min(bytes.count, word.utf8CodeUnitCount) where bytes[index] != word.utf8Start[index] {
            return .none
        }
        guard let feed = bytes.firstIndex(of: 0x0A, in: 0..<min(bytes.count, lineByteCountMax + 1)) else {
            return bytes.count <= lineByteCountMax ? .needsMore : .none
        }
        let text = String(decoding: [UInt8](copying: bytes.extracting(0..<feed), from: 0), as: UTF8.self)
        let words = text.split(whereSeparator: { $0 == " " || $0 == "\r" })
        guard words.count >= 2, ["TCP4", "TCP6", "UNKNOWN"].contains(words[1]) else { return .none }
        return .whole(end: feed + 1, client: words[1] == "UNKNOWN" ? nil : client(words))
    }

    /// `PROXY TCP4 192.0.2.1 198.51.100.2 1024 443`.
    private static func client(_ words: [Substring]) -> SocketEndpoint? {
        guard words.count == 6, let port = UInt16(words[4]) else { return nil }
        return SocketEndpoint(addressText: words[2], port: port)
    }

    // MARK: Version 2

    private static func readBinary(_ bytes: Span<UInt8>) -> ProxyPreamble {
        for index in 0..<min(bytes.count, signature.count) where bytes[index] != signature[index] { return .none }
        guard bytes.count >= 16 else { return .needsMore }
        let command = bytes[12]
        let byteCount = Int(bytes[14]) << 8 | Int(bytes[15])
        guard command >> 4 == 2, command & 0x0F <= 1, byteCount <= fieldsByteCountMax else { return .none }
        guard bytes.count >= 16 + byteCount else { return .needsMore }
        let client = command & 0x0F == 1 ? client(bytes, family: bytes[13] >> 4, byteCount) : nil
        return .whole(end: 16 + byteCount, client: client)
    }

    private static func client(_ bytes: Span<UInt8>, family: UInt8, _ byteCount: Int) -> SocketEndpoint? {
        switch family {
        case 1 where byteCount >= 12:
            guard let address = bytes.bigEndian32(at: 16), let port = bytes.bigEndian16(at: 24) else { return nil }
            return SocketEndpoint(ipv4: address, port: port)
        case 2 where byteCount >= 36:
            var halves: [UInt64] = []
            for index in [16, 24] {
                guard let high = bytes.bigEndian32(at: index), let low = bytes.bigEndian32(at: index + 4) else {
                    return nil
                }
                halves.append(UInt64(high) << 32 | UInt64(low))
            }
            guard let port = bytes.bigEndian16(at: 48) else { return nil }
            return SocketEndpoint(high: halves[0], low: halves[1], port: port)
        default: return nil
        }
    }
}
