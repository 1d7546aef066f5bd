import Glibc
import Runtime

/// Who the server runs as. PostgreSQL refuses to run as root, and rightly so.
enum ServerUser {
    /// Ourselves, unless we are root. Then the owner of existing data; else the user named in the settings; else
    /// `postgres`, whom the Debian packages make.
    static func resolve(named name: String?, dataDirectory: String) throws(EmbeddedServerError) -> UserIdentity {
        let isRoot = geteuid() == 0
        guard let status = ServerFiles.status(dataDirectory) else {
            return isRoot ? try lookUp(name ?? "postgres") : .current
        }
        let owner = UserIdentity(user: status.st_uid, group: status.st_gid)
        var wanted = isRoot ? owner : .current
        if isRoot, let name { wanted = try lookUp(name) }
        guard owner.user == wanted.user, owner.user != 0 else {
            throw EmbeddedServerError(
                .unsuitable,
                "\(dataDirectory) belongs to user \(owner.user), and the server would run as \(wanted.user)",
                hint: "start as the user the data belongs to, or change its owner: chown -R USER \(dataDirectory)")
        }
        return wanted
    }

    private static func lookUp(_ name: String) throws(EmbeddedServerError) -> UserIdentity {
        guard let user = try? UserIdentity.named(name), user.user != 0 else {
            throw EmbeddedServerError(
                .unsuitable, "running as root, and there is no unprivileged user \(name) to run the server as",
                hint: "name one in the settings, or run the aggregator itself without privilege")
        }
        return user
    }
}

extension UserIdentity {
    /// Whether this user may pass through a directory, by its mode alone (access control lists are not looked at).
    func canEnter(_ status: stat) -> Bool {
        if user == 0 { return true }
        if status.st_uid == user { return status.st_mode & S_IXUSR != 0 }
        if status.st_gid == group || groups.contains(status.st_gid) { return status.st_mode & S_IXGRP != 0 }
        return status.st_mode & S_IXOTH != 0
    }
}
