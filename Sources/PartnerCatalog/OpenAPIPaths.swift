import Documents

/// The paths of an OpenAPI description as route patterns, so that a partner's routes bear the names its own reference gives them.
///
/// Of the description only `paths` and the paths of the servers (`basePath` in Swagger 2.0) are read; a part of a server's path that
/// the description leaves to a variable stays a parameter. Methods are left out, because a pattern without one fits all and the
/// route takes the call's own.
public enum OpenAPIPaths {
    /// Larger partners describe some hundreds of paths.
    public static let pathCountMax = 5_000
    public static let byteCountMax = 64 << 20

    /// - Parameters:
    ///   - servers: the servers' URLs, or the base path, or none.
    ///   - paths: the keys of `paths`.
    /// - Returns: every path below every server's; nil where there is none, or more than `pathCountMax`; paths that cannot be
    ///   patterns are left out.
    public static func patterns(servers: [String], paths: [String]) -> [RoutePattern]? {
        var bases: [String] = []
        for server in servers.prefix(pathCountMax) {
            let base = URLParts(server).path
            let path = base.hasSuffix("/") ? String(base.dropLast()) : String(base)
            if !bases.contains(path) { bases.append(path) }
        }
        if bases.isEmpty { bases = [""] }
        guard (1...pathCountMax).contains(paths.count * bases.count) else { return nil }
        let patterns = bases.flatMap { base in
            paths.compactMap { RoutePattern(base + $0.prefix { $0 != "?" && $0 != "#" }) }
        }
        return patterns.isEmpty ? nil : patterns
    }

    /// The same of a description in JSON; nil for what is none.
    public static func patterns(json bytes: [UInt8]) -> [RoutePattern]? {
        let parser = JSONParser(byteCountMax: byteCountMax, depthMax: 128)
        // What cannot be parsed is no description: nil says so to the operator.
        let read = try? parser.parse(bytes) { root -> (servers: [String], paths: [String]) in
            var servers = [root.member("basePath")?.string].compactMap(\.self)
            root.member("servers")?.forEachElement { element in
                if let url = element.member("url")?.string { servers.append(url) }
            }
            var paths: [String] = []
            root.member("paths")?.forEachMember { name, _ in paths.append(String(decoding: name, as: UTF8.self)) }
            return (servers, paths)
        }
        return read.flatMap { patterns(servers: $0.servers, paths: $0.paths) }
    }
}
