import NIOCore

/// An answer with its whole body, or with a stream in its place.
///
/// `date` and `content-length` are the server's to set; fields that belong to the connection are left out.
public struct Response: Sendable, Equatable {
    public var status: Int
    public var headers: Headers
    public var body: ByteBuffer
    /// Set for a body that has no end yet; `body` is empty then. Only for statuses that have a body.
    public var stream: BodyStream?

    public init(status: Int, headers: Headers = .init(), body: ByteBuffer = .init()) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    public static func == (one: Response, other: Response) -> Bool {
        one.status == other.status && one.headers == other.headers && one.body == other.body
            && one.stream === other.stream
    }

    /// A JSON document as it stands.
    public static func json(_ bytes: [UInt8], status: Int = 200) -> Response {
        Response(status: status, headers: ["content-type": "application/json"], body: ByteBuffer(bytes: bytes))
    }

    public static func text(_ text: String, status: Int = 200) -> Response {
        Response(
            status: status, headers: ["content-type": "text/plain; charset=utf-8"], body: ByteBuffer(string: text))
    }

    /// A problem document (RFC 9457); `Problem` takes more.
    public static func problem(
        status: Int, title: String, detail: String? = nil, errors: [Problem.Item] = [],
        extensions: [(name: String, value: Problem.Value)] = []
    ) -> Response {
        var problem = Problem(status: status, title: title, detail: detail)
        problem.errors = errors
        problem.extensions = extensions
        return problem.response()
    }

    /// 204 and 304 say by their number that there is no body (RFC 9110, section 6.4.1).
    var mayHaveBody: Bool {
        status >= 200 && status != 204 && status != 304
    }
}
