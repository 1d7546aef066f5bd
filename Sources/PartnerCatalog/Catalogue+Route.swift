import CallModel

extension Catalogue {
    /// The partner the sender named, if any.
    func named(_ call: APICall) -> String? {
        guard let partner = call.partner, !partner.isEmpty else { return nil }
        return bounded(partner, Limits.nameByteCountMax)
    }

    /// The route the sender named is kept as it is, but for its length.
    func explicitRoute(_ call: APICall) -> String? {
        guard let route = call.route, !route.isEmpty else { return nil }
        return bounded(route, Limits.nameByteCountMax)
    }

    func route(of call: APICall, _ path: UnsafeBufferPointer<UInt8>, partner: Int32?) -> String {
        if let explicit = explicitRoute(call) { return explicit }
        let method = Catalogue.routeMethod(call.request.method)
        return RouteTemplate.text(byteCountMax: Limits.nameByteCountMax) { writer in
            writer.append(method)
            writer.append(UInt8(ascii: " "))
            if let partner, writeListed(store.routes[Int(partner)], path, method, to: &writer) { return }
            RouteTemplate.write(path: path, to: &writer)
        }
    }

    private func writeListed(
        _ patterns: [RoutePattern], _ path: UnsafeBufferPointer<UInt8>, _ method: String, to writer: inout TextWriter
    ) -> Bool {
        guard !patterns.isEmpty else { return false }
        return PathSegments.with(path) { segments in
            for pattern in patterns where pattern.matches(segments, method: method) {
                pattern.write(segments, to: &writer)
                return true
            }
            return false
        }
    }

    /// The route a listed pattern gives, or nil where it does not match.
    func template(_ pattern: RoutePattern, _ call: APICall, _ path: UnsafeBufferPointer<UInt8>) -> String? {
        let method = Catalogue.routeMethod(call.request.method)
        return PathSegments.with(path) { segments in
            guard pattern.matches(segments, method: method) else { return nil }
            return RouteTemplate.text(byteCountMax: Limits.nameByteCountMax) { writer in
                writer.append(method)
                writer.append(UInt8(ascii: " "))
                pattern.write(segments, to: &writer)
            }
        }
    }

    /// Methods come from outside, and each makes a route: an unknown one becomes `_OTHER`, as OpenTelemetry names it.
    static func routeMethod(_ method: String) -> String {
        if methods.contains(method) { return method }
        let upper = method.utf8.count <= 16 ? method.uppercased() : ""
        return methods.contains(upper) ? upper : "_OTHER"
    }

    /// RFC 9110, 5789 (PATCH), 4918 (WebDAV) with its extensions, and the QUERY method.
    private static let methods: Set<String> = [
        "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "QUERY", "PROPFIND",
        "PROPPATCH", "MKCOL",
        "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "MKCALENDAR", "ACL", "LINK", "UNLINK", "PURGE", "MERGE",
    ]
}
