import Glibc

extension MetricsRegistry {
    /// What Prometheus's own client libraries say of a process, under the names every dashboard knows. Read from /proc
    /// at each exposition; a file that cannot be read gives NaN.
    public func addProcessMetrics() {
        gauge(
            "process_resident_memory_bytes", help: "Resident memory size in bytes.",
            read: { statm(field: 1).map { $0 * pageByteCount } ?? .nan })
        gauge(
            "process_virtual_memory_bytes", help: "Virtual memory size in bytes.",
            read: { statm(field: 0).map { $0 * pageByteCount } ?? .nan })
        counter(
            "process_cpu_seconds_total", help: "Total user and system CPU time spent in seconds.",
            read: cpuSeconds)
        gauge("process_open_fds", help: "Number of open file descriptors.", read: openFileCount)
        gauge("process_max_fds", help: "Maximum number of open file descriptors.", read: openFileMax)
        gauge("process_threads", help: "Number of threads.", read: { stat(field: 20) ?? .nan })
        // It never changes, and a clock set later must not move it.
        let start = startSecondsSinceEpoch() ?? .nan
        gauge(
            "process_start_time_seconds", help: "Start time of the process since unix epoch in seconds.",
            read: { start })
    }
}

private let pageByteCount = Double(sysconf(Int32(_SC_PAGESIZE)))

private func text(_ path: String) -> String? {
    // A figure that cannot be read is shown as NaN.
    (try? Files.read(path, byteCountMax: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
}

private func statm(field: Int) -> Double? {
    guard let fields = text("/proc/self/statm")?.split(separator: " "), fields.count > field else { return nil }
    return Double(fields[field])
}

/// A numbered field of /proc/self/stat, counted from 1 as in proc(5). The second is the program's name in parentheses
/// and may itself hold blanks and parentheses, so counting begins after the last of them.
private func stat(field: Int) -> Double? {
    guard let line = text("/proc/self/stat"), let end = line.lastIndex(of: ")") else { return nil }
    let fields = line[line.index(after: end)...].split(whereSeparator: \.isWhitespace)
    guard field >= 3, fields.count > field - 3 else { return nil }
    return Double(fields[field - 3])
}

private func cpuSeconds() -> Double {
    var time = timespec()
    guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return .nan }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

private func openFileCount() -> Double {
    // Less the one that is open to list them.
    (try? Files.names(in: "/proc/self/fd")).map { Double($0.count - 1) } ?? .nan
}

private func openFileMax() -> Double {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .nan }
    return Double(limit.rlim_cur)
}

/// The kernel tells the start in ticks since boot, and boot in seconds since the epoch.
private func startSecondsSinceEpoch() -> Double? {
    guard let ticks = stat(field: 22), let lines = text("/proc/stat")?.split(separator: "\n"),
        let boot = lines.first(where: { $0.hasPrefix("btime ") })?.dropFirst("btime ".count), let seconds = Double(boot)
    else { return nil }
    return seconds + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
}
