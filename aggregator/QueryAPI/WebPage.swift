import CallModel
import NIOCore
import Transport

/// A page for people beside the API, made by `Dashboard`.
public struct WebPage: Sendable {
    /// `/`, or a path with `{…}`.
    public var pattern: String
    public var contentType: String
    /// Whether who may read the status may read it; else it takes the scope `read`, beyond loopback.
    public var isOfStatus: Bool
    /// The page's bytes from the values of the path and the status; nil when there is nothing of that name.
    public var render:
        @Sendable (_ values: [String: String], _ status: PublishedStatus?, _ now: Instant) async throws -> [UInt8]?

    public init(
        pattern: String, contentType: String = "text/html; charset=utf-8", isOfStatus: Bool = true,
        render: @escaping @Sendable ([String: String], PublishedStatus?, Instant) async throws -> [UInt8]?
    ) {
        self.pattern = pattern
        self.contentType = contentType
        self.isOfStatus = isOfStatus
        self.render = render
    }

    /// Nothing but our own style sheet may be loaded, nothing may run, and nobody may frame it.
    private static let policy =
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'"

    func route(_ sources: QuerySources) -> APIRoute {
        APIRoute(
            pattern: pattern, summary: "For people: \(pattern)", access: isOfStatus ? .status : .read,
            contentType: contentType,
            mayBeMissing: true
        ) { request in
            guard let bytes = try await render(request.path, sources.status(), request.now) else {
                throw APIProblem.notFound(request.head.path)
            }
            let tag = entityTag(of: bytes)
            let headers: Headers = [
                "etag": tag, "cache-control": isOfStatus ? "public, max-age=5" : "private, max-age=1",
                "content-security-policy": Self.policy,
                "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
            ]
            guard !request.head.hasAlready(tag) else { return Response(status: 304, headers: headers) }
            var response = Response(status: 200, headers: headers, body: ByteBuffer(bytes: bytes))
            response.headers.add("content-type", contentType)
            return response
        }
    }
}
