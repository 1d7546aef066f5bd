import Glibc

/// What a file operation ran into.
public enum FileError: Error, Equatable, Sendable {
    /// The system refused: what was tried, on what, and its reason.
    case failed(operation: String, path: String, errno: Int32)
    case tooLarge(path: String, byteCountMax: Int)
    /// Another process holds the lock; its id is nil when the file does not tell.
    case locked(path: String, processID: Int32?)
    /// Something else lies where a directory was wanted.
    case notADirectory(path: String)

    static func last(_ operation: String, _ path: String) -> FileError {
        .failed(operation: operation, path: path, errno: errno)
    }

    /// The system's number, where it was the system that refused.
    public var systemError: Int32? {
        if case .failed(_, _, let number) = self { return number }
        return nil
    }
}

extension FileError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .failed(let operation, let path, let number):
            "cannot \(operation) \(path): \(systemMessage(number))"
        case .tooLarge(let path, let max): "\(path) is larger than \(max) bytes"
        case .locked(let path, .some(let process)): "\(path) is held by process \(process); stop it first"
        case .locked(let path, nil): "\(path) is held by another process; stop it first"
        case .notADirectory(let path): "\(path) is not a directory"
        }
    }
}

/// The system's words for one of its error numbers.
public func systemMessage(_ number: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        // Unlike strerror, safe with threads. This is the POSIX form or GNU's; both leave a message where they return
        // it.
        strerror_r(number, buffer.baseAddress!, buffer.count) == 0
            ? String(cString: buffer.baseAddress!) : "error \(number)"
    }
}
