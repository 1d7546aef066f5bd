import Runtime

/// Why the spool did not do what it was asked for.
public enum SpoolError: Error, Hashable, Sendable {
    /// The bound on disk is reached: senders are to wait and come again.
    case full(byteCount: Int, byteCountMax: Int)
    /// The system refused a file operation: no space, an I/O error, a file system that is read-only.
    case disk(DiskError)
    /// One append holds more than one batch may; half of it may fit.
    case tooLarge(callCount: Int, byteCount: Int)
    /// As many appends wait as may.
    case queueFull(callCount: Int)
    /// A sealed batch does not read back as it was written; it was set aside and will not be offered again.
    case damaged(sequence: UInt64)
    /// No batch of this sequence is offered.
    case unknownBatch(sequence: UInt64)
    /// Another process works in this directory.
    case inUse(path: String, processID: Int32?)
    /// The directory was written by a release that this one does not know.
    case unknownFormat(String)
    case closed

    /// Whether the same request may well succeed later.
    public var isTransient: Bool {
        switch self {
        case .full, .disk, .queueFull: true
        case .tooLarge, .damaged, .unknownBatch, .inUse, .unknownFormat, .closed: false
        }
    }
}

extension SpoolError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .full(let byteCount, let max):
            "the spool is full: \(byteCount) of \(max) bytes; is the aggregator reachable? spool.max_bytes sets the bound"
        case .disk(let error): "the spool cannot \(error)"
        case .tooLarge(let callCount, let byteCount):
            "\(callCount) calls of \(byteCount) bytes are too many for one append; hand them over in parts"
        case .queueFull(let callCount): "\(callCount) calls wait to be written already; the disk is too slow"
        case .damaged(let sequence): "batch \(sequence) is damaged on disk; it was set aside"
        case .unknownBatch(let sequence): "the spool offers no batch \(sequence)"
        case .inUse(let path, let process):
            "\(path) is in use by another process\(process.map { ", \($0)" } ?? ""); one agent for one directory"
        case .unknownFormat(let found):
            "the spool was written in a format not known here (\(found)); run the newer release, or move the directory away"
        case .closed: "the spool is closed"
        }
    }
}
