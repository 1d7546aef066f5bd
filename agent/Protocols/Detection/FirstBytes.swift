import CallModel

/// Tells by the first bytes of a direction what is spoken: content decides, never a port.
enum FirstBytes: Equatable {
    case http1Request
    case http1Response
    /// The client's preface (RFC 9113, section 3.4).
    case http2Preface
    /// A SETTINGS frame, which a server's side of HTTP/2 begins with.
    case http2Settings
    /// Frames of HTTP/2 in the middle of a connection.
    case http2Frames
    /// A TLS handshake record.
    case tls
    /// The first message of a client to a SOCKS proxy, version 4 or 5 (RFC 1928).
    case socks
    /// A load balancer's preamble; the connection itself begins at this index.
    case proxyPreamble(end: Int, client: SocketEndpoint?)
    case unknown
    case needsMore

    static let byteCountMax = 64 << 10
    /// Carriage returns and line feeds that may stand before a start line.
    private static let lineEndCountMax = 16

    /// - Parameter isFromStart: whether these are the first bytes of the connection, rather than the first ones seen.
    static func classify(_ bytes: Span<UInt8>, isFromStart: Bool) -> FirstBytes {
        guard bytes.count <= byteCountMax else { return .unknown }
        let preamble = isFromStart ? ProxyPreamble.read(bytes) : .none
        if case .whole(let end, let client) = preamble { return .proxyPreamble(end: end, client: client) }
        let searched = min(bytes.count, lineEndCountMax)
        guard let start = (0..<searched).first(where: { bytes[$0] != 0x0D && bytes[$0] != 0x0A }) else {
            return searched < lineEndCountMax ? .needsMore : .unknown
        }
        let asText = text(bytes, from: start)
        if asText != .unknown, asText != .needsMore { return asText }
        let asFrames = binary(bytes)
        if asFrames != .unknown, asFrames != .needsMore { return asFrames }
        let asMiddle = isFromStart ? .unknown : frames(bytes)
        if asMiddle != .unknown { return asMiddle }
        return asText == .needsMore || asFrames == .needsMore || preamble == .needsMore ? .needsMore : .unknown
    }

    private static func text(_ bytes: Span<UInt8>, from start: Int) -> FirstBytes {
        switch compare(bytes, with: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") {
        case .equals: return .http2Preface
        case .isPrefix: return .needsMore
        case .differs: break
        }
        switch HTTP1Head.startLine(of: bytes, from: start, .response) {
        case .whole: return .http1Response
        case .needsMore: return .needsMore
        case .malformed: break
        }
        switch HTTP1Head.startLine(of: bytes, from: start, .request) {
        case .whole: return .http1Request
        case .needsMore: return .needsMore
        case .malformed: return .unknown
        }
    }

    private enum Comparison { case equals, isPrefix, differs }

    private static func compare(_ bytes: Span<UInt8>, with text: StaticString) -> Comparison {
        let length = min(bytes.count, text.utf8CodeUnitCount)
        for index in 0..<length where bytes[index] != text.utf8Start[index] { return .differs }
        return length == text.utf8CodeUnitCount ? .equals : .isPrefix
    }

    private static func binary(_ bytes: Span<UInt8>) -> FirstBytes {
        switch bytes[0] {
        case 0x16:
            guard bytes.count >= 3 else { return bytes.count < 2 || bytes[1] == 3 ? .needsMore : .unknown }
            return bytes[1] == 3 && bytes[2] <= 4 ? .tls : .unknown
        case 4, 5: return SocksHandshake.isGreeting(bytes)
        default: return settings(bytes)
        }
    }

    /// Length a multiple of six, type 4, no flags, stream 0 (RFC 9113, section 6.5).
    private static func settings(_ bytes: Span<UInt8>) -> FirstBytes {
        let pattern: [UInt8?] = [0, nil, nil, 4, 0, 0, 0, 0, 0]
        for index in 0..<min(bytes.count, 9) {
            if let byte = pattern[index], bytes[index] != byte { return .unknown }
        }
        guard bytes.count >= 9 else { return .needsMore }
        let length = Int(bytes[1]) << 8 | Int(bytes[2])
        return length % 6 == 0 && length <= 6 * 64 ? .http2Settings : .unknown
    }

    /// Two frames in a row whose headers hold together are no accident: a header has few bits that may be anything.
    private static func frames(_ bytes: Span<UInt8>) -> FirstBytes {
        var at = 0
        var count = 0
        while bytes.count - at >= 9 {
            guard let header = FrameHeader(bytes, at: at), header.isPlausible else { return .unknown }
            count += 1
            at += 9 + header.length
            if count >= 3 || count >= 2 && at == bytes.count { return .http2Frames }
        }
        return .needsMore
    }
}
