import NIOCore
import Synchronization

/// The way back for one answer.
///
/// `respond` may be called from any thread, once: later answers are dropped. A responder that is let go without an answer gives
/// 500 by itself, so that no client waits for ever.
public struct Responder: Sendable {
    /// The loop of the connection.
    public let eventLoop: any EventLoop
    private let exchange: Exchange

    /// - Parameter deliver: gets the answer, exactly once, on whatever thread gave it. Handlers can be tested without a server.
    public init(eventLoop: any EventLoop, deliver: @escaping @Sendable (Response) -> Void) {
        self.eventLoop = eventLoop
        exchange = Exchange(deliver: deliver)
    }

    public func respond(_ response: Response) {
        exchange.answer(response)
    }

    private final class Exchange: Sendable {
        private let isAnswered = Atomic(false)
        private let deliver: @Sendable (Response) -> Void

        init(deliver: @escaping @Sendable (Response) -> Void) {
            self.deliver = deliver
        }

        deinit {
            answer(
                .problem(
                    status: 500, title: "Internal error", detail: "The request was taken, but nothing answered it."))
        }

        func answer(_ response: Response) {
            guard !isAnswered.exchange(true, ordering: .acquiringAndReleasing) else {
                response.stream?.end()
                return
            }
            deliver(response)
        }
    }
}
