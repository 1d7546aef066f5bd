import CRuntime
import Glibc

/// What a program asks of, or sets for, its own process. Only the apps call this.
public enum ThisProcess {
    public static var id: Int32 { getpid() }

    /// All variables, as they were given. Where one is given twice the first counts, as for getenv(3).
    public static var environment: [String: String] {
        var variables: [String: String] = [:]
        guard var entry = farwatch_environment() else { return [:] }
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2, variables[String(pair[0])] == nil { variables[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return variables
    }

    /// Captured bytes and keys must not end up in a core file.
    @discardableResult
    public static func forbidCoreDumps() -> Bool {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        return setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0
    }

    /// Raises the number of files and sockets that may be open to what the system allows this process; returns it.
    @discardableResult
    public static func raiseOpenFileLimit() -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return 0 }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        return Int(clamping: setrlimit(resource, &limit) == 0 ? limit.rlim_cur : before)
    }

    /// True when standard error is a terminal.
    public static var errorOutputIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
