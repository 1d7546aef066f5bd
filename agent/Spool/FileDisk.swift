import Glibc
import Runtime

/// A directory of the file system.
///
/// Not for two threads at once: each call blocks, and the spool's worker thread is the only caller.
public final class FileDisk: Disk {
    private let path: String
    private let directory: Int32

    /// Opens a directory, and makes it (mode 0700: calls lie in it) where it is missing.
    public init(path: String) throws(DiskError) {
        do {
            try Files.createDirectory(path)
        } catch {
            throw DiskError(operation: "make", file: path, number: error.systemError ?? ENOTDIR)
        }
        directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        self.path = path
        guard directory >= 0 else { throw .last("open", path) }
    }

    deinit { Glibc.close(directory) }

    public func list() throws(DiskError) -> [(name: String, byteCount: Int)] {
        let names: [String]
        do {
            names = try Files.names(in: path)
        } catch {
            throw DiskError(operation: "list", file: path, number: error.systemError ?? EIO)
        }
        return names.compactMap { name in
            var status = stat()
            guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0, status.st_mode & S_IFMT == S_IFREG
            else { return nil }
            return (name, Int(status.st_size))
        }
    }

    public func read(_ name: String, from offset: Int, byteCountMax: Int) throws(DiskError) -> [UInt8] {
        let file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw .last("open", name) }
        defer { Glibc.close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .last("open", name) }
        let wanted = max(0, min(byteCountMax, Int(status.st_size) - offset))
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
            while count < wanted {
                let read = pread(file, buffer.baseAddress! + count, wanted - count, off_t(offset + count))
                if read < 0, errno == EINTR { continue }
                failed = read < 0
                if read <= 0 { return }
                count += read
            }
        }
        if failed { throw .last("read", name) }
        return bytes
    }

    public func create(_ name: String) throws(DiskError) -> DiskFile {
        let file = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .last("create", name) }
        return DiskFile(name: name, number: file)
    }

    public func write(_ parts: [[UInt8]], to file: DiskFile, at offset: Int) throws(DiskError) {
        var offset = offset
        for part in parts {
            let failed = part.withUnsafeBytes { bytes in
                var written = 0
                while written < bytes.count {
                    let count = pwrite(
                        file.number, bytes.baseAddress! + written, bytes.count - written, off_t(offset + written))
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { return true }
                    written += count
                }
                return false
            }
            if failed { throw .last("write", file.name) }
            offset += part.count
        }
    }

    public func truncate(_ name: String, to byteCount: Int) throws(DiskError) {
        let file = openat(directory, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw .last("open", name) }
        defer { Glibc.close(file) }
        guard ftruncate(file, off_t(byteCount)) == 0 else { throw .last("cut", name) }
    }

    public func sync(_ file: DiskFile) throws(DiskError) {
        guard fdatasync(file.number) == 0 else { throw .last("sync", file.name) }
    }

    public func close(_ file: DiskFile) { Glibc.close(file.number) }

    public func rename(_ name: String, to newName: String) throws(DiskError) {
        guard renameat(directory, name, directory, newName) == 0 else { throw .last("rename", name) }
    }

    public func remove(_ name: String) throws(DiskError) {
        guard unlinkat(directory, name, 0) == 0 || errno == ENOENT else { throw .last("remove", name) }
    }

    public func syncDirectory() throws(DiskError) {
        guard fsync(directory) == 0 else { throw .last("sync", path) }
    }
}

extension DiskError {
    fileprivate static func last(_ operation: String, _ file: String) -> DiskError {
        DiskError(operation: operation, file: file, number: errno)
    }
}
