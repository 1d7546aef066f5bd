import CallModel

/// Bounds all messages: `burstMax` at once, and then `perHourMax` an hour. In any time t no more than
/// `burstMax + t × perHourMax` tokens are taken, because none is that is not there.
struct TokenBucket: Sendable, Equatable {
    let burstMax: Double
    let perHourMax: Double
    private(set) var tokens: Double
    private(set) var refilledAt: Instant?

    init(burstMax: Double, perHourMax: Double) {
        self.burstMax = burstMax
        self.perHourMax = perHourMax
        tokens = burstMax
    }

    /// As it was when it was kept.
    init(burstMax: Double, perHourMax: Double, tokens: Double, refilledAt: Instant?) {
        self.init(burstMax: burstMax, perHourMax: perHourMax)
        self.tokens = tokens.isFinite ? min(max(0, tokens), burstMax) : 0
        self.refilledAt = refilledAt
    }

    func holds(_ count: Int, at now: Instant) -> Bool {
        var later = self
        later.refill(at: now)
        return later.tokens >= Double(count)
    }

    /// All or none.
    mutating func take(_ count: Int, at now: Instant) -> Bool {
        refill(at: now)
        guard tokens >= Double(count) else { return false }
        tokens -= Double(count)
        return true
    }

    /// A clock that goes back gives nothing.
    private mutating func refill(at now: Instant) {
        if let refilledAt, now > refilledAt {
            tokens = min(burstMax, tokens + (now - refilledAt).inSeconds / 3_600 * perHourMax)
        }
        refilledAt = max(refilledAt ?? now, now)
    }
}
