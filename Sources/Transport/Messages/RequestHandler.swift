import NIOCore

/// What becomes of a request once its head is known.
public enum Admission: Sendable {
    /// Collect its body, at most so many bytes, then `handle` it.
    case collect(byteCountMax: Int)
    /// Answer at once; the body is not wanted.
    case refuse(Response)
}

/// The seam between the server and what is served. Called on the connection's event loop: must not block.
public protocol RequestHandler: Sendable {
    /// The head has arrived: decide by path, method and credentials, before a byte of the body is kept.
    func admit(_ head: RequestHead) -> Admission

    /// The request is complete. Answer by `responder`, now or later.
    func handle(_ request: Request, _ responder: Responder)

    /// The answer to a body beyond what `admit` allowed.
    func oversized(_ head: RequestHead, byteCountMax: Int) -> Response
}

extension RequestHandler {
    public func oversized(_ head: RequestHead, byteCountMax: Int) -> Response {
        .problem(
            status: 413, title: "Content too large", detail: "At most \(byteCountMax) bytes are accepted here.",
            extensions: [("max_bytes", .integer(byteCountMax))])
    }
}
