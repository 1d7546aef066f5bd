import Glibc
import Synchronization

/// The server's messages: a file with a bound, and the last lines at hand for errors.
///
/// At the bound the file becomes `….1`, replacing the one before. What cannot be written (a full disk) is counted.
/// After a death of ours the server's last messages are lost with the pipe they went through; the server itself does
/// not mind.
final class ServerLog: Sendable {
    private struct File {
        var descriptor: Int32 = -1
        var byteCount = 0
        var lostLineCount = 0
        var lastLines: [String] = []
    }

    let path: String
    private let byteCountMax: Int
    private let file = Mutex(File())

    init(path: String, byteCountMax: Int) {
        self.path = path
        self.byteCountMax = byteCountMax
    }

    deinit { file.withLock { file in if file.descriptor >= 0 { close(file.descriptor) } } }

    func append(_ line: String) {
        let bytes = Array(line.utf8) + [0x0A]
        let lastLinesMax = 20
        file.withLock { file in
            if file.lastLines.count >= lastLinesMax { file.lastLines.removeFirst() }
            file.lastLines.append(line)
            if file.descriptor < 0 { open(&file) }
            if file.byteCount > 0, file.byteCount + bytes.count > byteCountMax { rotate(&file) }
            if file.descriptor >= 0, write(file.descriptor, bytes, bytes.count) == bytes.count {
                file.byteCount += bytes.count
            } else {
                file.lostLineCount += 1
            }
        }
    }

    /// What the server said last, since the last `forget`.
    var lastLines: [String] { file.withLock { $0.lastLines } }

    /// Lines that could not be written.
    var lostLineCount: Int { file.withLock { $0.lostLineCount } }

    func forget() { file.withLock { $0.lastLines = [] } }

    private func open(_ file: inout File) {
        file.descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        file.byteCount = ServerFiles.status(path).map { Int($0.st_size) } ?? 0
    }

    private func rotate(_ file: inout File) {
        if file.descriptor >= 0 { close(file.descriptor) }
        rename(path, path + ".1")
        open(&file)
    }
}
