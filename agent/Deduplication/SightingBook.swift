import CallModel

/// One call seen by several witnesses is one call.
///
/// An instrumented application reports its calls, and packets or probes see the same ones on the wire. The book remembers for a minute
/// what was seen, and joins each new sighting with at most one earlier one of another witness:
///
/// - by the span that `traceparent` carries on the wire and the SDK reports: this is certain;
/// - else by likeness (direction, origin, method, path, status; host alone where nothing was answered) and time, the nearest first.
///   Where an SDK is known to send `traceparent` to a partner, its calls are found by that or not at all.
///
/// A report is stored before its sender is answered, so it is never held back. What was seen on the wire is, for some seconds, if
/// a better witness told of calls with the same partner lately: then the report comes, takes the wire's content along, and the
/// wire's own call goes. Where the first was let go or stored already the second is a repeat. So each is counted once in any order; only
/// what a call contains depends on the order.
///
/// Time is handed in. Everything is bounded; what a bound costs is counted.
public struct SightingBook {
    public enum Verdict: Equatable, Sendable {
        /// Pass it on, completed by what other witnesses saw.
        case pass(APICall)
        /// It comes out of `due` later, or goes into another.
        case held
        /// It has been passed on already.
        case repeated
    }

    public private(set) var counters = Counters()
    public var heldCount: Int { held.count }

    private struct Held {
        var call: APICall
        var byteCount: Int
        var dueAt: Instant
    }

