import Glibc

/// The time of day, for stamps that leave the process. It can jump; never measure a duration with it.
public enum WallClock {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    public static func now() -> Int64 { nanoseconds(of: CLOCK_REALTIME) }
}

/// Time that only moves forward, for durations and deadlines. It stands still while the host sleeps.
public enum MonotonicClock {
    /// Nanoseconds since some moment before the process started.
    public static func now() -> Int64 { nanoseconds(of: CLOCK_MONOTONIC) }
}

private func nanoseconds(of clock: clockid_t) -> Int64 {
    var time = timespec()
    // Fails only for a clock that does not exist; both exist on every Linux.
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
}

extension Duration {
    /// Whole nanoseconds, held at the ends of what 64 bits can say (292 years).
    var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflowed) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (total, overflowedAgain) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed || overflowedAgain ? (seconds < 0 ? .min : .max) : total
    }
}
