import Glibc

/// The processor time of the applications that probes stand in, as a sum that only grows: what a process had used stays in it
/// when it ends.
struct ApplicationTime {
    private static let processCountMax = 1_024

    private var last: [UInt32: Duration] = [:]
    private var ended = Duration.zero

    mutating func follow(_ processID: UInt32) {
        guard last[processID] == nil, last.count < Self.processCountMax else { return }
        last[processID] = ProcessFiles.processorTime(processID) ?? .zero
        // What it used before it was followed is not to appear as a leap.
        ended -= last[processID] ?? .zero
    }

    mutating func total() -> Duration {
        for (processID, used) in last {
            if let now = ProcessFiles.processorTime(processID) {
                last[processID] = max(used, now)
            } else {
                ended += used
                last[processID] = nil
            }
        }
        return last.values.reduce(ended, +)
    }
}

enum ProcessorTime {
    /// Of all threads of this process, in user and kernel mode.
    static func ofThisProcess() -> Duration {
        var usage = rusage()
        guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return .zero }
        return duration(usage.ru_utime) + duration(usage.ru_stime)
    }

    private static func duration(_ time: timeval) -> Duration {
        .seconds(Int64(time.tv_sec)) + .microseconds(Int64(time.tv_usec))
    }
}
