import CallModel
import NIOCore
import NIOPosix
import Receivers
import Runtime
import Synchronization
import Transport

/// A handler with a sink that says what it is told to and remembers what it was given.
final class HandlerFixture: Sendable {
    struct State {
        var calls: [APICall] = []
        var contexts: [ReceiveContext] = []
        var result: @Sendable (_ callCount: Int) -> SinkResult = {
            .stored(kept: $0, notOurs: 0, suppressed: 0, rejections: [])
        }
    }

    let state: SharedState
    let handler: ReceiverHandler
    let registry = MetricsRegistry()

    final class SharedState: Sendable {
        let locked = Mutex(State())
    }

    init(_ adjust: (inout ReceiverConfiguration) -> Void = { _ in }) throws {
        var configuration = ReceiverConfiguration(hostName: "app-1")
        adjust(&configuration)
        let state = SharedState()
        self.state = state
        handler = try ReceiverHandler(
            configuration: configuration, metrics: ReceiverMetrics(registry: registry), now: { testNow }
        ) { calls, context, completion in
            let result = state.locked.withLock { state in
                state.calls += calls
                state.contexts.append(context)
                return state.result
            }
            completion(result(calls.count))
        }
    }

    var calls: [APICall] { state.locked.withLock { $0.calls } }
    var contexts: [ReceiveContext] { state.locked.withLock { $0.contexts } }

    func answer(with result: @escaping @Sendable (_ callCount: Int) -> SinkResult) {
        state.locked.withLock { $0.result = result }
    }

    /// The value of a metric's line, such as `farwatch_agent_receiver_accepted_calls_total{receiver="otlp"}`.
    func metric(_ series: String) -> Int? {
        let text = String(decoding: registry.exposition(), as: UTF8.self)
        return text.split(separator: "\n").first { $0.hasPrefix(series + " ") }.flatMap {
            Int($0.split(separator: " ").last!)
        }
    }

    func head(
        _ path: String, method: String = "POST", type: String? = nil, headers: [(String, String)] = []
    ) -> RequestHead {
        var fields = Headers()
        if let type { fields.add("content-type", type) }
        for (name, value) in headers { fields.add(name, value) }
        let peer = Peer(address: "127.0.0.1", port: 40_000, isLoopback: true, isTLS: false)
        return RequestHead(method: method, path: path, query: nil, headers: fields, version: .http1_1, peer: peer)
    }

    func get(_ path: String, headers: [(String, String)] = []) async -> Response {
        let request = Request(head: head(path, method: "GET", headers: headers), body: ByteBuffer())
        return await withCheckedContinuation { continuation in
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            handler.handle(request, Responder(eventLoop: loop) { continuation.resume(returning: $0) })
        }
    }

    func post(
        _ path: String, type: String?, _ body: [UInt8], headers: [(String, String)] = []
    ) async -> Response {
        let request = Request(head: head(path, type: type, headers: headers), body: ByteBuffer(bytes: body))
        return await withCheckedContinuation { continuation in
            let loop = MultiThreadedEventLoopGroup.singleton.next()
            handler.handle(request, Responder(eventLoop: loop) { continuation.resume(returning: $0) })
        }
    }
}

extension Response {
    var bytes: [UInt8] { Array(body.readableBytesView) }
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var contentType: String? { headers[first: "content-type"] }
}
