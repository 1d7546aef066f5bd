import NIOCore
import Synchronization

/// The body of an answer that has no end yet: pieces from any thread in, bytes to one connection out.
///
/// Never blocks who writes. What the reader has not taken waits here up to `waitingByteCountMax`; beyond it `offer` says no, and
/// the writer decides what that costs (`/calls/stream` drops the event and says so in the next one). The connection ends a
/// stream whose reader takes nothing for `ServerConfiguration.writeTimeout`.
public final class BodyStream: Sendable {
    private struct State {
        var waiting = ByteBuffer()
        var isFinished = false
        var isOver = false
        /// Tells the connection that there is something to do; nil until it listens.
        var wake: (@Sendable () -> Void)?
        var whenOver: [@Sendable () -> Void] = []
    }

    /// Bytes that may wait for the reader.
    public let waitingByteCountMax: Int
    private let state = Mutex(State())

    public init(waitingByteCountMax: Int = 256 << 10) {
        self.waitingByteCountMax = waitingByteCountMax
    }

    /// Whether nobody reads any more.
    public var isOver: Bool { state.withLock { $0.isOver } }

    /// Bytes the reader has not taken yet.
    public var waitingByteCount: Int { state.withLock { $0.waiting.readableBytes } }

    /// Adds a piece, whole or not at all. False when it was not taken: no room, or nobody reads any more.
    public func offer(_ bytes: [UInt8]) -> Bool {
        let (isTaken, wake) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            guard !state.isOver, !state.isFinished,
                bytes.count <= waitingByteCountMax - state.waiting.readableBytes
            else { return (false, nil) }
            let wasEmpty = state.waiting.readableBytes == 0
            state.waiting.writeBytes(bytes)
            return (true, wasEmpty ? state.wake : nil)
        }
        wake?()
        return isTaken
    }

    /// Ends the body after what waits.
    public func finish() {
        state.withLock { state in
            state.isFinished = true
            return state.wake
        }?()
    }

    /// Called once when nobody reads any more, at once when that is so already.
    public func whenOver(_ action: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state in
            if !state.isOver { state.whenOver.append(action) }
            return state.isOver
        }
        if isOver { action() }
    }

    // MARK: The connection's side

    func attach(wake: @escaping @Sendable () -> Void) {
        state.withLock { $0.wake = wake }
    }

    /// What waits, and whether the body ends after it.
    func take() -> (bytes: ByteBuffer, isLast: Bool) {
        state.withLock { state in
            let bytes = state.waiting
            state.waiting = ByteBuffer()
            return (bytes, state.isFinished)
        }
    }

    func end() {
        let actions = state.withLock { state in
            let actions = state.whenOver
            state.whenOver = []
            state.isOver = true
            state.wake = nil
            state.waiting = ByteBuffer()
            return actions
        }
        for action in actions { action() }
    }
}
