import NIOCore

extension HTTP1Connection {
    /// Where a connection stands. One request at a time: what a client sends ahead waits in `parts`.
    enum State {
        /// For the next head.
        case waiting
        case collecting(RequestHead, BodyCollector, keepsAlive: Bool)
        /// The handler has it; `number` tells its answer from a late one.
        case handling(number: Int, Manner)
        /// An answer without an end is being written.
        case streaming(BodyStream, Manner)
        /// Answered before the request's end, which is short and near: read past it.
        case skipping
        /// The last answer is being written.
        case finishing
        /// Our side is closed, so that the client reads the answer before it sees the end (RFC 9112, section 9.6).
        case lingering
        case closed
    }

    /// What the request says about the form of its answer.
    struct Manner {
        var isForHead: Bool
        var isHTTP1_0: Bool
        var keepsAlive: Bool
    }

    /// Which clock of the configuration runs.
    enum Patience {
        case head
        case body
        case idle
        case linger
        /// Bounded by the handler, or by the reader of the answer.
        case none
    }

    var patience: Patience {
        switch state {
        case .waiting: requestCount == 0 ? .head : .idle
        case .collecting, .skipping: .body
        case .lingering: .linger
        case .handling, .streaming, .finishing, .closed: .none
        }
    }

    /// Whether the next part of the input can be looked at.
    var takesParts: Bool {
        switch state {
        case .waiting, .collecting, .skipping: true
        case .handling, .streaming, .finishing, .lingering, .closed: false
        }
    }

    /// Whether nothing the peer sends matters any more.
    var isLeaving: Bool {
        switch state {
        case .finishing, .lingering, .closed: true
        case .waiting, .collecting, .handling, .streaming, .skipping: false
        }
    }
}
