import Alerting
import CallModel
import Logging
import NIOCore
import Notifiers
import Postgres
import Runtime
import Storage
import Synchronization

/// Delivers what the outbox holds, as long as this aggregator decides: claims what is due, hands it to the channels,
/// writes down what came of it.
///
/// Each channel is a lane of its own with a bounded number of deliveries, so that a slow receiver delays nobody else.
/// An attempt that fails for long, or for good, is made at once through the channels that stand in; that, too, is the
/// same message in the outbox, so that it is told once and in order. Where the decision is taken away meanwhile,
/// deliveries under way are finished.
final class OutboxKeeper: Sendable {
    private static let keptFor: Duration = .seconds(30 * 86_400)
    private static let finishAttemptsMax = 3

    private struct State {
        var lanes: [String: DeliveryLane] = [:]
        var depths: [String: OutboxDepth] = [:]
        var renewedAt: [String: Instant] = [:]
        var depthsReadAt = Instant.epoch
        var prunedAt = Instant.epoch
        var databaseError: String?
    }

    private let database: DatabaseAccess
    private let courier: Courier
    private let isDeciding: @Sendable () -> Bool
    private let logger: Logger
    private let metrics: NotifierMetrics
    private let state = Mutex(State())
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    init(
        _ database: DatabaseAccess, _ channels: [NotifierChannel], isDeciding: @escaping @Sendable () -> Bool,
        group: any EventLoopGroup, _ registry: MetricsRegistry,
        logger: Logger
    ) {
        self.database = database
        self.isDeciding = isDeciding
        self.logger = logger
        courier = Courier(channels, proxy: outgoingProxy(ThisProcess.environment), group: group)
        metrics = NotifierMetrics(registry)
        // A wake that meets another still waiting says nothing new.
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        for channel in channels { addLane(channel.name) }
    }

    /// Messages were appended and committed.
    func wake() { waker.yield() }

