import CallModel
import Glibc

/// Finds when a route's answers begin to take much longer, or shorter, and go on so: a step, no burst.
///
/// Durations are looked at as logarithms, in blocks of a hundred. A block is off where its mean is half an octave and six standard
/// errors from the reference; when every block of an hour was off to the same side, that is a step, and what is now becomes
/// the reference. Blocks that are not off are added to the reference, which forgets what is thousands of answers old.
struct LatencyStep: Sendable, Equatable {
    struct Found: Equatable {
        /// Typical milliseconds (geometric means).
        var before: Double
        var after: Double
        var since: Instant
    }

    static let blockSize = 100.0
    private static let referenceMin = 300.0
    private static let referenceMax = 5_000.0
    private static let octavesMin = 0.58
    private static let deviationsMin = 6.0
    private static let stepTime: Duration = .seconds(3_600)

    var reference = Moments()
    var block = Moments()
    /// Blocks that were off to the same side, and since when.
    var off = Moments()
    var offSince = Instant.epoch

    mutating func add(_ duration: Duration, at now: Instant) -> Found? {
        block.add(log2(max(0.001, duration.inSeconds * 1_000)))
        guard block.count >= Self.blockSize else { return nil }
        defer { block = Moments() }
        let difference = block.mean - reference.mean
        let error = (reference.variance / max(1, reference.count) + block.variance / block.count).squareRoot()
        let isOff =
            reference.count >= Self.referenceMin && abs(difference) >= Self.octavesMin
            && abs(difference) >= Self.deviationsMin * error
        guard isOff, off.count == 0 || (off.mean > reference.mean) == (difference > 0) else {
            // What was off for a time only is passed over.
            off = Moments()
            if !isOff { reference.merge(block, countMax: Self.referenceMax) }
            return nil
        }
        if off.count == 0 { offSince = now }
        off.merge(block, countMax: Self.referenceMax)
        guard now - offSince >= Self.stepTime, off.count >= 2 * Self.blockSize else { return nil }
        defer { (reference, off) = (off, Moments()) }
        return Found(before: exp2(reference.mean), after: exp2(off.mean), since: offSince)
    }
}

/// Count, mean and variance of numbers that are not kept.
struct Moments: Sendable, Equatable {
    var count = 0.0
    var mean = 0.0
    var squares = 0.0

    var variance: Double { count > 1 ? squares / (count - 1) : 0 }

    mutating func add(_ value: Double) {
        count += 1
        let difference = value - mean
        mean += difference / count
        squares += difference * (value - mean)
    }

    /// - Parameter countMax: beyond it what was before weighs less: it is forgotten.
    mutating func merge(_ other: Moments, countMax: Double) {
        let sum = count + other.count
        guard sum > 0 else { return }
        let difference = other.mean - mean
        squares += other.squares + difference * difference * count * other.count / sum
        mean += difference * other.count / sum
        count = sum
        guard count > countMax else { return }
        squares *= countMax / count
        count = countMax
    }
}
