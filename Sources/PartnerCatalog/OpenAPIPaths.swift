import Documents

/// The paths of an OpenAPI description as route patterns, so that a partner's routes bear the names its own reference gives them.
///
/// Of the description only `paths` and the path of the first server (`basePath` in Swagger 2.0) are read. A segment that is only
/// in part a parameter (`{id}.json`, `{a}:{b}`) becomes a parameter as a whole: routes need a stable name, not the pieces.
/// Methods are left out, because a pattern without one fits all and the route takes the call's own.
public enum OpenAPIPaths {
    /// Larger partners describe some hundreds of paths.
    public static let pathCountMax = 5_000
    public static let byteCountMax = 64 << 20

    /// - Parameters:
    ///   - server: the first server's URL, or the base path, or nil.
    ///   - paths: the keys of `paths`.
    /// - Returns: nil where there is no path, or more than `pathCountMax`; paths that cannot be patterns are left out.
    public static func patterns(server: String?, paths: [String]) -> [RoutePattern]? {
        guard (1...pathCountMax).contains(paths.count) else { return nil }
        let base = server.map { URLParts($0).path } ?? ""
        let patterns = paths.compactMap { RoutePattern(pattern(of: base + $0)) }
        return patterns.isEmpty ? nil : patterns
    }

    /// The same of a description in JSON; nil for what is none.
    public static func patterns(json bytes: [UInt8]) -> [RoutePattern]? {
        let parser = JSONParser(byteCountMax: byteCountMax, depthMax: 128)
        // What cannot be parsed is no description: nil says so to the operator.
        let read = try? parser.parse(bytes) { root -> (server: String?, paths: [String]) in
            var server = root.member("basePath")?.string
            root.member("servers")?.forEachElement { element in
                if server == nil { server = element.member("url")?.string }
            }
            var paths: [String] = []
            root.member("paths")?.forEachMember { name, _ in paths.append(String(decoding: name, as: UTF8.self)) }
            return (server, paths)
        }
        return read.flatMap { patterns(server: $0.server, paths: $0.paths) }
    }

    private static func pattern(of path: String) -> String {
        let segments = path.prefix { $0 != "?" && $0 != "#" }.split(separator: "/").map { segment -> String in
            guard let open = segment.firstIndex(of: "{"), let close = segment[open...].firstIndex(of: "}") else {
                return String(segment)
            }
            let isWhole = open == segment.startIndex && segment.index(after: close) == segment.endIndex
            return isWhole ? String(segment) : "{" + segment[segment.index(after: open)..<close] + "}"
        }
        return "/" + segments.joined(separator: "/")
    }
}
