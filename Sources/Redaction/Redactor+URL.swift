import CallModel
import PartnerCatalog

extension Redactor {
    /// A URL without userinfo and fragment, with the query's values masked but for harmless keys, and with path segments masked
    /// that look like a secret or like somebody's address.
    ///
    /// Identifiers such as `ch_3N…` stay: they are what a partner asks for when told of a failed call.
    mutating func redactedURL(_ url: String) -> String {
        var rest = url[...]
        if let fragment = rest.firstIndex(of: "#") { rest = rest[..<fragment] }
        var query: Substring?
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        var result = ""
        if let scheme = rest.firstRange(of: "://") {
            result += rest[..<scheme.upperBound]
            rest = rest[scheme.upperBound...]
            let authority = rest.prefix { $0 != "/" }
            rest = rest[authority.endIndex...]
            if let sign = authority.lastIndex(of: "@") {
                count(.userinfo)
                result += scanned(String(authority[authority.index(after: sign)...]))
            } else {
                result += scanned(String(authority))
            }
        } else if let sign = rest.lastIndex(of: "@"), !rest.hasPrefix("/") {
            // No scheme, yet something before an @: take no chances.
            count(.userinfo)
            rest = rest[rest.index(after: sign)...]
        }
        // `hooks.slack.com`, `hooks.zapier.com`, `hook.eu1.make.com`.
        let isHook = (result.split(separator: "/").last ?? "").hasPrefix("hook")
        result += redactedPath(rest, isCapability: isHook)
        if let query { result += "?" + redactedQuery(query) }
        return result
    }

    /// Whoever knows the URL of an incoming hook may call it, so whatever is no word of its path is a secret.
    private mutating func capability(_ segments: [Substring]) -> String {
        segments.map { segment in
            var text = String(segment)
            guard text.withUTF8({ RouteTemplate.looksLikeData($0) }) else { return text }
            count(.path)
            return "{id}"
        }.joined(separator: "/")
    }

    private mutating func redactedPath(_ path: Substring, isCapability: Bool) -> String {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        if isCapability { return capability(segments) }
        return segments.map { segment in
            guard segment.utf8.count >= 5 else { return String(segment) }
            let masked = scanned(String(segment))
            guard masked != segment else { return String(segment) }
            count(.path)
            return "{id}"
        }.joined(separator: "/")
    }

    private mutating func redactedQuery(_ query: Substring) -> String {
        query.split(separator: "&").prefix(500).map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = keyName(String(parts[0]))
            guard parts.count == 2 else {
                // A bare word may be a key or a value.
                return HeaderRules.isHarmlessQuery(key.lowercased()) ? key : "{value}"
            }
            if HeaderRules.isHarmlessQuery(key.lowercased()) {
                return key + "=" + scanned(String(parts[1].prefix(256)))
            }
            count(.query)
            return key + "=" + scanner.placeholder("value", for: String(parts[1]))
        }.joined(separator: "&")
    }
}
