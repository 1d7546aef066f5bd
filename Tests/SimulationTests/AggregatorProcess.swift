import BatchFormat
import CallModel
import Ingest
import Postgres
import Rollups
import SimulationKit
import Storage

/// One aggregator: ingest's core and the committer over the simulated database, and what the housekeeping does.
final class AggregatorProcess {
    typealias Answer = @Sendable (Int) -> Void

    let number: Int
    private unowned let world: World
    private var core: IngestCore<Int>?
    private var committer: BatchCommitter?
    private var waiters: [Int: (Int?) -> Void] = [:]
    private var floors: [LedgerKey: Int64] = [:]
    private(set) var incarnation = 0
    private(set) var repeatCount = 0
    private(set) var fullCount = 0
    private var random: SeededGenerator
    private let configuration: IngestConfiguration
    private var largestFootprint = 0

    init(number: Int, world: World, seed: UInt64) {
        self.number = number
        self.world = world
        random = SeededGenerator(seed: seed)
        var configuration = IngestConfiguration()
        configuration.waitingByteCountMax = world.plan.ingestByteCountMax
        configuration.flushBatchCountMax = 4
        self.configuration = configuration
    }

    func start() {
        guard core == nil else { return }
        core = IngestCore(configuration)
        committer = BatchCommitter(name: "aggregator-\(number)")
        world.trace("aggregator-\(number) started")
        keepHouse()
    }

    func crash() {
        guard core != nil else { return }
        world.trace("aggregator-\(number) ended")
        core = nil
        committer = nil
        // Connections go with the process: some of its senders notice.
        let gone = waiters
        waiters = [:]
        floors = [:]
        incarnation += 1
        for waiter in gone.keys.sorted() where Bool.random(using: &random) { gone[waiter]?(nil) }
        world.after(.milliseconds(Int.random(in: 100...6_000, using: &random))) { [self] in start() }
    }

    // MARK: Batches

    /// - Parameter answer: called with the status, or with nil when the connection breaks.
    func receive(_ bytes: [UInt8], _ headers: BatchSenderHeaders, _ answer: @escaping (Int?) -> Void) {
        guard core != nil else { return answer(nil) }
        let batch: ReceivedBatch
        do {
            batch = try receivedBatch(
                bytes,
                from: BatchSender(identity: headers.identity, floor: headers.floor, sentAt: headers.sentAt),
                at: world.wallClock, limits: configuration.batchLimits)
        } catch {
            return answer(error.status)
        }
        largestFootprint = max(largestFootprint, batch.footprint)
        let waiter = world.nextRequest()
        waiters[waiter] = answer
        switch core!.batchArrived(batch, waiter) {
        case .queued: break
        case .flushAfter(let linger): later(linger) { $0.flush() }
        case .full:
            fullCount += 1
            waiters.removeValue(forKey: waiter)?(503)
        }
        if core!.waitingByteCount > max(configuration.waitingByteCountMax, largestFootprint) {
            world.violation("aggregator-\(number) lets more wait than it may")
        }
    }

    private func flush() {
        guard let batches = core?.flushDue() else { return }
        for batch in batches { note(floor: batch) }
        later(commitTime()) { process in
            let dispositions = try? process.committer?.commit(
                batches, at: process.world.wallClock, process.world.database, report: { _ in })
            process.world.trace("aggregator-\(process.number) flushed \(batches.count): \(dispositions ?? [])")
            process.later(process.commitTime()) { $0.flushEnded(dispositions) }
        }
    }

    private func flushEnded(_ dispositions: [BatchDisposition]?) {
        guard let (answers, flushNow) = core?.flushEnded(dispositions) else { return }
        for answered in answers {
            if answered.answer == .seenBefore { repeatCount += 1 }
            if answered.answer.status == 200 { world.promised(answered.batch) }
            waiters.removeValue(forKey: answered.waiter)?(answered.answer.status)
        }
        if flushNow { flush() }
    }

    private func commitTime() -> Duration { world.plan.commitTimeMax * random.unit() / 2 }

    private func later(_ delay: Duration, _ body: @escaping (AggregatorProcess) -> Void) {
        let incarnation = incarnation
        world.after(delay) { [self] in if incarnation == self.incarnation { body(self) } }
    }

    // MARK: Chores

    private func note(floor batch: ReceivedBatch) {
        let spool = LedgerKey(
            shard: 0, agent: world.database.id(ofAgent: batch.identity.agentID),
            spool: PostgresUUID(high: batch.identity.spoolID.high, low: batch.identity.spoolID.low), sequence: 0)
        guard spool.agent != 0 else { return }
        floors[spool] = max(floors[spool] ?? 0, Int64(clamping: batch.floor))
    }

    private func keepHouse() {
        if !world.database.isDown {
            world.database.fold()
            world.database.forget(floors, at: world.wallClock.microsecondsSinceEpoch)
            floors = [:]
        }
        later(.seconds(5)) { $0.keepHouse() }
    }
}
