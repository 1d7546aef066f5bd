import CallModel
import Detection
import Glibc
import Rollups

extension Incident {
    /// What it did so far: counted over all calls in its scope, good and bad.
    public struct Extent: Sendable {
        /// Partners kept; the catalogue has fewer.
        static let partnersMax = 1_000
        static let regionsMax = 64
        /// Of which the trend is judged.
        static let minutesMax: Int64 = 6
        /// Of what is known of late.
        static let halfLife = 300.0

        /// Calls of a minute, or of late.
        public struct Tally: Sendable, Equatable {
            public internal(set) var calls = 0.0
            public internal(set) var failures = 0.0
        }

        /// A region of ours, of which it is known whether it fails like the whole.
        public struct Region: Sendable, Equatable {
            /// Of late: the past is forgotten by halves, so that a long good time does not hide a bad minute.
            public internal(set) var late = Tally()
            public internal(set) var lastCall = Instant.epoch
            /// Has failed like the whole.
            public internal(set) var isHit = false
            /// Did so after it had been seen to work: the trouble spread.
            public internal(set) var isReached = false
            var wasWell = false
        }

        public internal(set) var calls = 0.0
        public internal(set) var failures = 0.0
        public internal(set) var usualShare = 0.0
        public internal(set) var hosts = DistinctNames()
        public internal(set) var customers = DistinctNames()
        public internal(set) var routes = DistinctNames()
        public internal(set) var partners: Set<NameID> = []
        public internal(set) var symptoms: [Symptom: Double] = [:]
        public internal(set) var regions: [NameID: Region] = [:]
        /// Of all regions, to compare each with.
        var late = Tally()
        var lastCall = Instant.epoch
        /// The last minutes since the epoch that had calls; those before `minutesMax` are forgotten.
        public internal(set) var minutes: [Int64: Tally] = [:]

        public var share: Double { calls > 0 ? failures / calls : 0 }

        mutating func count(_ cell: CallCell, failed: Bool) {
            let count = Double(cell.count)
            calls += count
            let minute = cell.time.secondsSinceEpoch / 60
            if minutes[minute] == nil { minutes = minutes.filter { $0.key > minute - Self.minutesMax } }
            minutes[minute, default: Tally()].add(count, failed: failed)
            late.count(count, failed: failed, after: max(0, cell.time.seconds(since: lastCall)), Self.halfLife)
            lastCall = max(lastCall, cell.time)
            if cell.region != 0, regions[cell.region] != nil || regions.count < Self.regionsMax {
                regions[cell.region, default: Region()].count(cell, failed: failed, like: late, usual: usualShare)
            }
            if failed { self.failed(cell) }
        }

        private mutating func failed(_ cell: CallCell) {
            failures += Double(cell.count)
            symptoms[cell.symptom, default: 0] += Double(cell.count)
            if cell.host != 0 { hosts.insert(cell.host) }
            if cell.customer != 0 { customers.insert(cell.customer) }
            if cell.route != 0 { routes.insert(cell.route) }
            if partners.count < Self.partnersMax { partners.insert(cell.partner) }
        }

        /// The failures of the last three minutes against those of the three before: a difference of two standard deviations of a
        /// Poisson count, and of a quarter, is one.
        public var trend: IncidentReport.Trend {
            guard let last = minutes.keys.max() else { return .steady }
            func failures(_ ago: ClosedRange<Int64>) -> Double {
                ago.reduce(0) { $0 + (minutes[last - $1]?.failures ?? 0) }
            }
            let (late, early) = (failures(0...2), failures(3...5))
            let difference = late - early
            guard abs(difference) > 2 * (late + early).squareRoot(), abs(difference) > 0.25 * max(late, early) else {
                return .steady
            }
            return difference > 0 ? .growing : .shrinking
        }
    }
}

extension Incident.Extent.Region {
    /// Whether it fails is asked of its failures, so that the usual few do not make it one; whether it works, of its calls.
    fileprivate mutating func count(
        _ cell: CallCell, failed: Bool, like all: Incident.Extent.Tally, usual: Double
    ) {
        let pause = max(0, cell.time.seconds(since: lastCall))
        late.count(Double(cell.count), failed: failed, after: pause, Incident.Extent.halfLife)
        lastCall = max(lastCall, cell.time)
        guard !isHit else { return }
        let expected = all.calls > 0 ? late.calls * all.failures / all.calls : 0
        if failed {
            isHit = late.failures >= 3 && late.failures >= 0.3 * expected && late.failures > 4 * usual * late.calls
            isReached = isHit && wasWell
        } else if expected >= 5, late.failures <= 0.2 * expected {
            wasWell = true
        }
    }
}

extension Incident.Extent.Tally {
    fileprivate mutating func add(_ count: Double, failed: Bool) {
        calls += count
        if failed { failures += count }
    }

    fileprivate mutating func count(_ count: Double, failed: Bool, after pause: Double, _ halfLife: Double) {
        let kept = exp2(-pause / halfLife)
        calls *= kept
        failures *= kept
        add(count, failed: failed)
    }
}
