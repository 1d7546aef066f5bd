import Glibc

/// What a queue on disk asks of a directory: every file operation goes through here, so that a test can fail, tear or lose any of them.
///
/// All of them block. Names are plain file names. The promises are POSIX's: what was written survives the process at once, and a
/// loss of power after `sync` (a file's content) and `syncDirectory` (names: made, renamed, removed). Nothing is ordered
/// without them.
public protocol Disk: AnyObject {
    /// The regular files of the directory.
    func list() throws(DiskError) -> [(name: String, byteCount: Int)]
    /// At most `byteCountMax` bytes from `offset`; fewer at the end of the file.
    func read(_ name: String, from offset: Int, byteCountMax: Int) throws(DiskError) -> [UInt8]
    /// Makes a file for writing, or empties the one that is there.
    func create(_ name: String) throws(DiskError) -> DiskFile
    /// Writes all parts, one after the other, at `offset`. Fails with some of it, all or nothing written.
    func write(_ parts: [[UInt8]], to file: DiskFile, at offset: Int) throws(DiskError)
    /// Cuts a file to `byteCount`.
    func truncate(_ name: String, to byteCount: Int) throws(DiskError)
    func sync(_ file: DiskFile) throws(DiskError)
    func close(_ file: DiskFile)
    /// Gives a file another name; what had that name is gone. At no moment is there nothing under the new name if something was.
    func rename(_ name: String, to newName: String) throws(DiskError)
    /// Removes a file; one that is not there is no error.
    func remove(_ name: String) throws(DiskError)
    func syncDirectory() throws(DiskError)
}

/// A file open for writing.
public struct DiskFile: Sendable, Hashable {
    public let name: String
    /// What the disk knows it by.
    public let number: Int32

    public init(name: String, number: Int32) {
        self.name = name
        self.number = number
    }
}

/// What the system refused to do, and its reason.
public struct DiskError: Error, Hashable, Sendable {
    public var operation: String
    public var file: String
    /// The system's error number (`errno`).
    public var number: Int32

    public init(operation: String, file: String, number: Int32) {
        self.operation = operation
        self.file = file
        self.number = number
    }
}

extension DiskError: CustomStringConvertible {
    public var description: String { "\(operation) \(file): \(systemMessage(number))\(hint)" }

    private var hint: String {
        switch number {
        case ENOSPC, EDQUOT: "; free some space, or lower spool.max_bytes"
        case EROFS: "; remount the file system for writing"
        case EACCES, EPERM: "; the directory must belong to the agent's user"
        default: ""
        }
    }
}
