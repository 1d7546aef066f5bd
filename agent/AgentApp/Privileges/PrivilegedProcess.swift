import Glibc
import Privileges
import Runtime

/// The part with the privileges: answers the agent over its standard input, a socket, until the agent is gone.
///
/// No command for people, and looked for before any is parsed: while the process still has its one thread, because each thread has
/// capabilities of its own.
public enum PrivilegedProcess {
    static let argument = "privileged"

    /// By linux/capability.h: what each question takes, and no more. Reading files and `/proc` of others, sockets for packets,
    /// performance events and BPF (by its own capabilities, or by the one that stood for them before), memory for maps.
    private static let capabilities: [UInt64] = [
        2,  // DAC_READ_SEARCH
        13,  // NET_RAW
        19,  // SYS_PTRACE
        21,  // SYS_ADMIN
        24,  // SYS_RESOURCE
        38,  // PERFMON
        39,  // BPF
        40,  // CHECKPOINT_RESTORE
    ]

    /// Does not come back where this process was started to be it.
    public static func runIfWanted() {
        guard CommandLine.arguments.count == 2, CommandLine.arguments[1] == argument else { return }
        do throws(FileError) {
            try serve()
            exit(0)
        } catch {
            printError("farwatch-agent \(argument): \(error)")
            exit(1)
        }
    }

    private static func serve() throws(FileError) {
        // Whoever ends the agent ends its probes first: this waits for that.
        for number in [SIGTERM, SIGINT, SIGHUP] { signal(number, SIG_IGN) }
        ThisProcess.forbidCoreDumps()
        try ThisProcess.forbidNewPrivileges()
        try ThisProcess.keepCapabilities(capabilities.reduce(0) { $0 | 1 << $1 })
        try PrivilegedServer.serve(
            DescriptorSocket(owning: STDIN_FILENO), PrivilegeSeparation.answers(for: getppid()))
    }
}
