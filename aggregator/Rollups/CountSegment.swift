/// Lasting counts as they are kept: together, those of one partner, minute (or hour) and dimension.
public enum CountSegment {
    /// Whose counts are kept together. Ordered as the tables' indexes are, so that neighbours meet the page that is at hand.
    public struct Key: Hashable, Comparable, Sendable {
        public var partner: NameID
        /// `RollupSet.rawValue`, or `latencyDimension`.
        public var dimension: Int16
        /// Minutes since 1970.
        public var minute: Int32

        public init(partner: NameID, dimension: Int16, minute: Int32) {
            self.partner = partner
            self.dimension = dimension
            self.minute = minute
        }

        public static func < (left: Key, right: Key) -> Bool {
            (left.partner, left.dimension, left.minute) < (right.partner, right.dimension, right.minute)
        }

        public func hash(into hasher: inout Hasher) { hasher.combine(_rawHashValue(seed: 0)) }

        /// Every count is looked up by it (`KeyHash`).
        public func _rawHashValue(seed: Int) -> Int {
            KeyHash.of(seed, joined(partner, Int32(dimension)), joined(minute, 0), 0)
        }
    }

    /// What tells the counts of one segment apart.
    public struct Place: Hashable, Comparable, Sendable {
        public var first: NameID
        public var second: NameID
        public var direction: Int16
        /// An outcome's code; a bucket where latencies are counted.
        public var outcome: Int16

        public init(first: NameID, second: NameID, direction: Int16, outcome: Int16) {
            self.first = first
            self.second = second
            self.direction = direction
            self.outcome = outcome
        }

        public static func < (left: Place, right: Place) -> Bool {
            (left.first, left.second, left.direction, left.outcome)
                < (right.first, right.second, right.direction, right.outcome)
        }
    }

    public struct Count: Sendable, Equatable {
        public var place: Place
        public var value: CellCount

        public init(place: Place, value: CellCount) {
            self.place = place
            self.value = value
        }
    }

    /// Latencies by route and region are kept beside the dimensions of `RollupSet`.
    public static let latencyDimension: Int16 = 5

    /// In order, each place once.
    public static func summed(_ counts: [Count]) -> [Count] {
        var summed: [Count] = []
        summed.reserveCapacity(counts.count)
        for count in counts.sorted(by: { $0.place < $1.place }) {
            if summed.last?.place == count.place {
                summed[summed.count - 1].value.add(count.value)
            } else {
                summed.append(count)
            }
        }
        return summed
    }
}

extension MinuteRollup {
    /// All counts and latencies, those together that are kept together; in no order, each place once.
    public var segments: [CountSegment.Key: [CountSegment.Count]] {
        var segments: [CountSegment.Key: [CountSegment.Count]] = [:]
        for (key, value) in counts {
            let place = CountSegment.Place(
                first: key.first, second: key.second, direction: Int16(key.direction.rawValue),
                outcome: Int16(key.outcome))
            let segment = CountSegment.Key(partner: key.partner, dimension: key.set.rawValue, minute: key.minute)
            segments[segment, default: []].append(CountSegment.Count(place: place, value: value))
        }
        for (key, calls) in latencies {
            let place = CountSegment.Place(
                first: key.route, second: key.region, direction: Int16(key.direction.rawValue), outcome: key.bucket)
            let segment = CountSegment.Key(
                partner: key.partner, dimension: CountSegment.latencyDimension, minute: key.minute)
            segments[segment, default: []].append(
                CountSegment.Count(place: place, value: CellCount(stored: 0, weighted: calls)))
        }
        return segments
    }
}
