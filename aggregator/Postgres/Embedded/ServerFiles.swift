import Glibc
import Runtime

/// What the private server needs of the file system beside `Runtime.Files`: owners, modes and links matter here.
enum ServerFiles {
    /// Makes a directory where there is none. Nothing else may stand in its place, a symbolic link neither.
    static func makeDirectory(_ path: String, mode: mode_t, owner: UserIdentity? = nil) throws(EmbeddedServerError) {
        if mkdir(path, mode) == 0 {
            // The process's umask may have taken bits away.
            guard chmod(path, mode) == 0 else { throw .system("chmod", path) }
            if let owner, geteuid() == 0, chown(path, owner.user, owner.group) != 0 { throw .system("chown", path) }
        } else if errno != EEXIST {
            throw .system("create directory", path)
        }
        guard let status = status(path), isDirectory(status) else {
            throw EmbeddedServerError(.unsuitable, "\(path) is not a directory")
        }
    }

    /// Makes a directory and what is missing above it, and returns its real path. Links on the way are followed.
    static func makeDirectories(_ path: String) throws(EmbeddedServerError) -> String {
        guard path.hasPrefix("/") else {
            throw EmbeddedServerError(.unsuitable, "the state directory must be an absolute path: \(path)")
        }
        do throws(FileError) {
            try Files.createDirectory(path, mode: 0o755)
        } catch {
            throw EmbeddedServerError(error)
        }
        guard let real = realpath(path, nil) else { throw .system("look at", path) }
        defer { free(real) }
        return String(cString: real)
    }

    /// Of the path itself, not of what a link points to.
    static func status(_ path: String) -> stat? {
        var result = stat()
        return lstat(path, &result) == 0 ? result : nil
    }

    static func isDirectory(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }

    static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    /// A small file's text; nil where it cannot be read.
    static func text(of path: String) -> String? {
        (try? Files.read(path, byteCountMax: 64 << 10)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Removes a directory and all in it, following no link.
    static func removeTree(_ path: String) throws(EmbeddedServerError) {
        guard let status = status(path) else { return }
        guard isDirectory(status) else {
            guard unlink(path) == 0 else { throw .system("remove", path) }
            return
        }
        for name in (try? Files.names(in: path)) ?? [] { try removeTree(path + "/" + name) }
        guard rmdir(path) == 0 else { throw .system("remove", path) }
    }
}
