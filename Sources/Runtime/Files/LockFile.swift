import Glibc

/// Keeps two processes from working in one directory.
///
/// The lock is the kernel's (flock(2)): it goes with the process, however that ends, so no stale lock is ever left. The
/// holder's process id is written into the file for the message that the second one gets, and for nothing else. The
/// file itself stays: to remove it would let a third process lock a file that no longer has a name.
public final class LockFile: Sendable {
    public let path: String
    private let descriptor: Int32

    /// Takes the lock, or throws `FileError.locked` at once.
    public init(path: String) throws(FileError) {
        let file = try Descriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o644, operation: "open lock file")
        guard retryingInterrupted({ flock(file.number, LOCK_EX | LOCK_NB) }) == 0 else {
            guard errno == EWOULDBLOCK else { throw .last("lock", path) }
            throw .locked(path: path, processID: holder(of: file, path: path))
        }
        let line = Array("\(getpid())\n".utf8)
        guard ftruncate(file.number, 0) == 0, pwrite(file.number, line, line.count, 0) == line.count else {
            throw .last("write", path)
        }
        self.path = path
        descriptor = file.release()
    }

    /// Lets the lock go. Closing alone would not while another thread starts a program: between fork and exec the child
    /// holds the same open file.
    deinit {
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}

private func holder(of file: borrowing Descriptor, path: String) -> Int32? {
    // For a message alone: without the holder's number the lock is told of as held by somebody.
    guard let bytes = try? file.readAll(path: path, byteCountMax: 32) else { return nil }
    return Int32(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
}
