/// The parts of a URL as text, the host normalised; for those who are not in a hurry (`URLRanges` allocates nothing).
public struct URLParts: Sendable, Equatable {
    /// Lower case; nil when the URL has none.
    public var scheme: String?
    public var userinfo: String?
    /// As `HostName` normalises it; empty when the URL names none.
    public var host: String
    public var port: Int?
    public var path: String
    public var query: String?
    public var fragment: String?

    public init(_ url: String) {
        var url = url
        self = url.withUTF8 { bytes in URLParts(URLRanges(bytes), of: bytes) }
    }

    private init(_ ranges: URLRanges, of bytes: UnsafeBufferPointer<UInt8>) {
        func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        scheme = ranges.scheme.map { text($0).lowercased() }
        userinfo = ranges.userinfo.map(text)
        host = HostName.normalised(UnsafeBufferPointer(rebasing: bytes[ranges.host])) ?? ""
        port = ranges.port
        path = text(ranges.path)
        query = ranges.query.map(text)
        fragment = ranges.fragment.map(text)
    }

    /// The port asked for, or the scheme's own.
    public var effectivePort: Int? { port ?? URLParts.defaultPort(ofScheme: scheme) }

    static func defaultPort(ofScheme scheme: String?) -> Int? {
        switch scheme {
        case "https", "wss": 443
        case "http", "ws": 80
        default: nil
        }
    }
}
