import Glibc
import Runtime

/// Where the private server keeps its things, below the state directory:
///
/// ```text
/// postgres/               ours; 0711 when we are root (the server's user passes through), else 0700
///   lock                  locked by the aggregator that owns the server, for as long as it runs
///   farwatch.conf         the server's settings, written anew at each start
///   operator.conf         read after it where it exists; never touched
///   data/                 PGDATA, 0700, the server's user's
///   run/                  the Unix socket, 0700, the server's user's; or a link to where it really is
///   log/postgresql.log    and one older, postgresql.log.1
/// ```
///
/// There is no password and no TCP: whoever may enter `run` may connect, and that is the server's user and root. A
/// socket's path holds at most 107 bytes (`sun_path` of unix(7)); where the state directory lies too deep the socket is
/// put into a short private directory, and `run` becomes a link to it, for people to find.
///
/// As root we write nothing into directories of the server's user but `postmaster.pid` (see `PostmasterFile.disown`),
/// so that links planted there lead nowhere.
struct ServerDirectories {
    let root: String
    let user: UserIdentity
    let socketDirectory: String

    var data: String { root + "/data" }
    /// Filled by `initdb` and then renamed to `data`: a crash half-way leaves no half a database.
    var dataAside: String { root + "/data.new" }
    var settingsFile: String { root + "/farwatch.conf" }
    var operatorFile: String { root + "/operator.conf" }
    var logFile: String { root + "/log/postgresql.log" }
    var lockFile: String { root + "/lock" }

    static func root(in stateDirectory: String) -> String { stateDirectory + "/postgres" }

    /// Checks and makes what is not there yet, except the data.
    init(stateDirectory: String, userName: String?) throws(EmbeddedServerError) {
        let stateDirectory = try ServerFiles.makeDirectories(stateDirectory)
        root = Self.root(in: stateDirectory)
        user = try ServerUser.resolve(named: userName, dataDirectory: root + "/data")
        try ServerFiles.makeDirectory(root, mode: Self.isOurselves(user) ? 0o700 : 0o711)
        try Self.openPath(to: root, ours: [stateDirectory, root], user)
        try ServerFiles.makeDirectory(root + "/log", mode: 0o700)
        socketDirectory = try SocketDirectory.make(preferred: root + "/run", user)
    }

    private static func isOurselves(_ user: UserIdentity) -> Bool { user.user == geteuid() }

    /// The server's user must be able to pass through every directory on the way. On our own two we see to it; those
    /// above are not ours to change.
    private static func openPath(to path: String, ours: [String], _ user: UserIdentity) throws(EmbeddedServerError) {
        if isOurselves(user) { return }
        var ancestor = ""
        for name in [""] + path.split(separator: "/").map(String.init) {
            ancestor = name.isEmpty ? "/" : (ancestor == "/" ? "" : ancestor) + "/" + name
            var status = stat()
            guard stat(ancestor, &status) == 0 else { throw .system("look at", ancestor) }
            if user.canEnter(status) { continue }
            guard ours.contains(ancestor) else {
                throw EmbeddedServerError(
                    .unsuitable, "the server's user (\(user.user)) cannot pass through \(ancestor)",
                    hint: "chmod o+x \(ancestor), or choose another state_directory")
            }
            guard chmod(ancestor, status.st_mode & 0o7777 | S_IXOTH) == 0 else { throw .system("chmod", ancestor) }
        }
    }

    /// The major version that wrote the data; nil where there is none yet.
    func dataVersion() throws(EmbeddedServerError) -> Int? {
        guard ServerFiles.status(data) != nil else { return nil }
        let text = ServerFiles.text(of: data + "/PG_VERSION") ?? ""
        guard let version = Int(text.prefix { $0.isNumber }) else {
            throw EmbeddedServerError(
                .unsuitable, "\(data) is there but holds no database (no readable PG_VERSION)",
                hint: "move it away if nothing in it is needed")
        }
        return version
    }
}
