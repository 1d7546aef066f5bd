import CRuntime
import Glibc
import Synchronization

/// A signal that an operator or a service manager sends to a running program.
public enum ProcessSignal: Int32, Sendable, CaseIterable {
    /// Read the settings again.
    case hangUp = 1
    /// Ctrl-C.
    case interrupt = 2
    /// End in order.
    case terminate = 15

    /// The signals in the order in which they arrive, from now on and for as long as the stream is read.
    ///
    /// While anybody listens to a signal it no longer ends the process; when the last listener is gone its default
    /// returns. At most 16 unread ones are kept, the latest. Throws where the system has no more descriptors or
    /// threads.
    public static func arrivals(of signals: Set<ProcessSignal>) throws(SignalError) -> AsyncStream<ProcessSignal> {
        try startReading()
        let (stream, continuation) = AsyncStream.makeStream(
            of: ProcessSignal.self, bufferingPolicy: .bufferingNewest(16))
        let id = listeners.withLock { listeners in
            listeners.lastID += 1
            listeners.byID[listeners.lastID] = Listener(signals: signals, continuation: continuation)
            for signal in signals { _ = farwatch_signal_watch(signal.rawValue, 1) }
            return listeners.lastID
        }
        continuation.onTermination = { _ in
            listeners.withLock { listeners in
                listeners.byID[id] = nil
                for signal in signals where !listeners.byID.values.contains(where: { $0.signals.contains(signal) }) {
                    _ = farwatch_signal_watch(signal.rawValue, 0)
                }
            }
        }
        return stream
    }

    /// Writing to a closed connection or pipe becomes an error at the call instead of the end of the process. Programs
    /// started with `ChildProcess` get the default back.
    public static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}

public enum SignalError: Error, Equatable, Sendable {
    case failed(operation: String, errno: Int32)
}

extension SignalError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .failed(let operation, let number): "cannot watch for signals: \(operation): \(systemMessage(number))"
        }
    }
}

private struct Listener: Sendable {
    var signals: Set<ProcessSignal>
    var continuation: AsyncStream<ProcessSignal>.Continuation
}

private struct Listeners: Sendable {
    var byID: [Int: Listener] = [:]
    var lastID = 0
    /// The reader runs from the first listener on, to the end of the process.
    var isReading = false
}

private let listeners = Mutex(Listeners())

private func startReading() throws(SignalError) {
    let failure: SignalError? = listeners.withLock { listeners in
        guard !listeners.isReading else { return nil }
        let pipe = farwatch_signal_pipe()
        guard pipe >= 0 else { return .failed(operation: "make a pipe", errno: errno) }
        guard let thread = NamedThread("signals", { readSignals(from: pipe) }) else {
            return .failed(operation: "make a thread", errno: EAGAIN)
        }
        thread.detach()
        listeners.isReading = true
        return nil
    }
    if let failure { throw failure }
}

private func readSignals(from pipe: Int32) {
    while true {
        var byte: UInt8 = 0
        let count = retryingInterrupted { read(pipe, &byte, 1) }
        // The writing end is never closed: anything but one byte means that the descriptor was taken away.
        precondition(count == 1, "the signal pipe belongs to Runtime and was closed by somebody else")
        guard let signal = ProcessSignal(rawValue: Int32(byte)) else { continue }
        // Taken out first: `yield` may end a stream, which takes the lock.
        let interested = listeners.withLock { listeners in
            listeners.byID.sorted { $0.key < $1.key }.map(\.value).filter { $0.signals.contains(signal) }
        }
        for listener in interested { listener.continuation.yield(signal) }
    }
}
