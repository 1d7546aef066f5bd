import CallModel
import Rollups

/// How long the answers of one route usually take, and from where on one is slow.
///
/// Slow is what fewer than one call in forty exceeds, and a step more. Learned as failures are: late, and not from calls that an
/// incident explains.
struct LatencyNormal: Sendable {
    private static let width = Int(LatencyBucket.indexMax) + 2
    /// Calls before anything is called slow.
    private static let learnedMin = 60.0
    private static let slowShare = 0.025
    private static let halvedAbove = 100_000.0
    private static let epochs: Int32 = 3

    private var learned = [Float](repeating: 0, count: LatencyNormal.width)
    private var pending = [Float](repeating: 0, count: LatencyNormal.width)
    private var learnedCount = 0.0
    private var pendingCount = 0.0
    private var pendingSince: Int32
    /// Buckets above are slow.
    private(set) var slowAbove = Int16.max

    init(epoch: Int32) { pendingSince = epoch }

    @inline(__always)
    mutating func add(_ bucket: Int16, _ count: Double, epoch: Int32) {
        if epoch &- pendingSince >= Self.epochs || (slowAbove == .max && pendingCount >= Self.learnedMin) {
            settle(epoch)
        }
        pending[Int(bucket) + 1] += Float(count)
        pendingCount += count
    }

    /// What is pending belongs to an incident: it is never learned.
    mutating func discardPending() {
        for place in pending.indices { pending[place] = 0 }
        pendingCount = 0
    }

    /// The duration the given share of the calls does not exceed, in milliseconds; nil before enough is known.
    func quantile(_ share: Double) -> Double? {
        guard learnedCount >= Self.learnedMin else { return nil }
        var seen = 0.0
        for (place, count) in learned.enumerated() {
            seen += Double(count)
            if seen >= share * learnedCount { return LatencyBucket.upperBound(of: Int16(place - 1)) / 1_000 }
        }
        return nil
    }

    private mutating func settle(_ epoch: Int32) {
        for place in learned.indices { learned[place] += pending[place] }
        learnedCount += pendingCount
        if learnedCount > Self.halvedAbove {
            for place in learned.indices { learned[place] /= 2 }
            learnedCount /= 2
        }
        if learnedCount >= Self.learnedMin { slowAbove = threshold() }
        for place in pending.indices { pending[place] = 0 }
        pendingCount = 0
        pendingSince = epoch
    }

    private func threshold() -> Int16 {
        var above = 0.0
        var place = learned.count - 1
        while place > 0 {
            above += Double(learned[place])
            if above > Self.slowShare * learnedCount { break }
            place -= 1
        }
        return Int16(place - 1) + 2
    }
}

extension LatencyNormal {
    init(_ reader: inout StateReader) throws(StateError) {
        self.init(epoch: 0)
        learned = try Self.histogram(&reader)
        pending = try Self.histogram(&reader)
        learnedCount = try reader.double()
        pendingCount = try reader.double()
        pendingSince = try reader.next()
        slowAbove = try reader.next()
    }

    func write(to writer: inout StateWriter) {
        for histogram in [learned, pending] {
            // Few of the buckets hold anything.
            let filled = histogram.indices.filter { histogram[$0] != 0 }
            writer.put(filled) { writer, place in
                writer.put(UInt16(place))
                writer.put(histogram[place])
            }
        }
        writer.put(learnedCount)
        writer.put(pendingCount)
        writer.put(pendingSince)
        writer.put(slowAbove)
    }

    private static func histogram(_ reader: inout StateReader) throws(StateError) -> [Float] {
        var histogram = [Float](repeating: 0, count: width)
        let filled = try reader.array { (reader) throws(StateError) -> (place: Int, count: Float) in
            (Int(try reader.next() as UInt16), try reader.float())
        }
        for (place, count) in filled {
            guard place < width else { throw .malformed("a latency") }
            histogram[place] = count
        }
        return histogram
    }
}
