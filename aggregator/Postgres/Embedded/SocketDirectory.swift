import Glibc
import Runtime

/// Finds the socket a directory: private, and with a short enough path.
enum SocketDirectory {
    /// The port only names the socket: no TCP is spoken. The default lets `psql -h DIRECTORY` find it.
    static let port = 5432
    /// `sun_path` holds 108 bytes with its terminator; the name is `/.s.PGSQL.5432`.
    static let byteCountMax = 107 - "/.s.PGSQL.\(port)".utf8.count

    static func make(preferred: String, _ user: UserIdentity) throws(EmbeddedServerError) -> String {
        if preferred.utf8.count <= byteCountMax {
            // Left from when the path was longer, or a newer one: only a link is taken away.
            if let status = ServerFiles.status(preferred), !ServerFiles.isDirectory(status) { unlink(preferred) }
            try makePrivate(preferred, user)
            return preferred
        }
        let name = "farwatch-" + hexadecimalHash(of: preferred)
        var failure = EmbeddedServerError(.unsuitable, "no place for a socket")
        for parent in user.user == 0 || geteuid() == 0 ? ["/run", "/tmp"] : ["/run/user/\(user.user)", "/tmp"] {
            do throws(EmbeddedServerError) {
                try makePrivate("\(parent)/\(name)", user)
                try link(preferred, to: "\(parent)/\(name)")
                return "\(parent)/\(name)"
            } catch {
                failure = error
            }
        }
        throw failure
    }

    /// Someone else's directory under a name of ours would let them pose as the server.
    private static func makePrivate(_ path: String, _ user: UserIdentity) throws(EmbeddedServerError) {
        try ServerFiles.makeDirectory(path, mode: 0o700, owner: user)
        guard let status = ServerFiles.status(path), status.st_uid == user.user else {
            throw EmbeddedServerError(.unsuitable, "\(path) belongs to another user than the server's (\(user.user))")
        }
        if status.st_mode & 0o777 != 0o700, chmod(path, 0o700) != 0 { throw .system("chmod", path) }
    }

    private static func link(_ path: String, to target: String) throws(EmbeddedServerError) {
        if let status = ServerFiles.status(path) {
            guard ServerFiles.isDirectory(status) ? rmdir(path) == 0 : unlink(path) == 0 else {
                throw .system("replace", path)
            }
        }
        guard symlink(target, path) == 0 else { throw .system("link", path) }
    }

    /// FNV-1a: the same path has the same directory after a restart. Not a matter of security, see `makePrivate`.
    private static func hexadecimalHash(of text: String) -> String {
        let hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return String(hash, radix: 16)
    }
}
