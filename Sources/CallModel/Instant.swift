/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, as a host's wall clock told it.
///
/// Signed 64 bits reach from 1677 to 2262. Text is RFC 3339 in UTC; arithmetic uses `Duration` and stops at the ends of the
/// range instead of trapping, because times come from outside.
public struct Instant: Hashable, Comparable, Sendable {
    public var nanosecondsSinceEpoch: Int64

    public init(nanosecondsSinceEpoch: Int64) {
        self.nanosecondsSinceEpoch = nanosecondsSinceEpoch
    }

    public static let epoch = Instant(nanosecondsSinceEpoch: 0)

    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
    }

    /// Whole microseconds, rounded down: PostgreSQL's resolution.
    public var microsecondsSinceEpoch: Int64 { floorDivide(nanosecondsSinceEpoch, 1_000) }
    /// Whole milliseconds, rounded down: the resolution of the JSON contract.
    public var millisecondsSinceEpoch: Int64 { floorDivide(nanosecondsSinceEpoch, 1_000_000) }
    /// Whole seconds, rounded down.
    public var secondsSinceEpoch: Int64 { floorDivide(nanosecondsSinceEpoch, 1_000_000_000) }

    public init(microsecondsSinceEpoch: Int64) {
        self.init(nanosecondsSinceEpoch: saturatingMultiply(microsecondsSinceEpoch, 1_000))
    }

    public init(millisecondsSinceEpoch: Int64) {
        self.init(nanosecondsSinceEpoch: saturatingMultiply(millisecondsSinceEpoch, 1_000_000))
    }

    public init(secondsSinceEpoch: Int64) {
        self.init(nanosecondsSinceEpoch: saturatingMultiply(secondsSinceEpoch, 1_000_000_000))
    }

    public static func + (instant: Instant, duration: Duration) -> Instant {
        let (sum, overflow) = instant.nanosecondsSinceEpoch.addingReportingOverflow(duration.nanoseconds)
        return Instant(nanosecondsSinceEpoch: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    public static func - (instant: Instant, duration: Duration) -> Instant {
        let (difference, overflow) = instant.nanosecondsSinceEpoch.subtractingReportingOverflow(duration.nanoseconds)
        return Instant(nanosecondsSinceEpoch: overflow ? (duration < .zero ? .max : .min) : difference)
    }

    /// The time from `right` to `left`, negative when `left` is the earlier.
    public static func - (left: Instant, right: Instant) -> Duration {
        let (difference, overflow) = left.nanosecondsSinceEpoch.subtractingReportingOverflow(
            right.nanosecondsSinceEpoch)
        return .nanoseconds(overflow ? (left < right ? .min : .max) : difference)
    }

    /// The latest multiple of `width` since the epoch that is not after this instant.
    public func floored(to width: Duration) -> Instant {
        let step = max(1, width.nanoseconds)
        return Instant(nanosecondsSinceEpoch: saturatingMultiply(floorDivide(nanosecondsSinceEpoch, step), step))
    }
}

extension Duration {
    /// Whole nanoseconds; stops at the ends of 64 bits (about 292 years).
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowed) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || overflowed ? (seconds < 0 ? .min : .max) : sum
    }

    /// Seconds with their fraction, for display and statistics.
    public var inSeconds: Double { Double(nanoseconds) / 1e9 }
}

func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let quotient = value / divisor
    return value % divisor < 0 ? quotient - 1 : quotient
}

private func saturatingMultiply(_ value: Int64, _ factor: Int64) -> Int64 {
    let (product, overflow) = value.multipliedReportingOverflow(by: factor)
    return overflow ? (value < 0 ? .min : .max) : product
}
