import CallModel
import SimulationKit
import Storage
import Testing

@testable import QueryAPI

/// Readers of a stream who come and go: each call that matched is sent once, or told as left out, whenever they come back.
struct StreamProgressTests {
    /// What is stored: calls of several writers, of which the later number may be committed with the earlier time.
    private struct Store {
        var calls: [StoredCall] = []
        var blocks: [Int64: Int64] = [:]
        var now: Int64 = 1_000_000_000_000

        /// One flush of a writer, received a little before now.
        mutating func store(_ count: Int, writer: Int64, late: Int64) {
            let block = writer << 32 | (blocks[writer] ?? 0)
            blocks[writer, default: 0] += 1
            now += 10_000
            // A writer's own times do not go back.
            let last = calls.last { $0.arrival.block >> 32 == writer }?.arrival.receivedAtMicroseconds ?? 0
            let received = max(last, now - late)
            for row in 0..<count {
                var call = APICall(
                    time: .epoch, direction: .outbound, request: .init(method: "GET", url: ""), source: .json)
                call.receivedAt = Instant(microsecondsSinceEpoch: received)
                calls.append(
                    StoredCall(
                        id: "\(calls.count)", call: call,
                        cursor: CallCursor(timeMicroseconds: 0, block: block, row: Int16(row))))
            }
        }

        /// As `CallStore` reads them.
        private func sorted(_ isWanted: (ArrivalCursor) -> Bool) -> [StoredCall] {
            calls.filter { isWanted($0.arrival) }.sorted {
                let (one, other) = ($0.arrival, $1.arrival)
                return (one.receivedAtMicroseconds, one.block, one.row)
                    < (other.receivedAtMicroseconds, other.block, other.row)
            }
        }

        func round(after position: ArrivalPosition, max: Int) -> Arrivals {
            let all = sorted { !position.hasPassed($0) }
            var end = position
            for call in all { end.pass(call.arrival) }
            return Arrivals(calls: Array(all.prefix(max)), skippedCount: Swift.max(0, all.count - max), position: end)
        }

        func page(after position: ArrivalPosition, upTo bound: ArrivalPosition, max: Int) -> [StoredCall] {
            Array(sorted { !position.hasPassed($0) && bound.hasPassed($0) }.prefix(max))
        }

        var end: ArrivalPosition {
            var position = ArrivalPosition(since: Instant(microsecondsSinceEpoch: now) - ArrivalPosition.lateMax)
            for call in calls { position.pass(call.arrival) }
            return position
        }
    }

    /// What one person has got over all connections, and the id of the last event.
    private struct Person {
        var got: [String: Int] = [:]
        var leftOut = 0
        var unseen = 0
        var id: StreamCursor?

        mutating func take(_ call: StoredCall, _ id: StreamCursor) {
            got[call.id, default: 0] += 1
            self.id = id
        }

        mutating func hear(_ progress: inout StreamProgress) {
            if let report = progress.sampler.report {
                leftOut += report.matched - report.sent
                unseen += report.passedOver
                id = StreamCursor(progress.position)
            }
            progress.wasTold()
        }
    }

