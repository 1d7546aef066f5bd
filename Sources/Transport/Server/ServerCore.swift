import Logging
import NIOCore
import Synchronization

/// What all connections of a server share.
final class ServerCore: Sendable {
    let configuration: ServerConfiguration
    let handler: any RequestHandler
    let counters = TransportCounters()
    let requestBudget: ByteBudget
    let responseBudget: ByteBudget
    let date = HTTPDate()
    let isShuttingDown = Atomic(false)
    private let streamCount = Atomic(0)

    init(configuration: ServerConfiguration, handler: any RequestHandler) {
        self.configuration = configuration
        self.handler = handler
        requestBudget = ByteBudget(byteCountMax: configuration.requestBytesHeldMax)
        responseBudget = ByteBudget(byteCountMax: configuration.responseBytesHeldMax)
    }

    /// What to do with a request whose head is here: the handler's word, after our own bounds.
    func admit(_ head: RequestHead) -> Verdict {
        counters.add(.requestsReceived)
        guard head.method != "CONNECT" else {
            return .answer(.problem(status: 501, title: "Not implemented", detail: "CONNECT is not served here."))
        }
        switch handler.admit(head) {
        case .refuse(let response): return .answer(response)
        case .collect(let byteCountMax):
            let announced = head.contentLength ?? 0
            if announced > byteCountMax { return .answer(oversized(head, byteCountMax: byteCountMax)) }
            if announced > requestBudget.freeByteCount { return .answer(overloaded()) }
            return .collect(BodyCollector(byteCountMax: byteCountMax, announced: announced, budget: requestBudget))
        }
    }

    /// Gives a whole request to the handler. What its body took of the budget is given back with the answer.
    ///
    /// - Parameter answer: runs on `eventLoop`, whichever thread the handler answers from.
    func handle(
        _ head: RequestHead, _ collector: BodyCollector, on eventLoop: any EventLoop,
        answer: @escaping @Sendable (Response) -> Void
    ) {
        let body = collector.takeBody()
        counters.add(.requestBytesReceived, body.readableBytes)
        let reservation = collector.reservation
        let responder = Responder(eventLoop: eventLoop) { response in
            reservation.release()
            if eventLoop.inEventLoop { answer(response) } else { eventLoop.execute { answer(response) } }
        }
        handler.handle(Request(head: head, body: body), responder)
    }

    enum Verdict {
        case answer(Response)
        case collect(BodyCollector)
    }

    func oversized(_ head: RequestHead, byteCountMax: Int) -> Response {
        counters.add(.oversizedRequests)
        return handler.oversized(head, byteCountMax: byteCountMax)
    }

    func overloaded() -> Response {
        counters.add(.overloadedRequests)
        return Self.retryLater("The server holds as many requests as it may.")
    }

    func headersTooLarge() -> Response {
        counters.add(.headersTooLarge)
        return .problem(
            status: 431, title: "Request header fields too large",
            detail: "At most \(configuration.headerByteCountMax) bytes of headers are accepted.")
    }

    func malformed(_ detail: String) -> Response {
        counters.add(.malformedRequests)
        return .problem(status: 400, title: "Bad request", detail: detail)
    }

    func requestTimedOut() -> Response {
        counters.add(.requestTimeouts)
        return .problem(status: 408, title: "Request timeout", detail: "The request did not arrive whole in time.")
    }

    /// Takes room for an answer until it is sent; without room a small one stands in for it.
    func reserve(_ response: Response) -> (Response, ByteReservation) {
        let reservation = ByteReservation(budget: responseBudget)
        if let stream = response.stream { return (admit(stream) ? response : refusedStream(stream), reservation) }
        guard response.body.readableBytes > 0, !reservation.grow(by: response.body.readableBytes) else {
            return (response, reservation)
        }
        counters.add(.overloadedResponses)
        return (Self.retryLater("Too many answers wait for their readers."), reservation)
    }

    private func admit(_ stream: BodyStream) -> Bool {
        let count = streamCount.wrappingAdd(1, ordering: .relaxed).newValue
        guard count <= configuration.streamedResponsesMax, !isShuttingDown.load(ordering: .relaxed) else {
            streamCount.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        counters.add(.streamsStarted)
        stream.whenOver { [self] in streamCount.wrappingSubtract(1, ordering: .relaxed) }
        return true
    }

    private func refusedStream(_ stream: BodyStream) -> Response {
        counters.add(.streamsRefused)
        stream.end()
        return Self.retryLater("As many streams are open as may be.")
    }

    private static func retryLater(_ detail: String) -> Response {
        var response = Response.problem(status: 503, title: "Service unavailable", detail: detail)
        response.headers.add("retry-after", "1")
        return response
    }
}

/// Tells every connection that the server is about to stop.
struct ServerShutdownEvent {}
