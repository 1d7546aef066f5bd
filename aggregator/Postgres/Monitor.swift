import Glibc

/// State behind a lock, with conditions that threads of our own wait on: what `Mutex` of the standard library leaves
/// out.
///
/// Only for threads that may block. Tasks use `withLock`, which is held for a few instructions.
final class Monitor<State>: @unchecked Sendable {
    // Safe to share: `state` is touched under `mutex` alone. The pthread objects lie at fixed addresses and live as
    // long as we.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let conditions: UnsafeMutablePointer<pthread_cond_t>
    private let conditionCount: Int
    private var state: State

    init(_ state: State, conditionCount: Int) {
        self.state = state
        self.conditionCount = conditionCount
        mutex = .allocate(capacity: 1)
        conditions = .allocate(capacity: conditionCount)
        mutex.initialize(to: pthread_mutex_t())
        conditions.initialize(repeating: pthread_cond_t(), count: conditionCount)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // Waits end after a span of time, whatever happens to the wall clock.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        for index in 0..<conditionCount { pthread_cond_init(conditions + index, &attributes) }
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        for index in 0..<conditionCount { pthread_cond_destroy(conditions + index) }
        pthread_mutex_destroy(mutex)
        conditions.deallocate()
        mutex.deallocate()
    }

    func withLock<R>(_ body: (inout State) throws -> R) rethrows -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state)
    }

    /// Waits until `isReady` says so, or until `timeout` has passed; then runs `body` under the same lock. The
    /// condition is signalled by whoever changes what `isReady` looks at.
    func wait<R>(
        on condition: Int, timeout: Duration? = nil, until isReady: (State) -> Bool, then body: (inout State) -> R
    ) -> R {
        var deadline = timeout.map(monotonicDeadline)
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isReady(state) {
            if deadline == nil {
                pthread_cond_wait(conditions + condition, mutex)
            } else if pthread_cond_timedwait(conditions + condition, mutex, &deadline!) == ETIMEDOUT {
                break
            }
        }
        return body(&state)
    }

    func signal(_ condition: Int) { pthread_cond_signal(conditions + condition) }
    func broadcast(_ condition: Int) { pthread_cond_broadcast(conditions + condition) }
}

private func monotonicDeadline(after timeout: Duration) -> timespec {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    let (seconds, attoseconds) = max(timeout, .zero).components
    let nanoseconds = now.tv_nsec + Int(attoseconds / 1_000_000_000)
    return timespec(
        tv_sec: now.tv_sec + Int(seconds) + nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
}
