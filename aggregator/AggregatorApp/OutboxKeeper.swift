import CallModel
import Logging
import NIOCore
import Notifiers
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

    /// Read by the deliveries, which stand in a file of their own.
    let database: DatabaseAccess
    let lanes: LaneTable
    let metrics: NotifierMetrics
    let logger: Logger
    private let isDeciding: @Sendable () -> Bool
    private let group: any EventLoopGroup
    private let channels: Mutex<Courier>
    private let times = Mutex((depthsReadAt: Instant.epoch, prunedAt: Instant.epoch))
    private let databaseError = Mutex<String?>(nil)
    private let readAt = Mutex<Instant?>(nil)
    private let untoldSince = Mutex<Instant?>(nil)
    private let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    init(
        _ database: DatabaseAccess, _ channels: [NotifierChannel], isDeciding: @escaping @Sendable () -> Bool,
        group: any EventLoopGroup, _ registry: MetricsRegistry, logger: Logger
    ) {
        self.database = database
        self.isDeciding = isDeciding
        self.logger = logger
        self.group = group
        let courier = Courier(channels, proxy: outgoingProxy(ThisProcess.environment), group: group)
        self.channels = Mutex(courier)
        metrics = NotifierMetrics(registry)
        lanes = LaneTable(courier, metrics)
        // A wake that meets another still waiting says nothing new.
        (wakes, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The channels as they are now. A delivery under way goes on with those it began with.
    var courier: Courier { channels.withLock { $0 } }

    /// Other channels from now on; what waits for one that is gone is told through the others.
    func use(_ channels: [NotifierChannel]) {
        let courier = Courier(channels, proxy: outgoingProxy(ThisProcess.environment), group: group)
        self.channels.withLock { $0 = courier }
        lanes.use(courier)
        wake()
    }

    /// When the outbox was last read, since when its oldest message waits, and since when there is an incident of which nobody was told.
    var progress: (readAt: Instant?, oldestPendingAt: Instant?, untoldSince: Instant?) {
        (readAt.withLock { $0 }, lanes.oldestPendingAt, untoldSince.withLock { $0 })
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
                if isDeciding() {
                    await performRound(&group)
                } else {
                    lanes.show([])
                    readAt.withLock { $0 = nil }
                    untoldSince.withLock { $0 = nil }
                }
            }
        }
    }

    private func performRound(_ group: inout DiscardingTaskGroup) async {
        do {
            try await lookAround()
            for entry in try await claimDue() {
                group.addTask { await self.handle(entry) }
            }
            for channel in lanes.beginRenewals(at: currentInstant()) {
                group.addTask { await self.renew(channel) }
            }
            tell(nil)
            readAt.withLock { $0 = currentInstant() }
        } catch {
            tell("\(error)")
        }
    }

    /// Every few seconds: how much waits, also for channels that are not in the settings any more; and now and then
    /// forgets.
    private func lookAround() async throws {
        let now = currentInstant()
        let (isDue, isPruning) = times.withLock { times in
            let isDue = now - times.depthsReadAt >= .seconds(5)
            if isDue { times.depthsReadAt = now }
            let isPruning = now - times.prunedAt >= .seconds(3_600)
            if isPruning { times.prunedAt = now }
            return (isDue, isPruning)
        }
        if isDue {
            let (depths, untold) = try await database.queries.run {
                (try OutboxStore.depths($0), try OutboxStore.untoldSince($0))
            }
            lanes.show(depths)
            untoldSince.withLock { $0 = untold }
        }
        guard isPruning else { return }
        _ = try await database.queries.run { try OutboxStore.prune(finishedBefore: now - Self.keptFor, $0) }
    }

    private func claimDue() async throws -> [OutboxEntry] {
        let claims = lanes.claims(at: currentInstant())
        guard !claims.isEmpty else { return [] }
        let entries = try await database.queries.run { connection in
            try connection.transaction { try OutboxStore.claim(claims, connection) }
        }
        for entry in entries { lanes.began(entry.message.channel) }
        return entries
    }

    /// Says again what is open. What fails is said again at the next turn: the receiver keeps it for four.
    private func renew(_ channel: NotifierChannel) async {
        defer { lanes.endedRenewal(channel.name) }
        let open: [OutboxEntry]
        do {
            open = try await database.queries.run { try OutboxStore.open(through: channel.name, $0) }
        } catch {
            return tell("\(error)")
        }
        let courier = courier
        for entry in open where !Task.isCancelled {
            let delivery = await courier.deliver(entry.message, through: channel.name, reference: entry.reference)
            guard case .delivered = delivery else {
                metrics.count(.failed, channel.name)
                return
            }
            metrics.count(.renewed, channel.name)
        }
    }

    /// One line when the database is lost, one when it is back.
    func tell(_ error: String?) {
        let isNew = databaseError.withLock { known in
            defer { known = error }
            return (known == nil) != (error == nil)
        }
        guard isNew else { return }
        if let error {
            logger.error("the outbox cannot be read; messages wait", metadata: ["error": "\(error)"])
        } else {
            logger.notice("the outbox can be read again")
        }
    }
}
