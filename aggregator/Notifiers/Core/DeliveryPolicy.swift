import CallModel

/// Decides when a message is tried again, when another channel stands in, and when it is given up.
///
/// Pure: what the outbox knows of a message and what the receiver said go in. Waits grow exponentially from
/// `backoffMin` to `backoffMax`, each of them shortened by chance by up to half, so that messages that failed together
/// do not come back together. A receiver's own `Retry-After` is kept to, up to `retryAfterMax`.
public struct DeliveryPolicy: Sendable {
    public struct Configuration: Sendable, Equatable {
        public var backoffMin: Duration = .seconds(2)
        public var backoffMax: Duration = .seconds(300)
        public var retryAfterMax: Duration = .seconds(3_600)
        /// How long a channel fails before the next one stands in. Long enough for a receiver's restart; people wait
        /// for it.
        public var standInAfter: Duration = .seconds(120)
        /// From when a message was written. News of yesterday is given up: it is in the incident's history.
        public var giveUpAfter: Duration = .seconds(86_400)

        public init() {}
    }

    public enum Verdict: Sendable, Equatable {
        case retry(after: Duration)
        case giveUp
    }

    public let configuration: Configuration

    public init(_ configuration: Configuration = Configuration()) { self.configuration = configuration }

    /// Whether another channel is to tell it now.
    ///
    /// - Parameter failingSince: when the channel's present row of failures began, this one included.
    public func wantsStandIn(
        _ failure: DeliveryFailure, writtenAt: Instant, failingSince: Instant?, at now: Instant
    ) -> Bool {
        switch failure.kind {
        case .setting, .refused: true
        case .temporary: now - min(failingSince ?? now, writtenAt) >= configuration.standInAfter
        }
    }

    /// What becomes of a message that nobody took.
    ///
    /// - Parameters:
    ///   - attempts: those made, this one included.
    ///   - standIn: why the channel that stood in did not take it either; nil where none did.
    ///   - random: 0..<1.
    public func verdict(
        _ failure: DeliveryFailure, standIn: DeliveryFailure? = nil, attempts: Int, writtenAt: Instant, at now: Instant,
        random: Double
    ) -> Verdict {
        if failure.kind == .refused, standIn == nil || standIn?.kind == .refused { return .giveUp }
        let doublings = min(max(0, attempts - 1), 20)
        let full = min(configuration.backoffMin * (1 << doublings), configuration.backoffMax)
        var wait = full * (1 - random / 2)
        if case .temporary(let retryAfter?) = failure.kind {
            wait = max(wait, min(retryAfter, configuration.retryAfterMax))
        }
        let left = writtenAt + configuration.giveUpAfter - now
        return left > .zero ? .retry(after: min(wait, left)) : .giveUp
    }
}
