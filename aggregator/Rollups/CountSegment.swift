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

        /// `KeyHash`.
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

        /// All of it, most significant first, so that words are ordered as fields are.
        private var words: (UInt64, UInt32) {
            func raised(_ id: NameID) -> UInt64 { UInt64(UInt32(bitPattern: id ^ .min)) }
            func raised(_ code: Int16) -> UInt32 { UInt32(UInt16(bitPattern: code ^ .min)) }
            return (raised(first) << 32 | raised(second), raised(direction) << 16 | raised(outcome))
        }

        public static func < (left: Place, right: Place) -> Bool { left.words < right.words }

        public func hash(into hasher: inout Hasher) { hasher.combine(_rawHashValue(seed: 0)) }

        /// Every call is looked up by it five or six times (`KeyHash`).
        public func _rawHashValue(seed: Int) -> Int {
            KeyHash.of(seed, joined(first, second), joined(Int32(direction), Int32(outcome)), 0)
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

    /// One for each `RollupSet`, by raw value, and `latencyDimension`.
    static let dimensions: ClosedRange<Int16> = 0...latencyDimension

    /// In order, each place once. Takes time in proportion to the counts where they are a few ordered runs one after the other.
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

    /// The same counts by hour: each minute stands for the hour it belongs to. Each hour's are in order where each minute's were.
    public static func byHour(_ minutes: [Key: [Count]]) -> [Key: [Count]] {
        var hours: [Key: [Count]] = [:]
        var mixed: Set<Key> = []
        for (minute, counts) in minutes {
            var key = minute
            key.minute -= key.minute % 60
            if hours[key, default: []].isEmpty {
                hours[key] = counts
            } else {
                hours[key]! += counts
                mixed.insert(key)
            }
        }
        for key in mixed { hours[key] = summed(hours[key]!) }
        return hours
    }
}
