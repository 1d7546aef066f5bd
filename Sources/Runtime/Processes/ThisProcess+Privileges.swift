import CRuntime
import Glibc

/// Giving privileges up, for good.
extension ThisProcess {
    /// What this thread may do beyond its user's rights, one bit a capability (linux/capability.h).
    public static var capabilities: UInt64 {
        var (effective, permitted): (UInt64, UInt64) = (0, 0)
        return farwatch_capabilities(&effective, &permitted) == 0 ? effective | permitted : 0
    }

    /// Gives up all capabilities but these, for this thread and those it starts.
    public static func keepCapabilities(_ kept: UInt64) throws(FileError) {
        guard farwatch_capabilities_keep(kept) == 0 else { throw .last("give up capabilities of", subject) }
    }

    /// Nothing this thread starts gains a privilege any more, not even by a set-user-id program.
    public static func forbidNewPrivileges() throws(FileError) {
        guard farwatch_forbid_new_privileges() == 0 else { throw .last("forbid new privileges of", subject) }
    }

    /// Becomes another user with the groups the host gives it, and nobody's way back: all threads lose every capability.
    public static func becomeUser(_ identity: UserIdentity) throws(FileError) {
        guard farwatch_become(identity.user, identity.group, identity.groups, identity.groups.count) == 0 else {
            throw .last("change the user of", subject)
        }
    }

    /// Becomes this program anew, under the same process id, with other arguments: nothing of what is in memory stays.
    public static func executeAgain(arguments: [String]) throws(FileError) -> Never {
        withCStrings([program] + arguments) { list in
            _ = execve("/proc/self/exe", list, farwatch_environment())
        }
        throw .last("start anew", program)
    }

    /// Starts this program once more, with a socket as its standard input. It goes on when this process becomes another program,
    /// and notices its end by the socket.
    public static func startAgain(arguments: [String], input: DescriptorSocket) throws(ProcessError) {
        var process: pid_t = 0
        var step: Int32 = 0
        let error = withCStrings([program] + arguments) { list in
            var request = farwatch_spawn()
            return program.withCString { path in
                request.executable = path
                request.arguments = list
                request.environment = farwatch_environment()
                request.standard = (input.number, -1, -1)
                return farwatch_spawn(&request, &process, &step)
            }
        }
        guard error == 0 else { throw .notStarted(program: program, step: stepName(step), errno: error) }
    }

    private static let subject = "this process"

    /// The path of the running program, as the system knows it.
    private static var program: String {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : CommandLine.arguments[0]
    }
}
