import CallModel

extension Instant {
    /// The time since another instant, in seconds: as `(self - other).inSeconds`, without the way over 128 bits that a `Duration`
    /// takes. Asked several times a call.
    @inlinable
    public func seconds(since other: Instant) -> Double {
        let (difference, overflow) = nanosecondsSinceEpoch.subtractingReportingOverflow(other.nanosecondsSinceEpoch)
        return Double(overflow ? (self < other ? .min : .max) : difference) / 1e9
    }
}
