import Glibc

/// A value with a lock, on which threads can wait for a change.
///
/// For dedicated threads only: a task must never wait here, since it would hold a thread of the cooperative pool.
///
/// `@unchecked Sendable`: `state` is touched with `mutex` held and nowhere else.
final class Monitor<State>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var state: State

    init(_ state: sending State) {
        self.state = state
        mutex = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // Deadlines must not move when the time of day is set.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        let failures = pthread_mutex_init(mutex, nil) | pthread_cond_init(changed, &attributes)
        precondition(failures == 0, "a mutex with default attributes cannot fail to be made")
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Changes the state, and wakes those who wait for it.
    func change<R>(_ body: (inout State) throws -> R) rethrows -> R {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }
        return try body(&state)
    }

    /// Looks at the state, or changes it in a way nobody waits for.
    func look<R>(_ body: (inout State) throws -> R) rethrows -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state)
    }

    /// Blocks until `body`, tried again after each change, gives a value. Nil once the deadline (of `MonotonicClock`)
    /// is past.
    func wait<R>(until deadline: Int64? = nil, _ body: (inout State) -> R?) -> R? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            guard let deadline else {
                pthread_cond_wait(changed, mutex)
                continue
            }
            guard MonotonicClock.now() < deadline else { return nil }
            var time = timespec(tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
            pthread_cond_timedwait(changed, mutex, &time)
        }
    }
}
