/// How to run a program.
public struct ProcessConfiguration: Sendable {
    public enum Input: Sendable {
        /// Nothing to read.
        case null
        /// The parent's own.
        case inherited
        /// These bytes, then the end.
        case bytes([UInt8])
    }

    public enum Output: Sendable {
        case discarded
        /// The parent's own.
        case inherited
        /// The first `byteCountMax` bytes are kept for the result; the rest is read and counted.
        case head(byteCountMax: Int)
        /// The last `byteCountMax` bytes are kept: where the reason of a failure stands.
        case tail(byteCountMax: Int)
        /// Each line, without its end, is handed on as it comes, from the child's own thread. A line longer than
        /// `byteCountMax` comes in pieces.
        case lines(byteCountMax: Int = 8192, @Sendable (String) -> Void)
    }

    /// A path, or a name that is looked up in `PATH` of `environment`.
    public var program: String
    public var arguments: [String]
    /// All variables the child gets; nothing is inherited.
    public var environment: [String: String]
    /// Nil: the parent's.
    public var directory: String?
    public var input = Input.null
    public var output = Output.head(byteCountMax: 1 << 20)
    public var errorOutput = Output.tail(byteCountMax: 64 << 10)
    /// Another user to run as; takes root. Nil, or the current user: no change.
    public var user: UserIdentity?
    /// Whether the child leads a process group of its own: then Ctrl-C at a terminal reaches the parent alone, which
    /// ends its children in its own order, and `kill` ends the child's children too.
    public var ownProcessGroup = true
    /// The signal the kernel sends to the child should the parent die without ending it; nil: none. The program loses
    /// it when it is set-user-ID, and its own children never have it.
    public var parentDeathSignal: Int32?

    public init(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:], directory: String? = nil
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
    }
}

/// How a program ended, and what it said.
public struct ProcessResult: Sendable, Equatable {
    public enum Ending: Sendable, Equatable {
        case exited(code: Int32)
        case signalled(Int32)
        /// Somebody else took the child's status away (`SIGCHLD` ignored, or a stray `wait`).
        case unknown
    }

    public var ending: Ending
    public var output: [UInt8]
    public var errorOutput: [UInt8]
    /// Bytes that were read and not kept.
    public var outputDroppedByteCount: Int
    public var errorOutputDroppedByteCount: Int

    public var succeeded: Bool { ending == .exited(code: 0) }
    public var outputText: String { String(decoding: output, as: UTF8.self) }
    public var errorText: String { String(decoding: errorOutput, as: UTF8.self) }
}

extension ProcessResult.Ending: CustomStringConvertible {
    public var description: String {
        switch self {
        case .exited(let code): "exited with \(code)"
        case .signalled(let number): "ended by signal \(number)"
        case .unknown: "ended in an unknown way"
        }
    }
}
