import CallModel

/// One channel's deliveries: how many at once, how close together, and whether the channel works.
///
/// Each channel has a lane of its own, so that a slow receiver holds up nobody else's messages.
public struct DeliveryLane: Sendable {
    public enum Change: Sendable, Equatable {
        case startedFailing(String)
        case recovered(after: Duration)
    }

    /// Deliveries at once.
    public private(set) var concurrency: Int
    /// Between the end of one and the beginning of the next.
    public private(set) var spacing: Duration
    /// A receiver's `Retry-After` holds up the whole lane, up to this.
    public let pauseMax: Duration
    public private(set) var underWayCount = 0
    /// When the present row of failures began; nil while it works.
    public private(set) var failingSince: Instant?
    public private(set) var lastError: String?
    private var pausedUntil: Instant?
    private var isRenewing = false

    public init(concurrency: Int, spacing: Duration = .zero, pauseMax: Duration = .seconds(300)) {
        self.concurrency = concurrency
        self.spacing = spacing
        self.pauseMax = pauseMax
    }

    /// Its channel is another one from now on; what is under way ends as it began.
    public mutating func changed(concurrency: Int, spacing: Duration) {
        (self.concurrency, self.spacing) = (concurrency, spacing)
    }

    /// How many deliveries may begin now.
    public func freeSlots(at now: Instant) -> Int {
        if isRenewing { return 0 }
        if let pausedUntil, now < pausedUntil { return 0 }
        return max(0, concurrency - underWayCount)
    }

    /// What is open is said again while nothing else is under way: else it could undo what was told meanwhile. False: not
    /// now.
    public mutating func beganRenewal() -> Bool {
        guard underWayCount == 0, !isRenewing else { return false }
        isRenewing = true
        return true
    }

    public mutating func endedRenewal() { isRenewing = false }

    public mutating func began(_ count: Int = 1) { underWayCount += count }

    /// Returns what is worth a line in the log.
    public mutating func ended(_ delivery: Delivery, at now: Instant) -> Change? {
        underWayCount -= 1
        precondition(underWayCount >= 0, "more deliveries ended than began")
        if spacing > .zero { pause(until: now + spacing) }
        switch delivery {
        case .delivered:
            lastError = nil
            defer { failingSince = nil }
            return failingSince.map { .recovered(after: now - $0) }
        case .failed(let failure):
            if case .temporary(let wait?) = failure.kind { pause(until: now + min(wait, pauseMax)) }
            lastError = failure.text
            // A message that is refused for its own sake says nothing about the channel.
            guard failure.kind != .refused, failingSince == nil else { return nil }
            failingSince = now
            return .startedFailing(failure.text)
        }
    }

    private mutating func pause(until time: Instant) { pausedUntil = max(pausedUntil ?? time, time) }
}
