import CallModel
import Storage

/// How far one reader of a stream is: which calls he gets next, and under which ids, so that each that matches is sent once, or he is
/// told that it was not.
///
/// A reader who comes back first gets what is stored after his last event, up to a *bound*: where the common reader of the database
/// was when he joined. What comes after the bound is held for him meanwhile. Where that gets too much it is let go and the bound put
/// after it: it is stored, and is read again. Nothing lies between the bound and what is held, and nothing is in both.
struct StreamProgress: Sendable {
    /// A call to be sent.
    struct Due: Sendable {
        var call: StoredCall
        /// Where the reader stands after it.
        var position: ArrivalPosition
        /// The how manyth it is of those that matched since he was last told what he did not get.
        var ordinal: Int
    }

    private enum Phase {
        case catchingUp(to: ArrivalPosition, held: [StoredCall])
        case live(held: [StoredCall])
    }

    /// Calls that are held for a reader who catches up.
    static let heldMax = 2_000

    private(set) var position: ArrivalPosition
    private(set) var sampler: StreamSampler
    private var phase: Phase

    /// One who is given what arrives after this position.
    init(from position: ArrivalPosition, eventsPerSecondMax: Int) {
        self.position = position
        sampler = StreamSampler(eventsPerSecondMax: eventsPerSecondMax)
        phase = .live(held: [])
    }

    /// One who comes back.
    ///
    /// - Parameter oldest: what was received before is not looked at any more; where that matters he is told.
    init(
        after last: StreamCursor, upTo bound: ArrivalPosition, notBefore oldest: Instant, eventsPerSecondMax: Int
    ) {
        position = last.position
        sampler = StreamSampler(eventsPerSecondMax: eventsPerSecondMax)
        sampler.resume(last.leftOut)
        sampler.passOver(last.passedOver)
        if position.since < oldest {
            sampler.wasResumedInPart()
            position.bringUp(to: oldest)
        }
        phase = .catchingUp(to: bound, held: [])
    }

    /// Whether what he gets is complete up to what arrives now.
    var isLive: Bool {
        if case .live = phase { return true }
        return false
    }

    // MARK: Catching up

    /// Up to where the reader has to catch up; nil once he has, from when on he gets what arrives.
    mutating func nextBound() -> ArrivalPosition? {
        guard case .catchingUp(let bound, let held) = phase else { return nil }
        var reached = position
        reached.formUnion(bound)
        guard reached == position else { return bound }
        phase = .live(held: held)
        return nil
    }

    /// Matching calls of the time he was away, in order.
    mutating func resume(_ matching: [StoredCall]) -> [Due] {
        defer { sampler.resume(matching.count) }
        return due(matching)
    }

    /// He asked to go on after something that nobody knows: he gets what arrives, and is told.
    mutating func wasNotResumed() { sampler.wasResumedInPart() }

    /// What was read for him is over: these calls.
    mutating func endPage(_ calls: [ArrivalCursor]) { for call in calls { position.pass(call) } }

    /// What was read for him is over: all as far as this.
    mutating func endPage(at end: ArrivalPosition) { position.formUnion(end) }

    /// The rest of what he would have to catch up with is left out.
    ///
    /// - Parameter haveMatched: whether they would have been sent; else it is not known of each.
    mutating func leaveOut(_ count: Int, haveMatched: Bool, upTo bound: ArrivalPosition) {
        if haveMatched { sampler.resume(count) } else { sampler.passOver(count) }
        sampler.wasResumedInPart()
        position.formUnion(bound)
    }

    // MARK: Rounds

    /// Matching calls of a round, in order: those of them to be sent now. Nil while the reader catches up; else `endRound` follows.
    ///
    /// - Parameter round: what arrived, with where it ends and how many were passed over.
    mutating func arrived(_ matching: [StoredCall], of round: Arrivals, elapsed: Duration) -> [Due]? {
        switch phase {
        case .catchingUp(let bound, var held):
            if round.skippedCount > 0 || held.count + matching.count > Self.heldMax {
                phase = .catchingUp(to: round.position, held: [])
            } else {
                held += matching
                phase = .catchingUp(to: bound, held: held)
            }
            return nil
        case .live(let held):
            phase = .live(held: [])
            // Another aggregator may have shown him some already.
            let all = (held + matching).filter { !position.hasPassed($0.arrival) }
            let due = due(all)
            return sampler.choose(among: all.count, elapsed: elapsed).map { due[$0] }
        }
    }

    /// What was due of a round was handed over, as far as it was taken.
    mutating func endRound(_ round: Arrivals) {
        position.formUnion(round.position)
        sampler.passOver(round.skippedCount)
    }

    private func due(_ calls: [StoredCall]) -> [Due] {
        var position = position
        return calls.enumerated().map { index, call in
            position.pass(call.arrival)
            return Due(call: call, position: position, ordinal: sampler.matched + index + 1)
        }
    }

    // MARK: What is told

    /// The id of a call that is sent next.
    func id(of due: Due) -> StreamCursor {
        StreamCursor(
            due.position, leftOut: max(0, due.ordinal - sampler.sent - 1), passedOver: sampler.passedOver)
    }

    mutating func wasSent() { sampler.wasSent() }

    mutating func wasTold() { sampler.wasTold() }

    /// Where he stands between rounds.
    var id: StreamCursor {
        StreamCursor(position, leftOut: max(0, sampler.matched - sampler.sent), passedOver: sampler.passedOver)
    }
}
