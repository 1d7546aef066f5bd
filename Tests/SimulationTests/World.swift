import BatchFormat
import CallModel
import Postgres
import Rollups
import SimulationKit
import Storage

/// Agents, aggregators, a network and a database, all from one seed, in virtual time.
///
/// A run makes calls and trouble for a minute of virtual time, then repairs everything and waits until the spools are empty. What
/// must hold is checked after every step, and again at the end:
///
/// - a batch of which an aggregator said 200 is in the database, and stays there;
/// - no call is stored twice, no batch entered twice;
/// - every flush counts exactly the calls it stores, and the folded counts are the sum of all of them;
/// - what a host could not keep is counted exactly (stored × weight + shed = seen);
/// - a sealed batch never changes but by shedding, none is sent below the floor;
/// - spool and ingest stay within their bounds, and the spool knows what its files take up;
/// - in the end every accepted call is stored once, none that was refused is, and every payload reads back as its call's.
final class World {
    let seed: UInt64
    let plan: Plan
    let database: SimulatedDatabase
    private var queue = EventQueue<() -> Void>()
    private var network: SimulatedNetwork
    private var random: SeededGenerator
    private(set) var agents: [AgentProcess] = []
    private(set) var aggregators: [AggregatorProcess] = []
    private(set) var violations: [String] = []
    private var requestCount = 0
    private var isTraced: Bool
    private var log: [String] = []
    /// Tells two runs apart.
    private(set) var digest: UInt64 = 0xcbf2_9ce4_8422_2325

    init(seed: UInt64, plan: Plan? = nil, isTraced: Bool = false) {
        self.seed = seed
        self.plan = plan ?? Plan(seed: seed)
        self.isTraced = isTraced
        database = SimulatedDatabase(seed: seed &* 7)
        network = SimulatedNetwork(self.plan.network, seed: seed &* 11)
        random = SeededGenerator(seed: seed)
        database.troublePerMille = self.plan.databaseTroublePerMille
        database.violation = { [unowned self] in violation($0) }
        if self.plan.refusesSomeCalls {
            database.refusesCall = { [unowned self] in isPoison($0.generatedCallNumber) }
        }
        agents = (0..<self.plan.agentCount).map {
            AgentProcess(number: $0, world: self, seed: seed &* 101 &+ UInt64($0))
        }
        aggregators = (0..<self.plan.aggregatorCount).map {
            AggregatorProcess(number: $0, world: self, seed: seed &* 103 &+ UInt64($0))
        }
    }

    // MARK: What the processes use

    var now: Int64 { queue.now }
    var wallClock: Instant { Instant(secondsSinceEpoch: 1_795_000_000) + .nanoseconds(queue.now) }

    func after(_ delay: Duration, _ event: @escaping () -> Void) { queue.schedule(after: delay, event) }
    func at(_ time: Int64, _ event: @escaping () -> Void) { queue.schedule(at: time, event) }

    func nextRequest() -> Int {
        requestCount += 1
        return requestCount
    }

    func isPoison(_ callNumber: Int) -> Bool { plan.refusesSomeCalls && callNumber % 29 == 7 }

    /// Sends a batch; `answer` is called as often as an answer arrives.
    func post(
        _ bytes: [UInt8], _ headers: BatchSenderHeaders, from agent: AgentProcess, to endpoint: Int,
        _ answer: @escaping (Int?) -> Void
    ) {
        let aggregator = aggregators[endpoint]
        let address = 100 + endpoint
        for delay in network.deliveries(from: agent.number, to: address) {
            after(delay) { [self] in
                aggregator.receive(bytes, headers) { [self] status in
                    for delay in network.deliveries(from: address, to: agent.number) { after(delay) { answer(status) } }
                }
            }
        }
    }

    /// The process replies with 200: what it stands for must be stored by now.
    func promised(_ batch: ReceivedBatch) {
        // A late copy of a batch that was set aside since lies below the floor: nobody waits for its answer any more.
        let isAside = agents.contains { $0.accounts.asideBatches.contains(batch.identity) }
        if !isAside, !database.everStored.contains(key(of: batch.identity)) {
            violation("batch \(batch.identity.sequence) was acknowledged and is not stored")
        }
    }

    func acknowledged(_ identity: BatchIdentity) {
        if !database.everStored.contains(key(of: identity)) {
            violation("batch \(identity.sequence) is dropped by its agent and not stored")
        }
    }