    /// Returns when it was cancelled and every delivery under way has ended.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                while (try? await Task.sleep(for: .seconds(1))) != nil { self.wake() }  // An error says cancelled.
            }
            for await _ in wakes {
                if Task.isCancelled { return }
                guard isDeciding() else { continue }
                await performRound(&group)
            }
        }
    }

    private func performRound(_ group: inout DiscardingTaskGroup) async {
        do {
            try await lookAround()
            for entry in try await claimDue() {
                group.addTask { await self.handle(entry) }
            }
            for channel in renewalsDue() {
                group.addTask { await self.renew(channel) }
            }
            tell(nil)
        } catch {
            tell("\(error)")
        }
    }

    // MARK: What is due

    /// Every few seconds: how much waits, also for channels that are not in the settings any more; and now and then
    /// forgets.
    private func lookAround() async throws {
        let now = currentInstant()
        let isDue = state.withLock { state in
            guard now - state.depthsReadAt >= .seconds(5) else { return false }
            state.depthsReadAt = now
            return true
        }
        guard isDue else { return }
        let depths = try await database.queries.run { try OutboxStore.depths($0) }
        for depth in depths { addLane(depth.channel) }
        let isPruning = state.withLock { state in
            state.depths = Dictionary(depths.map { ($0.channel, $0) }, uniquingKeysWith: { first, _ in first })
            guard now - state.prunedAt >= .seconds(3_600) else { return false }
            state.prunedAt = now
            return true
        }
        guard isPruning else { return }
        _ = try await database.queries.run { try OutboxStore.prune(finishedBefore: now - Self.keptFor, $0) }
    }

    private func claimDue() async throws -> [OutboxEntry] {
        let now = currentInstant()
        let claims = state.withLock { state in
            state.lanes.compactMap { name, lane -> OutboxClaim? in
                let slots = lane.freeSlots(at: now)
                guard slots > 0 else { return nil }
                return OutboxClaim(
                    channel: name, countMax: slots, claimTime: courier.timeMax(of: name) + .seconds(10))
            }
        }
        guard !claims.isEmpty else { return [] }
        let entries = try await database.queries.run { connection in
            try connection.transaction { try OutboxStore.claim(claims, connection) }
        }
        state.withLock { state in
            for entry in entries { state.lanes[entry.message.channel]?.began() }
        }
        return entries
    }

    private func addLane(_ name: String) {
        let isNew = state.withLock { state in
            guard state.lanes[name] == nil else { return false }
            let channel = courier.channels.first { $0.name == name }
            state.lanes[name] = DeliveryLane(
                concurrency: channel?.concurrency ?? 1, spacing: channel?.spacing ?? .zero)
            return true
        }
        guard isNew else { return }
        metrics.addGauges(
            name,
            pending: { [weak self] in Double(self?.state.withLock { $0.depths[name]?.pending } ?? 0) },
            oldestAge: { [weak self] in
                guard let oldest = self?.state.withLock({ $0.depths[name]?.oldestAt }) else { return 0 }
                return max(0, (currentInstant() - oldest).inSeconds)
            },
            isFailing: { [weak self] in self?.state.withLock { $0.lanes[name]?.failingSince } == nil ? 0 : 1 })
    }

    // MARK: One message

    private func handle(_ entry: OutboxEntry) async {
        let name = entry.message.channel
        let delivery = await courier.deliver(entry.message, through: name, reference: entry.reference)
        let now = currentInstant()
        let failingSince = state.withLock { $0.lanes[name]?.failingSince }
        switch delivery {
        case .delivered(_, let reference):
            metrics.count(.delivered, name)
            await finish(entry, .delivered(note: nil)) { connection in
                if let reference {
                    try OutboxStore.store(
                        reference: reference, incident: entry.message.incident, channel: name, connection)
                }
                try Self.tellStandIns(of: entry.message, connection)
            }
        case .failed(let failure):
            metrics.count(.failed, name)
            var standIn: DeliveryFailure?
            if !Task.isCancelled,
                courier.policy(of: name).wantsStandIn(
                    failure, writtenAt: entry.writtenAt, failingSince: failingSince, at: now)
            {
                let (isDone, last) = await standInFor(entry, failure)
                if isDone { break }
                standIn = last
            }
            await giveBack(entry, failure, standIn, at: now)
        }
        ended(name, delivery)
    }

    /// Whoever told of an incident in another's place hears of its end: in its own row, so that it is tried until it is
    /// told.
    private static func tellStandIns(of message: Message, _ connection: PostgresConnection) throws {
        guard message.kind == .resolved, message.sequence > 0 else { return }
        let names = try OutboxStore.standIns(for: message.channel, incident: message.incident, connection)
        let copies = names.map { name in
            var copy = message
            copy.id = "\(message.incident)-\(name)-for-\(message.channel)-\(message.sequence)"
            copy.channel = name
            // Numbers below zero are no decider's.
            copy.sequence = -message.sequence
            copy.reason += "; told here because `\(message.channel)` had failed"
            return copy
        }
        try OutboxStore.append(copies, connection)
    }

    /// Through the channels that stand in, until one takes it.
    private func standInFor(
        _ entry: OutboxEntry, _ failure: DeliveryFailure
    ) async -> (isDone: Bool, failure: DeliveryFailure?) {
        let (message, name) = (entry.message, entry.message.channel)
        var last: DeliveryFailure?
        for standIn in courier.standIns(for: name) where standIn != name {
            var copy = message
            copy.channel = standIn
            copy.reason += "; told here because `\(name)` fails: \(failure.text)"
            let reference = try? await database.queries.run {  // Without one the channel begins anew.
                try OutboxStore.reference(incident: message.incident, channel: standIn, $0)
            }
            switch await courier.deliver(copy, through: standIn, reference: reference ?? nil) {
            case .failed(let failure): last = failure
            case .delivered(_, let reference):
                metrics.count(.standIn, name)
                await finish(entry, .delivered(note: "told through \(standIn): \(failure.text)")) { connection in
                    if let reference {
                        try OutboxStore.store(
                            reference: reference, incident: message.incident, channel: standIn, connection)
                    }
                    try OutboxStore.store(standIn: standIn, for: name, incident: message.incident, connection)
                }
                return (true, nil)
            }
        }
        return (false, last)
    }

    private func giveBack(
        _ entry: OutboxEntry, _ failure: DeliveryFailure, _ standIn: DeliveryFailure?, at now: Instant
    ) async {
        let verdict = courier.policy(of: entry.message.channel).verdict(
            failure, standIn: standIn, attempts: entry.attempts, writtenAt: entry.writtenAt, at: now,
            random: Double.random(in: 0..<1))
        switch verdict {
        // Broken off because this aggregator stops: whoever comes next begins at once.
        case .retry where Task.isCancelled: await finish(entry, .retry(after: .zero, error: failure.text))
        case .retry(let wait): await finish(entry, .retry(after: wait, error: failure.text))
        case .giveUp:
            metrics.count(.dead, entry.message.channel)
            logger.error(
                "a message was given up",
                metadata: [
                    "channel": "\(entry.message.channel)", "message": "\(entry.message.id)",
                    "attempts": "\(entry.attempts)", "error": "\(failure.text)",
                ])
            await finish(entry, .dead(error: failure.text))
        }
    }

    /// Writes it down with what belongs to it. Where the database does not answer the message is told again later.
    private func finish(
        _ entry: OutboxEntry, _ result: OutboxResult,
        and more: @escaping @Sendable (PostgresConnection) throws -> Void = { _ in }
    ) async {
        for attempt in 1...Self.finishAttemptsMax {
            do {
                // In a task of its own: what was delivered is written down also when this one is cancelled.
                return try await Task { [database] in
                    try await database.queries.run { connection in
                        try connection.transaction {
                            _ = try OutboxStore.finish(entry.id, attempts: entry.attempts, result, connection)
                            try more(connection)
                        }
                    }
                }.value
            } catch {
                tell("\(error)")
                guard attempt < Self.finishAttemptsMax else { return }
                try? await Task.sleep(for: .seconds(1))  // Cancelled: the next attempt is the sooner.
            }
        }
    }

    private func ended(_ name: String, _ delivery: Delivery) {
        // Broken off by our own end: that says nothing about the channel.
        let change = state.withLock { $0.lanes[name]?.ended(delivery, at: currentInstant()) }
        guard !Task.isCancelled else { return }
        switch change {
        case nil: break
        case .startedFailing(let error)?:
            logger.warning("a channel fails", metadata: ["channel": "\(name)", "error": "\(error)"])
        case .recovered(let time)?:
            logger.notice(
                "a channel works again", metadata: ["channel": "\(name)", "after_s": "\(Int(time.inSeconds))"])
        }
        wake()
    }

    /// One line when the database is lost, one when it is back.
    private func tell(_ error: String?) {
        let isNew = state.withLock { state in
            defer { state.databaseError = error }
            return (state.databaseError == nil) != (error == nil)
        }
        guard isNew else { return }
        if let error {
            logger.error("the outbox cannot be read; messages wait", metadata: ["error": "\(error)"])
        } else {
            logger.notice("the outbox can be read again")
        }
    }

    // MARK: Renewals

    private func renewalsDue() -> [NotifierChannel] {
        let now = currentInstant()
        return state.withLock { state in
            courier.channels.filter { channel in
                guard let interval = channel.renewalInterval,
                    now - (state.renewedAt[channel.name] ?? .epoch) >= interval,
                    state.lanes[channel.name]?.beganRenewal() == true
                else { return false }
                state.renewedAt[channel.name] = now
                return true
            }
        }
    }

    /// Says again what is open. What fails is said again at the next turn: the receiver keeps it for four.
    private func renew(_ channel: NotifierChannel) async {
        defer { state.withLock { $0.lanes[channel.name]?.endedRenewal() } }
        let open: [OutboxEntry]
        do {
            open = try await database.queries.run { try OutboxStore.open(through: channel.name, $0) }
        } catch {
            return tell("\(error)")
        }
        for entry in open where !Task.isCancelled {
            let delivery = await courier.deliver(entry.message, through: channel.name, reference: entry.reference)
            guard case .delivered = delivery else {
                metrics.count(.failed, channel.name)
                return
            }
            metrics.count(.renewed, channel.name)
        }
    }
}
