import BatchFormat
import CallModel
import Forwarder
import Runtime
import SimulationKit
import Spool
import Transport

/// One host: a program that makes calls, and the agent's spool and forwarder over a disk that fails. The cores are the real ones;
/// what is here stands for the threads and sockets around them.
final class AgentProcess {
    let number: Int
    let name: String
    let disk: SimulatedDisk
    private unowned let world: World
    private(set) var store: SpoolStore<SimulatedDisk>?
    private var core: ForwarderCore
    private var random: SeededGenerator
    private var calls: GeneratedCalls
    /// Counts processes: what was sent or scheduled by an earlier one concerns nobody.
    private(set) var incarnation = 0
    private var answered: Set<Int> = []
    private var alarmAt: Int64 = .max
    private let configuration: ForwarderConfiguration
    let accounts: CallAccounts
    /// How far the host's wall clock is off.
    var clockOffset: Duration = .zero
    private var isPowerLossNext = false
    private(set) var powerLossCount = 0

    init(number: Int, world: World, seed: UInt64) {
        self.number = number
        self.world = world
        name = "agent-\(number)"
        disk = SimulatedDisk(seed: seed &* 31)
        random = SeededGenerator(seed: seed)
        calls = GeneratedCalls(hostNumber: number, seed: seed &* 17)
        accounts = CallAccounts(hostNumber: number)
        configuration = ForwarderConfiguration(
            endpoints: (0..<world.plan.aggregatorCount).map {
                Endpoint(isTLS: false, host: "aggregator-\($0)", port: 7_443)
            })
        core = ForwarderCore(configuration, agentID: name)
    }

    var isRunning: Bool { store != nil }
    var isEmpty: Bool {
        guard let level = store?.level else { return false }
        return level.batchCount == 0 && level.openCallCount == 0
    }

    private var now: Instant { world.wallClock + clockOffset }

    private var spoolConfiguration: SpoolConfiguration {
        var configuration = SpoolConfiguration()
        configuration.byteCountMax = world.plan.spoolByteCountMax
        configuration.batchCallCountMax = world.plan.isTight ? 80 : 12
        configuration.sealAge = .milliseconds(500)
        configuration.asideCountMax = 1_000
        return configuration
    }

    // MARK: The process

    func start() {
        guard store == nil else { return }
        disk.restart()
        core = ForwarderCore(configuration, agentID: name)
        do {
            store = try SpoolStore.open(
                disk, configuration: spoolConfiguration, catalogueVersion: "c1", using: &random, at: now)
        } catch {
            // As the agent: it tries again while the disk refuses.
            world.trace("\(name) cannot open its spool: \(error)")
            if disk.hasEnded { return end() }
            return world.after(.seconds(1)) { [self] in start() }
        }
        world.trace("\(name) started, \(store?.level.batchCount ?? 0) batches waiting")
        turn()
    }

    /// The process ends within one of its next operations on the disk.
    func killSoon(losingPower: Bool) {
        guard isRunning else { return }
        isPowerLossNext = losingPower
        disk.faults[disk.operationCount + Int.random(in: 1...20, using: &random)] = .kill
        // Should it do nothing for long, it ends all the same.
        let incarnation = incarnation
        world.after(.seconds(2)) { [self] in if incarnation == self.incarnation { end() } }
    }

    func failDiskSoon() {
        let number: Int32 = [5, 28, 30].randomElement(using: &random) ?? 5
        disk.faults[disk.operationCount + Int.random(in: 1...30, using: &random)] = .error(number)
    }

    private func end() {
        world.trace("\(name) ended\(isPowerLossNext ? ", power lost" : "")")
        store = nil
        incarnation += 1
        alarmAt = .max
        accounts.processEnded()
        if isPowerLossNext {
            powerLossCount += 1
            disk.losePower()
            accounts.powerLost()
        }
        isPowerLossNext = false
        world.after(.milliseconds(Int.random(in: 10...5_000, using: &random))) { [self] in start() }
    }

    // MARK: Calls come in

    func makeCalls() {
        let made = (0..<Int.random(in: 1...world.plan.callsPerAppendMax, using: &random)).map { _ in
            calls.next(at: now, bodyByteCountMax: world.plan.bodyByteCountMax)
        }
        append(made, attemptsLeft: 4)
    }