    private func key(of identity: BatchIdentity) -> LedgerKey {
        LedgerKey(
            shard: 0, agent: database.names[.agent]?[identity.agentID] ?? 0,
            spool: PostgresUUID(high: identity.spoolID.high, low: identity.spoolID.low),
            sequence: Int64(clamping: identity.sequence))
    }

    func violation(_ text: String) {
        trace("VIOLATION \(text)")
        violations.append("at \(Double(now) / 1e9) s: \(text)")
    }

    func trace(_ text: @autoclosure () -> String) {
        let line = "\(Double(now) / 1e9) \(text())"
        for byte in line.utf8 { digest = (digest ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        if isTraced { print(line) }
    }

    func check(_ agent: AgentProcess) {
        let taken = agent.disk.blockByteCount
        if taken > plan.spoolByteCountMax {
            violation(
                "\(agent.name) takes \(taken) bytes of disk, \(plan.spoolByteCountMax) it may, "
                    + "\(agent.store?.level.diskByteCount ?? 0) it knows of: \(agent.disk.fileNames)")
        }
    }

    /// How often each thing went wrong.
    var incidents: [String: Int] {
        var met = [
            "lost messages": network.lostCount, "doubled messages": network.doubledCount,
            "repeats": aggregators.reduce(0) { $0 + $1.repeatCount },
            "refusals for want of room": aggregators.reduce(0) { $0 + $1.fullCount },
            "batches set aside": agents.reduce(0) { $0 + $1.accounts.asideBatches.count },
            "ends of agents": agents.reduce(0) { $0 + $1.incarnation },
            "losses of power": agents.reduce(0) { $0 + $1.powerLossCount },
            "failures of disks": agents.reduce(0) { $0 + $1.disk.failureCount },
            "ends of aggregators": aggregators.reduce(0) { $0 + $1.incarnation },
            "shed calls": Int(database.shed.values.reduce(0, +)),
            "shed payloads": agents.reduce(0) { $0 + ($1.store?.statistics.shedPayloadCalls ?? 0) },
        ]
        for trouble in SimulatedDatabase.Trouble.allCases { met["\(trouble)"] = database.troubles[trouble] ?? 0 }
        return met
    }

    static let incidentNames = Array(World(seed: 1).incidents.keys).sorted()

    // MARK: A run

    /// Runs to the end; the violations found.
    func run() -> [String] {
        for aggregator in aggregators { aggregator.start() }
        for agent in agents {
            agent.start()
            scheduleCalls(of: agent, left: plan.appendsPerAgent)
        }
        scheduleTrouble()
        let end = Self.nanoseconds(Plan.troubleTime)
        while violations.isEmpty, let next = queue.nextTime, next <= end { queue.next()?() }
        repair()
        let deadline = end + Self.nanoseconds(.seconds(3_600))
        while violations.isEmpty, !isSettled, let next = queue.nextTime, next <= deadline { queue.next()?() }
        if violations.isEmpty { checkEnd() }
        return violations
    }

    private var isSettled: Bool { agents.allSatisfy { $0.isRunning && $0.isEmpty } }

    private func scheduleCalls(of agent: AgentProcess, left: Int) {
        guard left > 0 else { return }
        after(plan.pause * random.unit()) { [self] in
            agent.makeCalls()
            scheduleCalls(of: agent, left: left - 1)
        }
    }

    private func sometime(_ count: Int, _ event: @escaping () -> Void) {
        for _ in 0..<count { after(.seconds(50) * random.unit(), event) }
    }

    private func scheduleTrouble() {
        func anyAgent() -> AgentProcess { agents[Int.random(in: 0..<agents.count, using: &random)] }
        sometime(plan.agentCrashes) { anyAgent().killSoon(losingPower: false) }
        sometime(plan.powerLosses) { anyAgent().killSoon(losingPower: true) }
        sometime(plan.diskErrors) { anyAgent().failDiskSoon() }
        sometime(plan.clockJumps) { [self] in
            anyAgent().clockOffset = .milliseconds(Int.random(in: -4_000_000...4_000_000, using: &random))
        }
        sometime(plan.fullDisks) { [self] in
            let agent = anyAgent()
            agent.disk.isFull = true
            after(.seconds(10) * random.unit()) { agent.disk.isFull = false }
        }
        sometime(plan.aggregatorCrashes) { [self] in
            aggregators[Int.random(in: 0..<aggregators.count, using: &random)].crash()
        }
        sometime(plan.databaseOutages) { [self] in
            database.isDown = true
            after(.seconds(8) * random.unit()) { [self] in
                database.decideUndecided()
                database.isDown = false
            }
        }
        sometime(plan.cuts) { [self] in
            let (agent, aggregator) = (anyAgent().number, 100 + Int.random(in: 0..<aggregators.count, using: &random))
            if !random.oneIn(3) { network.cut(from: agent, to: aggregator) }
            network.cut(from: aggregator, to: agent)
            after(.seconds(15) * random.unit()) { [self] in network.heal() }
        }
        if plan.isTight {
            after(.seconds(4)) { [self] in database.isDown = true }
            after(.seconds(55)) { [self] in database.isDown = false }
        }
        sometime(3) { [self] in database.decideUndecided() }
    }

    private func repair() {
        trace("repaired")
        network.heal()
        network.conditions = SimulatedNetwork.Conditions()
        database.troublePerMille = 0
        database.isDown = false
        database.decideUndecided()
        for agent in agents {
            agent.disk.isFull = false
            agent.disk.faults = [:]
        }
    }

    // MARK: The end

    private func checkEnd() {
        guard isSettled else { return violation("the spools are not empty after an hour of peace") }
        var stored = [[Int: StoredRow]](repeating: [:], count: agents.count)
        for (trace, row) in database.rows { stored[trace.generatedHostNumber][trace.generatedCallNumber] = row }
        for agent in agents { check(agent.accounts, stored[agent.number]) }
        checkCounts()
        checkPayloads()
    }

    private func check(_ accounts: CallAccounts, _ stored: [Int: StoredRow]) {
        var (missing, inDoubt): (Int64, Int64) = (0, 0)
        for (number, fate) in accounts.fates.sorted(by: { $0.key < $1.key }) {
            let isThere = stored[number] != nil || accounts.aside.contains(number)
            let weight = accounts.weights[number] ?? 0
            switch fate {
            case .must where !isThere: missing += weight
            case .may where !isThere: inDoubt += weight
            case .mustNot where isThere:
                violation("call \(number) of host \(accounts.hostNumber) was refused, and is there")
            case .must, .mustNot, .may: break
            }
            if let row = stored[number], Int64(row.weight) != accounts.weights[number] {
                violation("call \(number) of host \(accounts.hostNumber) has another weight")
            }
        }
        // Stored × weight + shed = seen.
        let host = database.names[.host]?["host-\(accounts.hostNumber)"] ?? 0
        let shed = database.shed[host] ?? 0
        if shed < missing {
            violation("host \(accounts.hostNumber) lost calls of weight \(missing), \(shed) were counted")
        }
        if shed > missing + inDoubt {
            violation(
                "host \(accounts.hostNumber) counts \(shed) as shed, \(missing) to \(missing + inDoubt) are missing")
        }
        for number in stored.keys where accounts.fates[number] == nil { violation("call \(number) was never made") }
    }

    /// The folded minutes say what the rows say.
    private func checkCounts() {
        while database.minutes.count == 0 && !database.rollups.isEmpty { database.fold() }
        database.fold(countMax: .max)
        var (stored, weighted): (Int64, Int64) = (0, 0)
        for (key, counts) in database.minutes.segments where key.dimension == RollupSet.routeAndRegion.rawValue {
            for count in counts {
                stored += count.value.stored
                weighted += count.value.weighted
            }
        }
        let rows = database.rows.values
        if stored != Int64(rows.count) { violation("\(rows.count) calls are stored, \(stored) are counted") }
        let seen = rows.reduce(database.shed.values.reduce(0, +)) { $0 + Int64($1.weight) }
        if weighted != seen { violation("the calls stand for \(seen), counted are \(weighted)") }
    }

    private func checkPayloads() {
        var opened: [BlockKey: [CallPayload]] = [:]
        for (trace, row) in database.rows {
            let key = BlockKey(receivedAt: row.receivedAt, shard: row.shard, block: row.block)
            guard let block = database.payloads[key] else {
                if plan.isTight { continue }
                return violation("call \(trace.generatedCallNumber) has no payload")
            }
            if opened[key] == nil {
                opened[key] = try? BatchReader.payloads(ofBlock: block.bytes, callCount: block.callCount)
            }
            guard let payloads = opened[key], Int(row.row) < payloads.count,
                payloads[Int(row.row)].request.url.hasSuffix("/\(trace.generatedCallNumber)")
            else { return violation("call \(trace.generatedCallNumber) has the payload of another") }
        }
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
    }
}