    private let configuration: Configuration
    private var memory = SightingMemory()
    private var held: [UInt64: Held] = [:]
    private var heldOrder = IDQueue()
    private var heldByteCount = 0
    /// When a witness last told of a partner's call, by partner.
    private var lately: [String: [Instant?]] = [:]
    /// When a service's span was last found on the wire, by partner and service.
    private var propagating: [UInt64: Instant] = [:]
    private var reportedIDs: SeenIDs
    private var repeatedIDs: SeenIDs

    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        var ids = SeenIDs.Configuration()
        ids.countMax = 65_536
        reportedIDs = SeenIDs(ids)
        repeatedIDs = SeenIDs(ids)
    }

    // MARK: Verbs

    /// A call was seen. Named and redacted already: what is joined was treated alike.
    public mutating func saw(_ call: APICall, by witness: Witness, at now: Instant) -> Verdict {
        forget(at: now)
        if let id = call.id.map(suppliedIDHash) {
            // Sent again: what became of the first becomes of this one; the spool knows those it has.
            let isNew = reportedIDs.insert(id, at: now)
            guard isNew else { return repeatedIDs.contains(id, at: now) ? .repeated : .pass(call) }
        }
        counters.sightings += 1
        let sighting = Sighting(call, by: witness)
        noteHabit(of: witness, call.partner, at: now)
        guard let match = match(sighting, at: now) else { return passOrHold(call, sighting, at: now) }
        let verdict = join(call, sighting, match)
        if verdict == .repeated, let id = call.id { _ = repeatedIDs.insert(suppliedIDHash(id), at: now) }
        return verdict
    }

    /// Whether a call that was seen goes on as it is, because nobody else told of it and nobody is expected to: then it is remembered,
    /// as `saw` would. If not nothing has changed, and `saw` has to be told of the whole call.
    public mutating func sawAlone(_ row: RowSighting, at now: Instant) -> Bool {
        guard !row.hasID, row.sighting.span == nil else { return false }
        forget(at: now)
        let witness = row.sighting.witness
        guard !memory.holdsOther(than: witness, likeness: row.sighting.likeness),
            !expectsBetter(than: witness, row.partner, at: now)
        else { return false }
        counters.sightings += 1
        noteHabit(of: witness, row.partner, at: now)
        _ = remember(row.sighting, at: now)
        return true
    }

    /// Calls whose wait is over.
    public mutating func due(at now: Instant) -> [APICall] {
        var calls: [APICall] = []
        while let id = heldOrder.first {
            guard let waiting = held[id] else {
                heldOrder.removeFirst()
                continue
            }
            let isOver = waiting.dueAt <= now
            let isTooMuch = held.count > configuration.heldCallsMax || heldByteCount > configuration.heldBytesMax
            guard isOver || isTooMuch else { break }
            if isOver { counters.unreported += 1 } else { counters.heldEvictions += 1 }
            heldOrder.removeFirst()
            if let call = takeHeld(id) { calls.append(call) }
        }
        return calls
    }

    /// Everything that is held back, as when the agent stops.
    public mutating func finish() -> [APICall] {
        due(at: Instant(nanosecondsSinceEpoch: .max))
    }

    // MARK: Joining

    private struct Match {
        var id: UInt64
        var isCertain: Bool
        var isAmbiguous = false
    }

    private mutating func join(_ call: APICall, _ sighting: Sighting, _ match: Match) -> Verdict {
        if match.isCertain { counters.joinedBySpan += 1 } else { counters.joinedByLikeness += 1 }
        if match.isAmbiguous { counters.ambiguous += 1 }
        let earlier = memory[match.id]?.sighting.witness ?? sighting.witness
        memory.note(sighting.witness, of: match.id)
        guard let waiting = held[match.id]?.call else {
            counters.repeats += 1
            return .repeated
        }
        // Several were alike: which of them it is nobody knows, and another's content would be a lie.
        if !match.isAmbiguous { counters.completed += 1 }
        if sighting.witness > earlier {
            _ = takeHeld(match.id)
            return .pass(match.isAmbiguous ? call.weighed(with: waiting) : call.completed(by: waiting))
        }
        held[match.id]?.call = match.isAmbiguous ? waiting.weighed(with: call) : waiting.completed(by: call)
        return .repeated
    }

    private mutating func passOrHold(_ call: APICall, _ sighting: Sighting, at now: Instant) -> Verdict {
        let id = remember(sighting, at: now)
        guard expectsBetter(than: sighting.witness, call.partner, at: now) else { return .pass(call) }
        let byteCount = call.contentByteCount
        held[id] = Held(call: call, byteCount: byteCount, dueAt: now + configuration.wait)
        heldByteCount += byteCount
        heldOrder.append(id)
        counters.held += 1
        return .held
    }

    private mutating func takeHeld(_ id: UInt64) -> APICall? {
        guard let taken = held.removeValue(forKey: id) else { return nil }
        heldByteCount -= taken.byteCount
        return taken.call
    }

    // MARK: Finding

    private mutating func match(_ sighting: Sighting, at now: Instant) -> Match? {
        if let span = sighting.span, let id = nearest(of: span, to: sighting) {
            noteSpan(sighting, id, at: now)
            return Match(id: id, isCertain: true)
        }
        return likest(sighting, at: now)
    }

    /// Of those with the same span: several, where one call was tried several times. Of equally near ones the oldest.
    private func nearest(of span: SpanID, to sighting: Sighting) -> UInt64? {
        var best: (id: UInt64, rank: Int64)?
        var compared = 0
        memory.forEach(of: span) { id, entry in
            compared += 1
            guard entry.witnesses & sighting.witness.bit == 0 else { return compared < configuration.comparedMax }
            // Of attempts the one with the same end first: the reported status is the last one's.
            let isAlike = entry.sighting.likeness == sighting.likeness
            let apart = abs(
                (entry.sighting.endedNs ?? entry.sighting.beganNs) &- (sighting.endedNs ?? sighting.beganNs))
            let rank = isAlike ? apart : Int64.max / 2 &+ apart / 2
            if best.map({ rank <= $0.rank }) ?? true { best = (id, rank) }
            return compared < configuration.comparedMax
        }
        return best?.id
    }

    /// By likeness: slots of time from the nearest to the farthest, and one more after the first find, to see whether it was the only one.
    private func likest(_ sighting: Sighting, at now: Instant) -> Match? {
        guard memory.holdsOther(than: sighting.witness, likeness: sighting.likeness) else { return nil }
        let home = SightingMemory.slot(ofNs: sighting.beganNs)
        let reach = (configuration.leadMax + configuration.coarseTolerance).nanoseconds / SightingMemory.slotNs + 1
        var best: (id: UInt64, distance: Int64)?
        var (foundCount, compared, last) = (0, 0, reach)
        var step: Int64 = 0
        while step <= last, compared < configuration.comparedMax {
            for slot in step == 0 ? [home] : [home - step, home + step] {
                // Of equally near ones the oldest.
                var bestOfSlot: (id: UInt64, distance: Int64)?
                memory.forEach(likeness: sighting.likeness, slot: slot) { id, entry in
                    compared += 1
                    if entry.witnesses & sighting.witness.bit == 0, mayBeOne(entry.sighting, sighting, at: now),
                        let distance = Sighting.distance(entry.sighting, sighting, configuration)
                    {
                        foundCount += 1
                        if bestOfSlot.map({ distance <= $0.distance }) ?? true { bestOfSlot = (id, distance) }
                    }
                    return compared < configuration.comparedMax
                }
                guard let found = bestOfSlot else { continue }
                if best == nil { last = min(reach, step + 1) }
                if best.map({ found.distance < $0.distance }) ?? true { best = found }
            }
            step += 1
        }
        return best.map { Match(id: $0.id, isCertain: false, isAmbiguous: foundCount > 1) }
    }

    /// Two spans are two calls; and who sends its span along is found by that alone, unless no request was sent.
    private func mayBeOne(_ one: Sighting, _ other: Sighting, at now: Instant) -> Bool {
        if let one = one.span, let other = other.span { return one == other }
        let (better, lesser) = one.witness > other.witness ? (one, other) : (other, one)
        guard better.span != nil, lesser.request != nil, let last = propagating[better.group] else { return true }
        return now - last > configuration.habit
    }

    // MARK: Habits

    private mutating func noteHabit(of witness: Witness, _ partner: String?, at now: Instant) {
        // Nobody waits for packets.
        guard witness > .packets, let partner else { return }
        if lately[partner] == nil, lately.count >= configuration.habitsMax {
            lately = lately.filter { $0.value.contains { $0.map { now - $0 <= configuration.wait } ?? false } }
            guard lately.count < configuration.habitsMax else { return }
        }
        lately[partner, default: [nil, nil, nil]][Int(witness.rawValue)] = now
    }

    private func expectsBetter(than witness: Witness, _ partner: String?, at now: Instant) -> Bool {
        guard witness < .report, let partner, let known = lately[partner] else { return false }
        return known[(Int(witness.rawValue) + 1)...].contains { $0.map { now - $0 <= configuration.habit } ?? false }
    }

    private mutating func noteSpan(_ sighting: Sighting, _ id: UInt64, at now: Instant) {
        let report = sighting.witness == .report ? sighting : memory[id]?.sighting
        guard let report, report.witness == .report else { return }
        if propagating[report.group] == nil, propagating.count >= configuration.habitsMax { propagating = [:] }
        propagating[report.group] = now
    }

    // MARK: Memory

    private mutating func remember(_ sighting: Sighting, at now: Instant) -> UInt64 {
        if memory.count >= configuration.sightingsMax {
            counters.sightingEvictions += 1
            memory.forgetFirst()
        }
        return memory.remember(sighting, until: now + configuration.memory)
    }

    private mutating func forget(at now: Instant) {
        while let first = memory.first, first.forgetAt <= now { memory.forgetFirst() }
    }
}
