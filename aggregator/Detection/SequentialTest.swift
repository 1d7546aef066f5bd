import CallModel
import Glibc

/// Evidence, call by call, that a share of calls has risen above what is normal: a mixture of cumulative sums.
///
/// Each sum adds the log likelihood ratio of every call under "the share is now q" against "the share is p, as usual", and never
/// falls below nothing (E. S. Page, "Continuous Inspection Schemes", 1954). Between failures a sum falls evenly, so it is brought up to
/// date only when a failure comes: a call that succeeds costs one addition to a counter elsewhere.
///
/// **False alarms are bounded.** A sum that starts with a call is a test martingale, so the chance that it ever reaches h before it
/// returns to nothing is at most e^-h (J. Ville, 1939). It can leave nothing only at a failure, which takes it to log(q/p) at once, so a
/// failure starts an alarm with a chance of at most (q/p)·e^-h, and a call with one of at most q·e^-h. The alternatives together
/// make that 1.3·e^-h for each call of a series, whatever is usual for it.
public struct SequentialTest: Sendable, Hashable {
    /// The shares watched for: from a partial outage of a few per cent to a total one.
    static let alternatives: [Double] = [0.03, 0.1, 0.3, 0.85]
    /// And not less than so many times the usual share.
    static let multiples: [Double] = [2.5, 4, 6, 8]

    private var sums = SIMD4<Double>(repeating: 0)
    /// When each sum last left nothing.
    private var onsets = SIMD4<Int64>(repeating: .max)
    /// The counter of calls as of the last failure.
    private var callsSeen = 0.0

    public init() {}

    /// The strongest evidence, in nats.
    public var evidence: Double { sums.max() }

    /// When the strongest evidence began.
    public var onset: Instant {
        var best = 0
        for index in 1..<4 where sums[index] > sums[best] { best = index }
        return Instant(nanosecondsSinceEpoch: onsets[best])
    }

    /// Takes in failures, and with them the successes since the last.
    ///
    /// Returns whether all evidence had been gone before: something begins anew.
    ///
    /// - Parameters:
    ///   - count: how many failed together.
    ///   - calls: of the series, all that were ever counted, these included.
    ///   - usual: the share that fails when nothing is wrong.
    @discardableResult
    public mutating func failed(_ count: Double, calls: Double, usual: Double, at time: Instant) -> Bool {
        let p = min(max(usual, 1e-6), 0.5)
        let successes = max(0, calls - callsSeen - count)
        callsSeen = calls
        var isNew = true
        for index in 0..<4 {
            let q = min(0.95, max(Self.alternatives[index], p * Self.multiples[index]))
            guard q > p * 1.5 else { continue }
            let fallen = sums[index] - successes * log((1 - p) / (1 - q))
            if fallen <= 0 { onsets[index] = time.nanosecondsSinceEpoch } else { isNew = false }
            sums[index] = max(0, fallen) + count * log(q / p)
        }
        return isNew
    }

    /// Forgets the evidence: it has been explained.
    public mutating func reset(calls: Double) {
        sums = SIMD4(repeating: 0)
        onsets = SIMD4(repeating: .max)
        callsSeen = calls
    }
}

extension SequentialTest {
    init(_ reader: inout StateReader) throws(StateError) {
        for index in 0..<4 { sums[index] = try reader.double() }
        for index in 0..<4 { onsets[index] = try reader.next() }
        callsSeen = try reader.double()
    }

    func write(to writer: inout StateWriter) {
        for index in 0..<4 { writer.put(sums[index]) }
        for index in 0..<4 { writer.put(onsets[index]) }
        writer.put(callsSeen)
    }
}

/// How much better a share that rose explains `failures` of `calls` than the usual one, in nats; 0 where it did not rise.
public func logLikelihoodRatio(failures: Double, calls: Double, expected: Double) -> Double {
    guard calls > 0, failures > 0 else { return 0 }
    let p = min(max(expected / calls, 1e-9), 0.999_999)
    let q = min(failures / calls, 1)
    guard q > p else { return 0 }
    let hit = failures * log(q / p)
    return q >= 1 ? hit : hit + (calls - failures) * log((1 - q) / (1 - p))
}
