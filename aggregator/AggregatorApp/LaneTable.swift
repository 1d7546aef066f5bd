import CallModel
import Notifiers
import Storage
import Synchronization

/// The lanes of all channels: those of the settings, and those that messages in the outbox still name.
final class LaneTable: Sendable {
    /// Messages of further channels wait: the names come from the database.
    private static let lanesMax = 200

    private struct State {
        var courier: Courier
        var lanes: [String: DeliveryLane] = [:]
        var depths: [String: OutboxDepth] = [:]
        var renewedAt: [String: Instant] = [:]
    }

    private let metrics: NotifierMetrics
    private let state: Mutex<State>

    init(_ courier: Courier, _ metrics: NotifierMetrics) {
        self.metrics = metrics
        state = Mutex(State(courier: courier))
        for channel in courier.channels { add(channel.name) }
    }

    /// The channels have changed. A lane keeps what is under way in it, and its failures until a delivery says
    /// otherwise.
    func use(_ courier: Courier) {
        state.withLock { state in
            state.courier = courier
            for channel in courier.channels {
                state.lanes[channel.name]?.changed(concurrency: channel.concurrency, spacing: channel.spacing)
            }
        }
        for channel in courier.channels { add(channel.name) }
    }

    /// What waits, by channel: becomes the gauges, and lanes where there are none yet.
    func show(_ depths: [OutboxDepth]) {
        for depth in depths { add(depth.channel) }
        state.withLock { state in
            state.depths = Dictionary(depths.map { ($0.channel, $0) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// Of all that waits, as of the last look.
    var oldestPendingAt: Instant? { state.withLock { $0.depths.values.map(\.oldestAt).min() } }

    /// How much each lane can take now.
    func claims(at now: Instant) -> [OutboxClaim] {
        let (free, courier) = state.withLock { state in
            (state.lanes.map { (name: $0, slots: $1.freeSlots(at: now)) }.filter { $0.slots > 0 }, state.courier)
        }
        return free.map { name, slots in
            // Everybody who may stand in is tried in the same attempt.
            OutboxClaim(channel: name, countMax: slots, claimTime: courier.timeMax(of: name) + .seconds(10))
        }
    }

    func began(_ name: String) { state.withLock { $0.lanes[name]?.began() } }

    func ended(_ name: String, _ delivery: Delivery, at now: Instant) -> DeliveryLane.Change? {
        state.withLock { $0.lanes[name]?.ended(delivery, at: now) }
    }

    func failingSince(_ name: String) -> Instant? { state.withLock { $0.lanes[name]?.failingSince } }

    /// Channels whose open incidents are to be said again; each until `endedRenewal`.
    func beginRenewals(at now: Instant) -> [NotifierChannel] {
        state.withLock { state in
            state.courier.channels.filter { channel in
                guard let interval = channel.renewalInterval,
                    now - (state.renewedAt[channel.name] ?? .epoch) >= interval,
                    state.lanes[channel.name]?.beganRenewal() == true
                else { return false }
                state.renewedAt[channel.name] = now
                return true
            }
        }
    }

    func endedRenewal(_ name: String) { state.withLock { $0.lanes[name]?.endedRenewal() } }

    private func add(_ name: String) {
        let isNew = state.withLock { state in
            guard state.lanes[name] == nil, state.lanes.count < Self.lanesMax else { return false }
            let channel = state.courier.channels.first { $0.name == name }
            state.lanes[name] = DeliveryLane(
                concurrency: channel?.concurrency ?? 1, spacing: channel?.spacing ?? .zero)
            return true
        }
        guard isNew else { return }
        metrics.show(
            name,
            pending: { [weak self] in Double(self?.state.withLock { $0.depths[name]?.pending } ?? 0) },
            oldestAge: { [weak self] in
                guard let oldest = self?.state.withLock({ $0.depths[name]?.oldestAt }) else { return 0 }
                return max(0, (currentInstant() - oldest).inSeconds)
            },
            isFailing: { [weak self] in self?.failingSince(name) == nil ? 0 : 1 })
    }
}
