import Glibc
import Runtime

/// Why the private server did not start, in words for whoever operates it.
public struct EmbeddedServerError: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// No PostgreSQL server programs on this machine.
        case binariesMissing
        /// The data was written by another major version than is installed.
        case versionMismatch
        /// Another process of ours runs on this state directory.
        case inUse
        /// A directory or user is missing, belongs to someone else, or lets too many or too few in.
        case unsuitable
        case diskFull
        /// `initdb` failed.
        case initializationFailed
        /// The server ended while starting.
        case startFailed
        /// The server neither ended nor became ready in time.
        case startTimeout
        /// `stop` was called while it started.
        case stopped
        /// A system call failed.
        case system
    }

    public var kind: Kind
    public var message: String
    public var hint: String?

    init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }

    init(_ error: FileError) {
        let isFull = error.systemError == ENOSPC || error.systemError == EDQUOT
        self.init(isFull ? .diskFull : .system, "\(error)")
    }

    init(_ error: ProcessError) { self.init(.system, "\(error)") }

    /// From `errno`.
    static func system(_ operation: StaticString, _ path: String, _ code: Int32 = errno) -> EmbeddedServerError {
        if code == ENOSPC || code == EDQUOT {
            return EmbeddedServerError(.diskFull, "\(operation) \(path): no space left on the device")
        }
        return EmbeddedServerError(.system, "\(operation) \(path): \(systemMessage(code))")
    }

    static let noThread = EmbeddedServerError(
        .system, "the system refused another thread", hint: "raise its limit (ulimit -u)")

    public var description: String {
        let hint = hint.map { "; hint: \($0)" } ?? ""
        return "embedded PostgreSQL: \(message)\(hint)"
    }
}
