import CallModel
import Detection
import Incidents
import Rollups

/// A fleet in virtual time, from a seed: four hosts of two regions, six customers, three partners of which 1 and 2 share a network.
struct Fleet {
    /// What is wrong with a call, in place of nothing.
    typealias Trouble = (CallCell) -> Symptom?

    var core = IncidentCore()
    var events: [IncidentCore.Event] = []
    var now = Instant(secondsSinceEpoch: 1_795_000_000)
    /// Calls a second of all partners together.
    var pace = 12
    var versions: [NameID: NameID] = [:]
    /// Calls arrive up to so many seconds after they were made, later ones often first.
    var latenessMax: UInt64 = 0
    private var underWay: [(arrives: Instant, cell: CallCell)] = []
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    /// The calls of so many seconds. `skips` are calls that are not made at all.
    mutating func live(
        seconds: Int, _ trouble: Trouble = { _ in nil }, skips: (CallCell) -> Bool = { _ in false }
    ) {
        for _ in 0..<seconds {
            for _ in 0..<pace {
                let cell = call(trouble)
                if skips(cell) { continue }
                if latenessMax == 0 {
                    core.observe(cell)
                } else {
                    underWay.append((now + .seconds(next(latenessMax)), cell))
                }
            }
            for call in underWay where call.arrives <= now { core.observe(call.cell) }
            underWay.removeAll { $0.arrives <= now }
            now = now + .seconds(1)
            events += core.advance(to: now)
        }
    }

    private mutating func call(_ trouble: Trouble) -> CallCell {
        let partner = NameID(1 + next(3))
        let host = NameID(1 + next(4))
        var cell = CallCell(
            time: now, partner: partner, route: partner * 10 + NameID(next(3)), host: host, region: 1 + (host & 1),
            customer: NameID(1 + next(6)), serviceVersion: versions[host] ?? 1, network: partner < 3 ? 1 : 2,
            direction: next(5) == 0 ? .inbound : .outbound)
        if cell.direction == .inbound { (cell.route, cell.network) = (partner * 10 + 9, 0) }
        cell.latency = LatencyBucket.index(ofMicroseconds: 80_000 + Int64(next(60_000)))
        if next(500) == 0 { cell.symptom = Symptom(.serverError) }
        if next(100) == 0 { cell.symptom = Symptom(.rejected, status: 404) }
        if let symptom = trouble(cell) { cell.symptom = symptom }
        return cell
    }

    /// 0..<bound, evenly enough (xorshift64*).
    mutating func next(_ bound: UInt64) -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return (state &* 0x2545_F491_4F6C_DD1D) >> 33 % bound
    }

    func opened() -> [Incident] { events.filter { $0.kind == .opened }.map(\.incident) }
    func last(_ id: Int64) -> Incident? { events.last { $0.incident.id == id }?.incident }
}

extension Fleet {
    /// After an hour in which nothing was amiss.
    static func settled(_ seed: UInt64) -> Fleet {
        var fleet = Fleet(seed: seed)
        fleet.live(seconds: 3_600)
        return fleet
    }

    /// Whether a call is one of ours to partner 3 out of these regions.
    static func isOut(_ cell: CallCell, _ regions: Set<NameID>) -> Bool {
        cell.partner == 3 && cell.direction == .outbound && regions.contains(cell.region)
    }
}
