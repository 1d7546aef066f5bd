import Capture
import Glibc
import Privileges
import Probes
import Runtime

/// Parts the agent in two before it does anything (docs/decisions/privileges.md).
///
/// Started as root with `user` set, it starts a copy of itself that keeps the privileges and only answers `PrivilegedRequest`s, and
/// then becomes that user and its own program anew: whatever reads bytes from outside has no capability, and gains none any more.
enum PrivilegeSeparation {
    /// Whether this process is root and is not meant to stay it.
    static func isDue(_ settings: AgentSettings) -> Bool { settings.user != nil && geteuid() == 0 }

    /// Does not come back. The process id stays the same.
    static func begin(_ settings: AgentSettings) throws -> Never {
        let user = settings.user ?? ""
        let identity = try UserIdentity.named(user)
        try handOver(settings.stateDirectory, to: identity)
        var arguments = Array(CommandLine.arguments.dropFirst())
        var kept: DescriptorSocket?
        if settings.capture.packets || settings.capture.probes != .off {
            let (own, other) = try DescriptorSocket.pair()
            try ThisProcess.startAgain(arguments: [PrivilegedProcess.argument], input: other)
            try own.keepAfterExecute()
            arguments += ["--privileged-socket", "\(own.number)"]
            kept = own
        }
        // Open until the program is another one.
        defer { withExtendedLifetime(kept) {} }
        try ThisProcess.forbidNewPrivileges()
        try ThisProcess.becomeUser(identity)
        try ThisProcess.executeAgain(arguments: arguments)
    }

    /// Whom the agent asks: the process at the other end of the socket, or itself.
    static func part(over socket: Int32?) -> PrivilegedPart {
        if let socket { return PrivilegedPart(over: DescriptorSocket(owning: socket)) }
        return PrivilegedPart(here: answers(for: getpid()))
    }

    /// - Parameter agent: The process that asks.
    static func answers(for agent: Int32) -> @Sendable (PrivilegedRequest) -> PrivilegedAnswer {
        let probes = ProbePrivileges(ownProcessID: agent)
        return { probes.answer($0) ?? PacketPrivileges.answer($0) ?? PrivilegedAnswer(error: EINVAL) }
    }

    // MARK: The state directory

    /// Far more than a spool holds.
    private static let entriesMax = 1_000_000

    /// The user must be able to write its state. What was root's until now is handed over once, which is safe because nobody else
    /// could put anything there; what is another's is left alone.
    private static func handOver(_ directory: String, to identity: UserIdentity) throws {
        try Files.createDirectory(directory, mode: 0o700)
        var status = stat()
        guard lstat(directory, &status) == 0 else {
            throw FileError.failed(operation: "look at", path: directory, errno: errno)
        }
        guard status.st_uid != identity.user else { return }
        guard status.st_uid == 0, status.st_mode & 0o022 == 0 else {
            throw FileError.failed(operation: "hand over", path: directory, errno: EPERM)
        }
        var left = entriesMax
        try handOver(entry: directory, to: identity, &left)
    }

    /// What a directory holds before itself, so that what was not finished is done again.
    private static func handOver(entry path: String, to identity: UserIdentity, _ left: inout Int) throws {
        left -= 1
        guard left > 0 else { throw FileError.tooLarge(path: path, byteCountMax: entriesMax) }
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            for name in try Files.names(in: path) { try handOver(entry: path + "/" + name, to: identity, &left) }
        }
        guard lchown(path, identity.user, identity.group) == 0 else {
            throw FileError.failed(operation: "change the owner of", path: path, errno: errno)
        }
    }
}