    /// Rounds, catching up, flushes of three writers and lost connections in any order; told by the seed.
    private func run(seed: UInt64, perSecond: Int, roundMax: Int, pageMax: Int) -> (Store, Person) {
        var random = SeededGenerator(seed: seed)
        func chance(_ part: Int) -> Bool { Int.random(in: 0..<100, using: &random) < part }
        var store = Store()
        store.store(3, writer: 1, late: 0)
        var reached = store.end
        var person = Person()
        var progress = StreamProgress(from: reached, eventsPerSecondMax: perSecond)
        person.id = progress.id
        let before = store.calls.count
        func flush() {
            let writer = Int64.random(in: 1...3, using: &random)
            store.store(Int.random(in: 1...20, using: &random), writer: writer, late: chance(30) ? 200_000 : 0)
        }
        /// False where the connection is lost meanwhile.
        func hand(_ due: [StreamProgress.Due], lossy: Bool) -> Bool {
            for each in due {
                if lossy, chance(3) { return false }
                // A slow reader takes not all.
                if lossy, chance(5) { continue }
                let id = progress.id(of: each)
                progress.wasSent()
                person.take(each.call, id)
            }
            return true
        }
        func connect() {
            reached = store.end
            progress = StreamProgress(
                after: StreamCursor(text: person.id!.text)!, upTo: reached, notBefore: .epoch,
                eventsPerSecondMax: perSecond)
            if chance(50) { person.hear(&progress) }
        }
        func step(lossy: Bool) {
            if chance(60) { flush() }
            if !progress.isLive, chance(50) {
                guard let bound = progress.nextBound() else { return }
                let page = store.page(after: progress.position, upTo: bound, max: pageMax)
                if chance(50) { flush() }  // Exactly between what is read again and what arrives.
                guard hand(progress.resume(page), lossy: lossy) else { return connect() }
                progress.endPage(page.map(\.arrival))
                if page.count < pageMax { progress.endPage(at: bound) }
                return
            }
            let round = store.round(after: reached, max: roundMax)
            reached = round.position
            guard let due = progress.arrived(round.calls, of: round, elapsed: .milliseconds(500)) else { return }
            guard hand(due, lossy: lossy) else { return connect() }
            progress.endRound(round)
            // There may be no room to tell.
            if !lossy || chance(70) { person.hear(&progress) }
            if lossy, chance(10) { connect() }
        }
        for _ in 0..<160 { step(lossy: true) }
        for _ in 0..<60 { step(lossy: false) }
        while true {
            if let bound = progress.nextBound() {
                let rest = store.page(after: progress.position, upTo: bound, max: .max)
                progress.leaveOut(rest.count, haveMatched: true, upTo: bound)
                _ = progress.nextBound()
            }
            let round = store.round(after: reached, max: roundMax)
            reached = round.position
            guard let due = progress.arrived(round.calls, of: round, elapsed: .seconds(1)) else { continue }
            _ = hand(due, lossy: false)
            progress.endRound(round)
            person.hear(&progress)
            break
        }
        store.calls.removeFirst(before)
        return (store, person)
    }

    @Test(arguments: 1...18)
    func `every call is sent once, or told as left out, however often a reader comes back`(seed: Int) {
        // Seeds of each kind: all fits; sampled; more arrives than is looked at.
        let kind = seed % 3
        let (store, person) = run(
            seed: UInt64(seed), perSecond: kind == 0 ? 1_000_000 : 20, roundMax: kind == 2 ? 25 : 1_000_000,
            pageMax: seed % 2 == 0 ? 15 : 1_000)
        #expect(person.got.values.allSatisfy { $0 == 1 }, "seed \(seed): something was sent twice")
        #expect(
            person.got.count + person.leftOut + person.unseen == store.calls.count,
            "seed \(seed): \(person.got.count) sent, \(person.leftOut) left out, \(person.unseen) unseen")
        #expect(!person.got.isEmpty)
    }

    @Test func `what is stored while a reader catches up comes after it, once`() {
        var store = Store()
        store.store(2, writer: 1, late: 0)
        let last = StreamCursor(store.end)
        store.store(3, writer: 1, late: 0)
        let bound = store.end
        var progress = StreamProgress(after: last, upTo: bound, notBefore: .epoch, eventsPerSecondMax: 100)
        let page = store.page(after: progress.position, upTo: progress.nextBound()!, max: 10)
        store.store(4, writer: 1, late: 0)
        let round = store.round(after: bound, max: 10)
        let whileCatchingUp = progress.arrived(round.calls, of: round, elapsed: .seconds(1))
        #expect(whileCatchingUp == nil)
        let again = progress.resume(page).map(\.call.id)
        progress.endPage(at: bound)
        let isOver = progress.nextBound() == nil
        store.store(1, writer: 2, late: 100_000)
        let next = store.round(after: round.position, max: 10)
        let live = progress.arrived(next.calls, of: next, elapsed: .seconds(1))?.map(\.call.id)
        #expect(isOver && again == ["2", "3", "4"] && live == ["5", "6", "7", "8", "9"])
    }

    @Test func `what is too old to be looked at is told`() {
        let last = StreamCursor(ArrivalPosition(since: Instant(secondsSinceEpoch: 100)), leftOut: 2)
        let progress = StreamProgress(
            after: last, upTo: ArrivalPosition(since: Instant(secondsSinceEpoch: 900)),
            notBefore: Instant(secondsSinceEpoch: 500), eventsPerSecondMax: 100)
        #expect(
            progress.sampler.report
                == StreamSampler.Report(matched: 2, sent: 0, passedOver: 0, isResumedInPart: true))
        #expect(progress.position.since == Instant(secondsSinceEpoch: 500))
    }
}
