import CallModel
import Detection
import Rollups

extension Incident {
    /// What it did so far: counted over all calls in its scope, good and bad.
    public struct Extent: Sendable {
        /// Names kept of each kind; beyond it only that there are more.
        static let namesMax = 1_000
        static let regionsMax = 64
        /// Of which the trend is judged.
        static let minutesMax: Int64 = 6

        /// Calls of a region, or of a minute.
        public struct Tally: Sendable, Equatable {
            public internal(set) var calls = 0.0
            public internal(set) var failures = 0.0
        }

        public internal(set) var calls = 0.0
        public internal(set) var failures = 0.0
        public internal(set) var usualShare = 0.0
        public internal(set) var hosts: Set<NameID> = []
        public internal(set) var customers: Set<NameID> = []
        public internal(set) var routes: Set<NameID> = []
        public internal(set) var partners: Set<NameID> = []
        public internal(set) var symptoms: [Symptom: Double] = [:]
        public internal(set) var regions: [NameID: Tally] = [:]
        /// The last minutes since the epoch that had calls; those before `minutesMax` are forgotten.
        public internal(set) var minutes: [Int64: Tally] = [:]

        public var share: Double { calls > 0 ? failures / calls : 0 }

        mutating func count(_ cell: CallCell, failed: Bool) {
            let count = Double(cell.count)
            calls += count
            let minute = cell.time.secondsSinceEpoch / 60
            if minutes[minute] == nil { minutes = minutes.filter { $0.key > minute - Self.minutesMax } }
            minutes[minute, default: Tally()].add(count, failed: failed)
            if cell.region != 0, regions[cell.region] != nil || regions.count < Self.regionsMax {
                regions[cell.region, default: Tally()].add(count, failed: failed)
            }
            if failed { self.failed(cell) }
        }

        private mutating func failed(_ cell: CallCell) {
            failures += Double(cell.count)
            symptoms[cell.symptom, default: 0] += Double(cell.count)
            if hosts.count < Self.namesMax, cell.host != 0 { hosts.insert(cell.host) }
            if customers.count < Self.namesMax, cell.customer != 0 { customers.insert(cell.customer) }
            if routes.count < Self.namesMax, cell.route != 0 { routes.insert(cell.route) }
            if partners.count < Self.namesMax { partners.insert(cell.partner) }
        }

        /// Regions that fail like the whole: the usual few failures of another region do not make it one.
        public var regionsHit: [NameID] {
            let share = share
            return regions.filter { _, tally in
                tally.failures >= 3 && tally.failures >= 0.3 * share * tally.calls
                    && tally.failures > 4 * usualShare * tally.calls
            }.map(\.key).sorted()
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

extension Incident.Extent.Tally {
    fileprivate mutating func add(_ count: Double, failed: Bool) {
        calls += count
        if failed { failures += count }
    }
}
