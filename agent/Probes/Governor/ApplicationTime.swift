import Glibc

/// The processor time of the applications whose TLS is read, as a sum that only grows: what a process had used stays in it when
/// it ends.
struct ApplicationTime {
    /// Beyond, the others' time is missing from the sum, and the governor the stricter for it.
    private static let processCountMax = 256
    /// Asking the kernel costs ten microseconds a process.
    private static let interval: Int64 = 1_000_000_000

    private var last: [UInt32: Duration] = [:]
    private var ended = Duration.zero
    private var sum = Duration.zero
    private var nextReading: Int64 = 0

    mutating func follow(_ processID: UInt32) {
        guard last[processID] == nil, last.count < Self.processCountMax else { return }
        let used = ProcessFiles.processorTime(processID) ?? .zero
        last[processID] = used
        // What it used before it was followed is not to appear as a leap.
        ended -= used
    }

    /// - Parameter time: Of the monotonic clock, in nanoseconds.
    mutating func total(at time: Int64) -> Duration {
        guard time >= nextReading else { return sum }
        nextReading = time + Self.interval
        for (processID, used) in last {
            if let now = ProcessFiles.processorTime(processID) {
                last[processID] = max(used, now)
            } else {
                ended += used
                last[processID] = nil
            }
        }
        sum = last.values.reduce(ended, +)
        return sum
    }
}

/// Processor time given to one kind of work: a share of a core, with a burst saved up.
struct ProcessorBudget {
    private let share: Double
    private let burst: Duration
    private(set) var used = Duration.zero
    private var left: Duration
    private var last: Int64?

    init(share: Double, burst: Duration) {
        self.share = share
        self.burst = burst
        left = burst
    }

    /// Whether there is anything left of it.
    mutating func mayRun(at time: Int64) -> Bool {
        let elapsed = Double(time - (last ?? time)) / 1e9
        last = time
        left = min(burst, left + .seconds(elapsed * share))
        return left > .zero
    }

    mutating func ran(_ duration: Duration) {
        used += duration
        left -= duration
    }
}

public enum ProcessorTime {
    /// Of all threads of this process, in user and kernel mode.
    public static func ofThisProcess() -> Duration {
        var usage = rusage()
        guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return .zero }
        return duration(usage.ru_utime) + duration(usage.ru_stime)
    }

    static func ofThisThread() -> Duration {
        var time = timespec()
        guard clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0 else { return .zero }
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    private static func duration(_ time: timeval) -> Duration {
        .seconds(Int64(time.tv_sec)) + .microseconds(Int64(time.tv_usec))
    }
}
