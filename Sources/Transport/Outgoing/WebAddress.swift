/// An `http` or `https` URL with its path and query: where a message goes.
///
/// The path is often the secret of a webhook. It is in no description, and so in no log.
public struct WebAddress: Sendable, Hashable, CustomStringConvertible {
    public static let byteCountMax = 2_048

    public var endpoint: Endpoint
    /// Path and query as sent, from the first slash.
    public let target: String

    /// Nil for anything else, for a user in it (a password would be logged by every proxy) and for what is not
    /// printable ASCII.
    public init?(_ url: String) {
        guard url.utf8.count <= Self.byteCountMax, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        let withoutFragment = url.prefix { $0 != "#" }
        guard let scheme = withoutFragment.firstIndex(of: ":") else { return nil }
        let rest = withoutFragment[scheme...]
        guard rest.hasPrefix("://") else { return nil }
        let authority = rest.dropFirst(3).prefix { $0 != "/" && $0 != "?" }
        guard let endpoint = Endpoint(url: "\(withoutFragment[..<scheme])://\(authority)") else { return nil }
        let target = rest[authority.endIndex...]
        self.endpoint = endpoint
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
    }

    /// The same server with more path behind it.
    public func appending(_ path: String) -> WebAddress {
        WebAddress(endpoint: endpoint, target: (target.hasSuffix("/") ? String(target.dropLast()) : target) + path)
    }

    private init(endpoint: Endpoint, target: String) {
        self.endpoint = endpoint
        self.target = target
    }

    public var description: String { "\(endpoint)" }
}
