import CallModel
import Rollups

/// What the detector has learned, as bytes: everything but the recent calls, which are read again from where they are stored.
extension Detector {
    public func write(to writer: inout StateWriter) {
        writer.put(numbers: table.keys.map(\.packed))
        writer.put(counters) { $1.write(to: &$0) }
        writer.put(numbers: latencyPlaces)
        writer.put(valueCounts) { writer, counts in for index in 0..<8 { writer.put(counts[index]) } }
        writer.put(states.indices.sorted { states.keys[$0] < states.keys[$1] }) { writer, place in
            writer.put(states.keys[place])
            states[place].write(to: &writer)
        }
        writer.put(latencies) { $1.write(to: &$0) }
        writer.put(seasons) { $1.write(to: &$0) }
        writer.put(evenness) { $1.write(to: &$0) }
        writer.put(numbers: seasonPlaces)
        writer.put(numbers: networks)
        writer.put(releases) { writer, release in
            writer.put(release.version)
            writer.put(release.firstSeen.nanosecondsSinceEpoch)
        }
        writer.put(uncountedCalls)
    }

    public init(_ reader: inout StateReader, configuration: Configuration) throws(StateError) {
        self.init(configuration: configuration)
        let keys: [UInt64] = try reader.numbers()
        for key in keys where table.number(of: SeriesKey(packed: key)) == nil { throw .malformed("too many series") }
        counters = try reader.array { (reader) throws(StateError) in try SeriesCounter(&reader) }
        latencyPlaces = try reader.numbers()
        valueCounts = try reader.array { (reader) throws(StateError) in
            var counts = SIMD8<Int32>(repeating: 0)
            for index in 0..<8 { counts[index] = try reader.next() }
            return counts
        }
        let known = try reader.array { (reader) throws(StateError) in
            (try reader.next() as UInt64, try GroupState(&reader))
        }
        for (key, state) in known where key == .max || states.place(key, beginning: state) == nil {
            throw .malformed("too many tests")
        }
        for (key, _) in known { note(SymptomGroup(rawValue: UInt8(truncatingIfNeeded: key))) }
        latencies = try reader.array { (reader) throws(StateError) in try LatencyNormal(&reader) }
        seasons = try reader.array { (reader) throws(StateError) in try WeekHours(&reader) }
        evenness = try reader.array { (reader) throws(StateError) in try EpochSquares(&reader) }
        seasonPlaces = try reader.numbers()
        networks = try reader.numbers()
        releases = try reader.array { (reader) throws(StateError) in
            (try reader.next() as NameID, Instant(nanosecondsSinceEpoch: try reader.next()))
        }
        uncountedCalls = try reader.next()
        try check(keys.count)
        for (version, _) in releases {
            if Int(version) >= isReleaseKnown.count {
                isReleaseKnown += Array(repeating: false, count: Int(version) + 1 - isReleaseKnown.count)
            }
            isReleaseKnown[Int(version)] = true
        }
    }

    /// Whether every number points at something.
    private func check(_ seriesCount: Int) throws(StateError) {
        guard table.keys.count == seriesCount, counters.count == seriesCount, latencyPlaces.count == seriesCount,
            valueCounts.count == seriesCount, seasonPlaces.count == seriesCount
        else { throw .malformed("the series") }
        guard seasons.count == evenness.count, seasonPlaces.allSatisfy({ $0 >= -1 && Int($0) < seasons.count }) else {
            throw .malformed("seasons")
        }
        guard latencyPlaces.allSatisfy({ $0 >= -1 && Int($0) < latencies.count }) else { throw .malformed("latencies") }
        guard states.keys.allSatisfy({ Int(truncatingIfNeeded: $0 >> 8) < seriesCount }) else {
            throw .malformed("tests")
        }
        guard releases.allSatisfy({ (0..<SeriesKey.partnerMax).contains($0.version) }) else {
            throw .malformed("releases")
        }
    }
}

/// What the fleet's failures are like (`Clumps.Pool`): kept behind everything else, because earlier releases did not know it.
extension Detector {
    public func writeFleet(to writer: inout StateWriter) {
        writer.put(clumpsPooledIn)
        writer.put(clumpSizes.sorted { $0.key < $1.key }) { writer, entry in
            writer.put(entry.key)
            writer.put(entry.value)
        }
    }

    public mutating func readFleet(_ reader: inout StateReader) throws(StateError) {
        guard !reader.isAtEnd else { return }
        clumpsPooledIn = try reader.next()
        let sizes = try reader.array { (reader) throws(StateError) in (try reader.next() as UInt8, try reader.double())
        }
        clumpSizes = Dictionary(sizes, uniquingKeysWith: { first, _ in first })
    }
}
