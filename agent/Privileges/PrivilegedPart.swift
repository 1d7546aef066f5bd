import Glibc
import Runtime
import Synchronization

/// Whom to ask for what needs privilege: a process of its own, or, where nothing was parted, this one.
public struct PrivilegedPart: Sendable {
    private let answer: @Sendable (PrivilegedRequest) -> PrivilegedAnswer
    private let hasGone: @Sendable () -> Bool

    /// The same process does it, with what it is allowed.
    /// - Parameter answer: Called by one thread at a time, by whichever asks.
    public init(here answer: @escaping @Sendable (PrivilegedRequest) -> PrivilegedAnswer) {
        self.answer = answer
        hasGone = { false }
    }

    /// Another process does it.
    public init(over socket: DescriptorSocket) {
        let asking = Asking(socket)
        answer = { asking.ask($0) }
        hasGone = { socket.isOtherEndGone }
    }

    /// The other process has ended: whatever is asked for from now on is refused. Does not wait.
    public var isGone: Bool { hasGone() }

    /// Descriptors and a text; an answer without what was asked for throws.
    public func ask(_ request: PrivilegedRequest) throws(PrivilegedError) -> PrivilegedAnswer {
        let answer = answer(request)
        guard answer.error == 0 else {
            throw PrivilegedError(kind: request.kind, errno: answer.error, text: answer.text)
        }
        return answer
    }

    /// One open file; nil where there is none to be had.
    public func open(_ request: PrivilegedRequest) -> Int32? {
        let answer = answer(request)
        guard answer.error == 0, let first = answer.descriptors.first else { return nil }
        for other in answer.descriptors.dropFirst() { close(other) }
        return first
    }
}

/// Why something that needs privilege was not done.
public struct PrivilegedError: Error, Equatable, Sendable, CustomStringConvertible {
    public var kind: PrivilegedRequest.Kind
    public var errno: Int32
    public var text: String

    public init(kind: PrivilegedRequest.Kind, errno: Int32, text: String = "") {
        self.kind = kind
        self.errno = errno
        self.text = text
    }

    public var description: String { text.isEmpty ? systemMessage(errno) : text }
}

/// One question at a time, over the socket.
private final class Asking: Sendable {
    private let socket: DescriptorSocket
    /// False once a question went without its answer.
    private let isWhole = Mutex(true)

    /// Attaching takes a tenth of a second; nothing takes this long.
    private static let waitMax = Duration.seconds(20)

    init(_ socket: DescriptorSocket) {
        self.socket = socket
        try? socket.setWaitMax(Self.waitMax)  // Without it a stuck process is waited for; the watchdog sees that.
    }

    func ask(_ request: PrivilegedRequest) -> PrivilegedAnswer {
        isWhole.withLock { isWhole in
            guard isWhole else { return gone }
            do throws(FileError) {
                try socket.send(request.bytes)
                guard let message = try socket.receive(byteCountMax: 4 + PrivilegedAnswer.textByteCountMax) else {
                    isWhole = false
                    return gone
                }
                return PrivilegedAnswer(message) ?? PrivilegedAnswer(error: EPROTO, text: "")
            } catch {
                // A late answer would be taken for that of the next question.
                isWhole = false
                return PrivilegedAnswer(error: error.systemError ?? EIO, text: "\(error)")
            }
        }
    }

    private var gone: PrivilegedAnswer {
        PrivilegedAnswer(error: EPIPE, text: "the process with the privileges is gone: start the agent anew")
    }
}

/// The process with the privileges: answers until the one that asks is gone.
public enum PrivilegedServer {
    /// - Returns: how many questions were answered.
    @discardableResult
    public static func serve(
        _ socket: DescriptorSocket, _ answer: (PrivilegedRequest) -> PrivilegedAnswer
    ) throws(FileError) -> Int {
        var count = 0
        while let message = try socket.receive(byteCountMax: PrivilegedRequest.byteCount) {
            // Nobody has files to give us.
            for descriptor in message.descriptors { close(descriptor) }
            let reply = PrivilegedRequest(bytes: message.bytes).map(answer) ?? PrivilegedAnswer(error: EINVAL)
            defer { for descriptor in reply.descriptors { close(descriptor) } }
            try socket.send(reply.bytes, reply.descriptors)
            count += 1
        }
        return count
    }
}

extension PrivilegedAnswer {
    var bytes: [UInt8] {
        littleEndianBytes(error) + Array(text.utf8.prefix(Self.textByteCountMax))
    }

    init?(_ message: DescriptorSocket.Message) {
        guard message.bytes.count >= 4 else {
            for descriptor in message.descriptors { close(descriptor) }
            return nil
        }
        error = Int32(truncatingIfNeeded: littleEndianNumber(message.bytes[..<4]))
        text = String(decoding: message.bytes[4...], as: UTF8.self)
        descriptors = message.descriptors
    }
}
