import Glibc

/// Whole-file operations. All of them block; call them at start, or from a `WorkerThread`.
public enum Files {
    /// A file's whole content, refused beyond `byteCountMax`.
    public static func read(_ path: String, byteCountMax: Int) throws(FileError) -> [UInt8] {
        let file = try Descriptor.open(path, O_RDONLY, operation: "open")
        return try file.readAll(path: path, byteCountMax: byteCountMax)
    }

    /// Puts `bytes` at `path`, so that after a crash at any moment either the old or the new content is there, whole.
    ///
    /// The content is written beside it, synced, given its name, and the directory is synced. `mode` is exact, whatever
    /// the umask. A crash can leave a `.tmp` file beside it. A symbolic link at `path` is replaced, not followed.
    ///
    /// - Parameter isSynced: false for what a loss of power may take: then nothing waits for the disk, and old or new is what a crash
    ///   of the process leaves, not one of the machine.
    public static func writeAtomically(
        _ bytes: [UInt8], to path: String, mode: UInt32 = 0o600, isSynced: Bool = true
    ) throws(FileError) {
        // By chance and not by process id: in a container that is always the same, and a file left by a crash would be
        // in the way.
        let temporary = "\(path).\(String(UInt64.random(in: .min ... .max), radix: 36)).tmp"
        let file = try Descriptor.open(
            temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode & 0o777, operation: "create")
        do throws(FileError) {
            guard fchmod(file.number, mode) == 0 else { throw FileError.last("set the mode of", temporary) }
            try withBytes(bytes) { (buffer) throws(FileError) in try file.write(buffer, path: temporary) }
            if isSynced { try file.sync(path: temporary) }
            guard rename(temporary, path) == 0 else { throw FileError.last("rename \(temporary) to", path) }
        } catch {
            unlink(temporary)
            throw error
        }
        if isSynced { try syncDirectory(directory(of: path)) }
    }

    /// Makes names in a directory (new, renamed, removed) survive a crash.
    public static func syncDirectory(_ path: String) throws(FileError) {
        let directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY, operation: "open")
        try directory.sync(path: path)
    }

    /// Makes a directory and those above it that are missing, which get the same mode (exact, whatever the umask). One
    /// that is there already is left as it is.
    public static func createDirectory(_ path: String, mode: UInt32 = 0o700) throws(FileError) {
        if mkdir(path, mode) == 0 {
            guard chmod(path, mode) == 0 else { throw FileError.last("set the mode of", path) }
            return
        }
        switch errno {
        case EEXIST:
            guard isDirectory(path) else { throw FileError.notADirectory(path: path) }
        case ENOENT where directory(of: path) != path:
            try createDirectory(directory(of: path), mode: mode)
            // Another process may have been faster: both are content.
            guard mkdir(path, mode) == 0 || errno == EEXIST else { throw FileError.last("create directory", path) }
            guard isDirectory(path) else { throw FileError.notADirectory(path: path) }
            guard chmod(path, mode) == 0 else { throw FileError.last("set the mode of", path) }
        default: throw FileError.last("create directory", path)
        }
    }

    public static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Removes a file. One that is not there is no error.
    public static func remove(_ path: String) throws(FileError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw FileError.last("remove", path) }
    }

    /// Gives a file or directory (not what lies in it) to another user.
    public static func setOwner(_ path: String, user: UInt32, group: UInt32) throws(FileError) {
        guard chown(path, user, group) == 0 else { throw FileError.last("give away", path) }
    }

    /// The names in a directory, sorted, without `.` and `..`.
    public static func names(in path: String) throws(FileError) -> [String] {
        guard let directory = opendir(path) else { throw FileError.last("list", path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// A file's size.
    public static func byteCount(of path: String) throws(FileError) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileError.last("measure", path) }
        return Int(clamping: status.st_size)
    }

    /// Bytes that an unprivileged process may still write on the file system of `path`.
    public static func availableByteCount(at path: String) throws(FileError) -> Int {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw FileError.last("measure the file system of", path) }
        let (byteCount, overflowed) = Int(clamping: status.f_bavail)
            .multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
        return overflowed ? .max : byteCount
    }

    /// The part before the last slash: `/` for `/a`, `.` for `a`.
    public static func directory(of path: String) -> String {
        var end = path.utf8.endIndex
        while end > path.startIndex, path.utf8[path.utf8.index(before: end)] == UInt8(ascii: "/") {
            end = path.utf8.index(before: end)
        }
        guard end > path.startIndex else { return path.isEmpty ? "." : "/" }
        guard let slash = path[..<end].utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

private func withBytes(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) {
    let result = bytes.withUnsafeBytes { buffer -> Result<Void, FileError> in
        do throws(FileError) { return .success(try body(buffer)) } catch { return .failure(error) }
    }
    try result.get()
}
