import Glibc

/// A file open for reading, closed with its last reference.
final class OpenFile {
    private let descriptor: Int32

    init?(_ path: String) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
    }

    init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// The next bytes; negative where they cannot be read, zero at the end.
    func read(into buffer: inout [UInt8]) -> Int {
        let descriptor = descriptor
        return buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
    }

    /// All bytes that were asked for, or nil.
    func bytes(at offset: UInt64, byteCount: Int) -> [UInt8]? {
        guard byteCount >= 0, byteCount <= 4 << 20, let start = Int(exactly: offset) else { return nil }
        let descriptor = descriptor
        var complete = false
        let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            // Written by the kernel up to `count`, which is what the array takes for its own.
            while count < byteCount {
                let got = pread(descriptor, buffer.baseAddress! + count, byteCount - count, start + count)
                guard got > 0 else { return }
                count += got
            }
            complete = true
        }
        return complete || byteCount == 0 ? bytes : nil
    }

    /// Device and inode, by which one file is told from all others.
    var identity: (device: UInt64, inode: UInt64)? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? (UInt64(status.st_dev), UInt64(status.st_ino)) : nil
    }

    /// Its name, as the kernel knows it.
    var path: String? {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/fd/\(descriptor)", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }
}
