import Glibc

/// Who a process runs as.
public struct UserIdentity: Sendable, Equatable {
    public var user: UInt32
    public var group: UInt32
    /// Supplementary groups.
    public var groups: [UInt32]

    public init(user: UInt32, group: UInt32, groups: [UInt32] = []) {
        self.user = user
        self.group = group
        self.groups = groups
    }

    /// The effective identity of this process.
    public static var current: UserIdentity {
        let count = getgroups(0, nil)
        var groups = [gid_t](repeating: 0, count: max(0, Int(count)))
        let kept = getgroups(Int32(groups.count), &groups)
        return UserIdentity(user: geteuid(), group: getegid(), groups: Array(groups.prefix(max(0, Int(kept)))))
    }

    /// A user of this host with all groups the host gives it.
    public static func named(_ name: String) throws(ProcessError) -> UserIdentity {
        guard let (user, group) = account(named: name) else { throw .unknownUser(name) }
        var count: Int32 = 64
        while true {
            let asked = count
            var groups = [gid_t](repeating: 0, count: Int(asked))
            guard getgrouplist(name, group, &groups, &count) < 0, count > asked else {
                return UserIdentity(user: user, group: group, groups: Array(groups.prefix(Int(count))))
            }
        }
    }
}

private func account(named name: String) -> (user: UInt32, group: UInt32)? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    // Longer entries (a directory service's) are refused with ERANGE, as if the user did not exist.
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64 << 10) { buffer in
        guard getpwnam_r(name, &entry, buffer.baseAddress!, buffer.count, &found) == 0, found != nil else { return nil }
        return (entry.pw_uid, entry.pw_gid)
    }
}
