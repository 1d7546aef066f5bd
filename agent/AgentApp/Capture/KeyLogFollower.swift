import CallModel
import Glibc
import Runtime

/// Reads a key log while applications write it, from its beginning, until its time is over.
///
/// Files that do not exist yet are waited for. One that is cut is read from its start again; one that another took the place of is
/// read to its end before. Nothing of what is read is kept here, written anywhere or logged.
struct KeyLogFollower {
    enum Text: Equatable {
        case more([UInt8])
        /// Once: no more will come, and what came is to be forgotten.
        case expired
    }

    enum State: Sendable, Equatable {
        case off
        case reading(until: Instant)
        /// The file cannot be read, for this reason.
        case waiting(String)
        case expired(at: Instant)

        var text: String {
            switch self {
            case .off: "off"
            case .reading(let until): "read until \(until.rfc3339)"
            case .waiting(let reason): "waits: \(reason)"
            case .expired(let at): "expired at \(at.rfc3339)"
            }
        }
    }

    /// At a time. Some 1,500 lines; what is left comes with the next.
    private static let pieceByteCount = 256 << 10
    /// Of a file that is there already, so much of its end; the connections before are over.
    private static let tailByteCount = 16 << 20

    private let grant: KeyLogGrant
    private var file: OpenFile?
    private var isFirst = true
    private(set) var state: State

    init(_ grant: KeyLogGrant) {
        self.grant = grant
        state = .waiting("not looked at yet")
    }

    /// What was written since. Nil where there is nothing.
    mutating func read(at now: Instant) -> Text? {
        if case .expired = state { return nil }
        guard now < grant.until else {
            file = nil
            state = .expired(at: grant.until)
            return .expired
        }
        if file == nil { openFile() }
        guard let file else { return nil }
        let bytes = file.next(byteCount: Self.pieceByteCount)
        guard bytes.isEmpty else { return .more(bytes) }
        return follow(file)
    }

    /// At the end of the file: whether it is still the one.
    private mutating func follow(_ file: OpenFile) -> Text? {
        if file.wasCut {
            file.offset = 0
            // Ends the line that was cut.
            return .more([UInt8(ascii: "\n")])
        }
        guard !file.isAt(grant.file) else { return nil }
        self.file = nil
        return .more([UInt8(ascii: "\n")])
    }

    private mutating func openFile() {
        do throws(FileError) {
            let file = try OpenFile(grant.file)
            if isFirst { file.offset = max(0, file.byteCount - Self.tailByteCount) }
            isFirst = false
            self.file = file
            state = .reading(until: grant.until)
        } catch {
            state = .waiting("\(error)")
        }
    }
}

/// One that is read from where it was left.
private final class OpenFile {
    private let number: Int32
    var offset = 0

    /// Opened without waiting: what is no file would keep the thread.
    init(_ path: String) throws(FileError) {
        number = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard number >= 0 else { throw .failed(operation: "open", path: path, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .failed(operation: "read", path: path, errno: EINVAL) }
    }

    deinit { if number >= 0 { close(number) } }

    private var status: stat {
        var status = stat()
        fstat(number, &status)
        return status
    }

    var byteCount: Int { Int(status.st_size) }
    var wasCut: Bool { byteCount < offset }

    func isAt(_ path: String) -> Bool {
        var other = stat()
        guard stat(path, &other) == 0 else { return false }
        let own = status
        return own.st_dev == other.st_dev && own.st_ino == other.st_ino
    }

    func next(byteCount: Int) -> [UInt8] {
        let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            // The buffer holds as much as is asked for.
            count = max(0, pread(number, buffer.baseAddress, byteCount, off_t(offset)))
        }
        offset += bytes.count
        return bytes
    }
}
