import Glibc

public enum WorkerError: Error, Equatable, Sendable {
    /// As much work waits as the thread's `queueMax` allows.
    case queueFull(name: String, queueMax: Int)
    /// `stop` was called.
    case stopped(name: String)
    /// The system refused another thread.
    case notStarted(name: String)
}

extension WorkerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .queueFull(let name, let max): "thread \(name): its queue of \(max) is full"
        case .stopped(let name): "thread \(name): it was stopped"
        case .notStarted(let name): "thread \(name): the system refused another thread; raise its limit (ulimit -u)"
        }
    }
}

/// One thread for work that blocks: databases, files, C libraries.
///
/// Closures run one at a time, in the order in which they were given. Nothing of it runs on Swift's cooperative pool or
/// on an event loop, which must never wait. The queue is bounded; who comes when it is full is told so at once and
/// slows down.
public final class WorkerThread: Sendable {
    private struct Queue {
        var jobs: [(@Sendable () -> Void)?] = []
        /// The first job not yet taken.
        var head = 0
        var isStopping = false
        var hasEnded = false
        var whenEnded: [@Sendable () -> Void] = []

        var waitingCount: Int { jobs.count - head }
    }

    public let name: String
    public let queueMax: Int
    private let queue: Monitor<Queue>

    /// Starts the thread. `name` is shown by the system, cut at 15 bytes.
    public init(name: String, queueMax: Int = 1024) throws(WorkerError) {
        self.name = name
        self.queueMax = queueMax
        let queue = Monitor(Queue())
        self.queue = queue
        guard let thread = NamedThread(name, { Self.work(through: queue) }) else { throw .notStarted(name: name) }
        thread.detach()
    }

    /// Work already given is still done.
    deinit { stop() }

    /// Work given and not yet begun.
    public var waitingCount: Int { queue.look { $0.waitingCount } }

    /// Runs `body` on the thread and gives back what it returns or throws; throws `WorkerError` when it cannot be
    /// queued.
    ///
    /// Cancelling the task does not take work back: it was given, and it is done.
    public func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try submit { continuation.resume(with: Result { try body() }) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// Queues `body` and returns at once.
    public func submit(_ body: @escaping @Sendable () -> Void) throws(WorkerError) {
        let refusal: WorkerError? = queue.change { queue in
            if queue.isStopping { return .stopped(name: name) }
            if queue.waitingCount >= queueMax { return .queueFull(name: name, queueMax: queueMax) }
            queue.jobs.append(body)
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Takes no more work; what was given is still done, and then the thread ends. Returns at once.
    public func stop() { queue.change { $0.isStopping = true } }

    /// Stops, and returns when the thread has done its last work.
    public func stopAndWait() async {
        await withCheckedContinuation { continuation in
            let hasEnded = queue.change { queue in
                queue.isStopping = true
                if !queue.hasEnded { queue.whenEnded.append { continuation.resume() } }
                return queue.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    /// Stops, and blocks until the thread has done its last work. Not for tasks, and not for this thread itself.
    public func join() {
        stop()
        _ = queue.wait { $0.hasEnded ? true : nil }
    }

    private static func next(in queue: inout Queue) -> (@Sendable () -> Void)?? {
        guard queue.head < queue.jobs.count else { return queue.isStopping ? .some(nil) : nil }
        let job = queue.jobs[queue.head]
        queue.jobs[queue.head] = nil
        queue.head += 1
        if queue.head == queue.jobs.count {
            queue.jobs.removeAll(keepingCapacity: true)
            queue.head = 0
        } else if queue.head >= 256 && queue.head * 2 >= queue.jobs.count {
            queue.jobs.removeFirst(queue.head)
            queue.head = 0
        }
        return job
    }

    private static func work(through queue: Monitor<Queue>) {
        while let job = queue.wait(next) ?? nil { job() }
        let waiters = queue.change { queue in
            queue.hasEnded = true
            defer { queue.whenEnded = [] }
            return queue.whenEnded
        }
        for waiter in waiters { waiter() }
    }
}
