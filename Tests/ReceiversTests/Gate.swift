import Glibc
import Synchronization

/// Holds threads until it is opened, and none after that.
final class Gate: Sendable {
    /// `@unchecked Sendable`: the semaphore is made for being shared and its place in memory never changes.
    private final class Semaphore: @unchecked Sendable {
        let handle = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

        init() { sem_init(handle, 0, 0) }

        deinit {
            sem_destroy(handle)
            handle.deallocate()
        }
    }

    private let semaphore = Semaphore()

    func wait() {
        sem_wait(semaphore.handle)
        sem_post(semaphore.handle)
    }

    func open() { sem_post(semaphore.handle) }
}
