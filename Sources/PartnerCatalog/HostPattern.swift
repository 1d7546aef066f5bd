/// Which hosts a definition means: `api.stripe.com`, `*.zendesk.com` (any number of labels in front), either with `:8443`.
///
/// A wildcard does not match its own suffix: `*.zendesk.com` is not `zendesk.com`. A pattern without a port matches every port.
public struct HostPattern: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// Normalised, without `*.`.
    public let host: String
    public let isWildcard: Bool
    public let port: Int?

    /// Nil for what names no host, for a `*` anywhere but in front of the first dot, and for a wildcard over a whole
    /// top-level domain.
    public init?(_ text: String) {
        guard !text.contains("://"), !text.contains("/"), !text.contains("@") else { return nil }
        let isWildcard = text.hasPrefix("*.")
        let parts = URLParts("//" + (isWildcard ? String(text.dropFirst(2)) : text))
        guard !parts.host.isEmpty, parts.path.isEmpty, parts.query == nil, parts.fragment == nil else { return nil }
        guard !isWildcard || parts.host.contains("."), !parts.host.contains("*") else { return nil }
        // A port that cannot be read must not silently become "every port".
        guard parts.port != nil || !HostPattern.namesPort(text) else { return nil }
        host = parts.host
        port = parts.port
        self.isWildcard = isWildcard
    }

    /// For patterns in source code, which a test checks: one that cannot be read matches nothing.
    public init(stringLiteral text: StaticString) {
        self = HostPattern("\(text)") ?? HostPattern(unreadable: ())
    }

    private init(unreadable: Void) {
        host = ""
        isWildcard = false
        port = nil
    }

    public var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return (isWildcard ? "*." : "") + name + (port.map { ":\($0)" } ?? "")
    }

    private static func namesPort(_ text: String) -> Bool {
        let afterBracket = text.lastIndex(of: "]").map { text[$0...] } ?? text[...]
        let colons = afterBracket.filter { $0 == ":" }.count
        return colons == 1
    }
}
