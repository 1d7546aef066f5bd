extension RequestHead {
    /// Whether `Accept-Encoding` lists gzip (RFC 9110, section 12.5.3); who gives it a weight of 0 gets none.
    public var acceptsGzip: Bool {
        guard let accepted = headers[first: "accept-encoding"] else { return false }
        return accepted.lowercased().split(separator: ",").contains { entry in
            let parts = entry.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard parts.first == "gzip" else { return false }
            return !parts.dropFirst().contains { $0.hasPrefix("q=0") && !$0.contains { ("1"..."9").contains($0) } }
        }
    }

    /// Whether `If-None-Match` names the tag (given with its quotes), compared weakly (RFC 9110, section 13.1.2).
    public func hasAlready(_ entityTag: String) -> Bool {
        guard let known = headers[first: "if-none-match"] else { return false }
        return known.split(separator: ",").contains { entry in
            let trimmed = entry.filter { $0 != " " && $0 != "\t" }
            return trimmed == "*" || trimmed == entityTag || trimmed == "W/" + entityTag
        }
    }
}
