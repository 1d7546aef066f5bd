/// Whom a client talks to: `https://aggregator.example:7443`.
public struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    public var isTLS: Bool
    public var host: String
    public var port: Int

    public init(isTLS: Bool, host: String, port: Int) {
        self.isTLS = isTLS
        self.host = host
        self.port = port
    }

    /// Scheme `http` or `https`, a host, and a port unless it is the scheme's own. A path is refused: it would be ignored.
    public init?(url: String) {
        let parts = url.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "http" || parts[0] == "https" else { return nil }
        isTLS = parts[0] == "https"
        let authority = parts[1].hasSuffix("/") ? parts[1].dropLast() : parts[1]
        guard !authority.isEmpty, !authority.contains(where: { "/?#@ ".contains($0) }) else { return nil }
        let hasPort = authority.hasSuffix("]") ? false : authority.split(separator: "]").last?.contains(":") == true
        let text = hasPort ? String(authority) : "\(authority):\(isTLS ? 443 : 80)"
        guard let address = ListenAddress(text), address.port > 0 else { return nil }
        host = address.host
        port = address.port
    }

    public var isLoopback: Bool { ListenAddress(host: host, port: port).isLoopback }

    /// As in a URL, and as HTTP/2's `:authority`.
    var authority: String { ListenAddress(host: host, port: port).description }

    public var description: String { "\(isTLS ? "https" : "http")://\(authority)" }
}
