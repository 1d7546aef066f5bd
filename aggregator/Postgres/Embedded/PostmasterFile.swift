import Glibc
import Runtime

/// What a running server tells of itself in `postmaster.pid` (PostgreSQL's miscadmin.h lists the lines).
struct PostmasterFile: Equatable {
    enum Status: Equatable {
        case starting, ready, stopping
        /// The server has not come to writing it.
        case none
    }

    var processID: pid_t
    var dataDirectory: String
    var socketDirectory: String
    var status: Status

    /// Nil where the first line is no process id. The server writes the later lines as it gets there.
    init?(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        func line(_ number: Int) -> Substring { number <= lines.count ? lines[number - 1] : "" }
        // Standalone backends (`postgres --single`) write theirs negated.
        guard let processID = pid_t(line(1)), processID != 0, processID != .min else { return nil }
        self.processID = abs(processID)
        dataDirectory = String(line(2))
        socketDirectory = String(line(5))
        switch line(8).prefix(while: { $0 != " " }) {
        case "ready", "standby": status = .ready
        case "starting": status = .starting
        case "stopping": status = .stopping
        default: status = .none
        }
    }

    static func read(in dataDirectory: String) -> PostmasterFile? {
        ServerFiles.text(of: dataDirectory + "/postmaster.pid").flatMap { PostmasterFile($0) }
    }

    /// The process is alive *and* is a server on this data: its working directory is the data directory, which tells it
    /// from a stranger that was given the same id since (as after a reboot, or in a new container).
    func isAlive(on dataDirectory: String) -> Bool {
        guard kill(processID, 0) == 0 || errno == EPERM else { return false }
        var here = stat()
        var there = stat()
        guard stat(dataDirectory, &here) == 0 else { return false }
        if stat("/proc/\(processID)/cwd", &there) == 0 {
            return here.st_dev == there.st_dev && here.st_ino == there.st_ino
        }
        // A process that has ended and waits for its parent has no directory; one we may not look at goes by its name.
        guard errno == EACCES || errno == EPERM else { return false }
        return ServerFiles.text(of: "/proc/\(processID)/comm") == "postgres\n"
    }

    /// Lets a server start although a stranger has the process id noted in the file. The file must not simply go: its
    /// shared memory key is how a new server finds out that children of the old one still write. But a server takes its
    /// own parent's id for a leftover, so the id is replaced by ours.
    static func disown(in dataDirectory: String, owner: UserIdentity) throws(EmbeddedServerError) {
        let path = dataDirectory + "/postmaster.pid"
        guard let text = ServerFiles.text(of: path) else { return }
        let rest = text.drop { $0 != "\n" }
        do throws(FileError) {
            try Files.writeAtomically(Array("\(getpid())\(rest)".utf8), to: path, mode: 0o600)
            if geteuid() == 0 { try Files.setOwner(path, user: owner.user, group: owner.group) }
        } catch {
            throw EmbeddedServerError(error)
        }
    }
}
