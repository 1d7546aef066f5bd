import CallModel

/// The buckets of every latency histogram: OpenTelemetry's exponential buckets at scale 3, over microseconds.
///
/// Bucket i holds the durations in (2^(i/8), 2^((i+1)/8)] microseconds, each 9.05 % wider than the last, so a quantile is off by
/// at most 4.4 %. The bounds are fixed, therefore histograms of any hosts and times add up exactly, in SQL too.
/// (OpenTelemetry, "Metrics Data Model", Exponential Scale; there base = 2^(2^-3).)
public enum LatencyBucket {
    /// Shorter ones count as one microsecond; bucket -1 holds exactly that.
    public static let indexMin: Int16 = -1
    /// About 19 hours.
    public static let indexMax: Int16 = 8 * 36 - 1
    public static var range: ClosedRange<Int16> { indexMin...indexMax }

    /// The bucket of a duration.
    public static func index(ofMicroseconds microseconds: Int64) -> Int16 {
        guard microseconds > 1 else { return indexMin }
        // The bounds are exclusive below: 2^k itself belongs to the bucket that ends there. One less than the value, with half a
        // unit added back by comparing against bounds rounded down, decides the same way in integers.
        let value = UInt64(microseconds)
        let exponent = 63 - value.leadingZeroBitCount
        var index = Int16(exponent * 8) - 1
        for step in 0..<8 where isAbove(value, step: step, exponent: exponent) { index += 1 }
        return min(index, indexMax)
    }

    /// Whether value > 2^(exponent + step/8).
    private static func isAbove(_ value: UInt64, step: Int, exponent: Int) -> Bool {
        // The fraction of the value above its leading bit, as 63 bits: order is kept, nothing is rounded.
        let fraction = (value << UInt64(value.leadingZeroBitCount)) << 1
        return fraction > fractions[step]
    }

    /// 2^(step/8) - 1 in units of 2^-64, rounded down.
    private static let fractions: [UInt64] = [
        0x0000_0000_0000_0000, 0x172b_83c7_d517_adcd, 0x306f_e0a3_1b71_52de, 0x4bfd_ad53_62a2_71d4,
        0x6a09_e667_f3bc_c908, 0x8ace_5422_aa0d_b5ba, 0xae89_f995_ad3a_d5e8, 0xd581_8dcf_ba48_725d,
    ]

    /// The largest duration of the bucket, in microseconds.
    public static func upperBound(of index: Int16) -> Double {
        let steps = Int(index) + 1
        var bound = Double(sign: .plus, exponent: steps >> 3, significand: 1)
        bound *= 1 + Double(fractions[steps & 7]) / 18_446_744_073_709_551_616
        return bound
    }
}

/// Counts of calls by latency bucket. Adding two is exact.
public struct LatencyHistogram: Sendable, Equatable {
    public private(set) var counts: [Int16: Int64] = [:]
    public private(set) var total: Int64 = 0

    public init() {}

    public mutating func add(_ count: Int64, to bucket: Int16) {
        counts[bucket, default: 0] += count
        total += count
    }

    public mutating func merge(_ other: LatencyHistogram) {
        for (bucket, count) in other.counts { add(count, to: bucket) }
    }

    /// The duration that the given share (0...1) of the calls did not exceed, in milliseconds; nil without calls.
    ///
    /// The geometric middle of the bucket in which it lies.
    public func quantile(_ share: Double) -> Double? {
        guard let bucket = bucket(at: share) else { return nil }
        guard bucket > LatencyBucket.indexMin else { return 0.001 }
        return (LatencyBucket.upperBound(of: bucket) * LatencyBucket.upperBound(of: bucket - 1)).squareRoot() / 1_000
    }

    /// The bucket in which the given share of the calls, counted from the fastest, is reached.
    public func bucket(at share: Double) -> Int16? {
        guard total > 0 else { return nil }
        let rank = max(1, Int64((share * Double(total)).rounded(.up)))
        var seen: Int64 = 0
        for (bucket, count) in counts.sorted(by: { $0.key < $1.key }) {
            seen += count
            if seen >= rank { return bucket }
        }
        return counts.keys.max()
    }

    /// How many calls took longer than every call of the bucket may.
    public func count(above bucket: Int16) -> Int64 {
        counts.reduce(0) { $1.key > bucket ? $0 + $1.value : $0 }
    }
}
