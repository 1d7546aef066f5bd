import Glibc

/// An open file, closed when its owner lets go.
struct Descriptor: ~Copyable {
    let number: Int32

    init(owning number: Int32) { self.number = number }

    deinit { close(number) }

    static func open(
        _ path: String, _ flags: Int32, mode: mode_t = 0, operation: String
    ) throws(FileError) -> Descriptor {
        let number = retryingInterrupted { Glibc.open(path, flags | O_CLOEXEC, mode) }
        guard number >= 0 else { throw .last(operation, path) }
        return Descriptor(owning: number)
    }

    /// Gives the number away; whoever takes it closes it.
    consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }

    /// Writes everything; a signal or a short write does not stop it.
    func write(_ bytes: UnsafeRawBufferPointer, path: String) throws(FileError) {
        var written = 0
        while written < bytes.count {
            let count = retryingInterrupted {
                Glibc.write(number, bytes.baseAddress! + written, bytes.count - written)
            }
            guard count > 0 else { throw .last("write", path) }
            written += count
        }
    }

    /// Reads to the end of the file, which may lie further than the size told before (as in /proc).
    func readAll(path: String, byteCountMax: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        let chunkByteCount = 64 << 10
        while true {
            let before = bytes.count
            // One byte more than allowed is asked for, to tell "just fits" from "too large".
            let wanted = min(chunkByteCount, byteCountMax - before + 1)
            bytes.append(contentsOf: repeatElement(0, count: wanted))
            let count = bytes.withUnsafeMutableBytes { buffer in
                retryingInterrupted { read(number, buffer.baseAddress! + before, wanted) }
            }
            guard count >= 0 else { throw .last("read", path) }
            bytes.removeLast(wanted - count)
            if count == 0 { return bytes }
            guard bytes.count <= byteCountMax else { throw .tooLarge(path: path, byteCountMax: byteCountMax) }
        }
    }

    func sync(path: String) throws(FileError) {
        guard retryingInterrupted({ fsync(number) }) == 0 else { throw .last("sync", path) }
    }
}

/// Repeats a system call that a signal interrupted.
func retryingInterrupted<N: SignedInteger>(_ call: () -> N) -> N {
    while true {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
}
