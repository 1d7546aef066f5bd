import Documents
import Transport

/// An answer that takes seconds, as server-sent events: how far it is, then the document, or the problem that stood in its place.
struct ProgressStream: Sendable {
    /// The largest document that is sent this way; ours are some hundred kilobytes.
    private static let byteCountMax = 16 << 20
    private let stream = BodyStream(waitingByteCountMax: byteCountMax)

    var response: Response {
        var response = Response(
            status: 200,
            headers: ["content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"])
        response.stream = stream
        return response
    }

    func tell(_ population: String, _ read: Int, _ count: Int) {
        var writer = JSONWriter()
        writer.object {
            $0.member("population", population)
            $0.member("read", read)
            $0.member("of", count)
        }
        // Whoever does not listen misses a step of it.
        _ = stream.offer(ServerSentEvent.bytes(event: "progress", id: nil, data: writer.bytes))
    }

    func finish(_ result: Result<[UInt8], any Error>) {
        switch result {
        case .success(let document):
            _ = stream.offer(ServerSentEvent.bytes(event: "result", id: nil, data: document))
        case .failure(let error):
            let problem =
                error as? APIProblem
                ?? APIProblem(
                    status: 503, title: error is QueryTookTooLong ? "Took too long" : "Not available",
                    detail: error is QueryTookTooLong
                        ? "as many calls match that reading them takes too long" : "the database does not answer")
            _ = stream.offer(
                ServerSentEvent.bytes(event: "problem", id: nil, data: Array(buffer: problem.response.body)))
        }
        stream.finish()
    }
}