    /// As a sender: what was not taken is sent again for a while.
    private func append(_ made: [APICall], attemptsLeft: Int) {
        guard store != nil else {
            return retry(made, attemptsLeft)
        }
        do {
            _ = try store?.append(made, at: now)
            accounts.accepted(made, at: now)
        } catch {
            accounts.refused(made, inDoubt: disk.hasEnded)
            if !disk.hasEnded { retry(made, attemptsLeft) }
        }
        turn()
    }

    private func retry(_ made: [APICall], _ attemptsLeft: Int) {
        guard attemptsLeft > 0 else { return }
        world.after(.milliseconds(Int.random(in: 100...3_000, using: &random))) { [self] in
            append(made, attemptsLeft: attemptsLeft - 1)
        }
    }

    // MARK: The loop

    /// What the spool's thread and the forwarder's loop do after everything that happens.
    func turn() {
        guard !disk.hasEnded else { return end() }
        guard store != nil else { return }
        let failures = disk.failureCount
        store?.tick(at: now)
        guard !disk.hasEnded else { return end() }
        if disk.failureCount == failures, store?.level.failure == nil { accounts.synced(before: now - .seconds(1)) }
        forward()
        guard !disk.hasEnded else { return end() }
        setAlarm()
        world.check(self)
    }

    private func forward() {
        while let batches = store?.pending(after: core.offeredUpTo, limit: 64), !batches.isEmpty {
            core.offered(batches.map(\.sequence))
        }
        for sequence in core.next(at: world.now) { send(sequence) }
        if core.inFlightCount > configuration.inFlightMax { world.violation("\(name) has too many batches under way") }
    }

    private func setAlarm() {
        var due = Int64.max
        if let deadline = store?.nextDeadline { due = world.now + max(1_000_000, (deadline - now).nanoseconds) }
        if let deadline = core.nextDeadline { due = min(due, max(world.now + 1_000_000, deadline)) }
        guard due < alarmAt else { return }
        alarmAt = due
        let incarnation = incarnation
        world.at(due) { [self] in
            guard incarnation == self.incarnation else { return }
            alarmAt = .max
            turn()
        }
    }

    // MARK: Batches go out

    private func send(_ sequence: UInt64) {
        guard let store else { return }
        let bytes: [UInt8]
        do throws(SpoolError) {
            bytes = try self.store?.read(sequence, at: now) ?? []
        } catch {
            return settle(sequence, error.isTransient ? .unread : .damaged)
        }
        let identity = BatchIdentity(agentID: name, spoolID: store.spoolID, sequence: sequence)
        accounts.sent(identity, bytes, floor: store.floor, world)
        let sender = BatchSenderHeaders(identity: identity, floor: store.floor, sentAt: now)
        let (incarnation, request) = (incarnation, world.nextRequest())
        world.post(bytes, sender, from: self, to: core.endpoint) { [self] status in
            guard incarnation == self.incarnation, answered.insert(request).inserted else { return }
            settle(sequence, status.map { .status($0, retryAfter: $0 == 503 ? .seconds(1) : nil) } ?? .failed)
            turn()
        }
        world.after(configuration.requestTimeout) { [self] in
            guard incarnation == self.incarnation, answered.insert(request).inserted else { return }
            settle(sequence, .failed)
            turn()
        }
    }

    private func settle(_ sequence: UInt64, _ answer: ForwarderCore.Answer) {
        guard let spoolID = store?.spoolID else { return }
        let identity = BatchIdentity(agentID: name, spoolID: spoolID, sequence: sequence)
        switch core.answered(sequence, answer, at: world.now, random: random.unit()) {
        case .acknowledge:
            world.acknowledged(identity)
            store?.acknowledge(sequence, at: now)
        case .setAside(let status):
            world.trace("\(name) sets batch \(sequence) aside: \(status)")
            accounts.setAside(identity, status: status, world)
            store?.setAside(sequence, at: now)
        case .keep, .forget: break
        }
    }
}

/// What the headers of a batch's request say.
struct BatchSenderHeaders {
    var identity: BatchIdentity
    var floor: UInt64
    var sentAt: Instant
}
