import Synchronization

/// All probes that are attached. Emptying it detaches them, from whatever thread: the one that runs the probes, or the watchdog.
final class LinkTable: Sendable {
    private struct State {
        var links: [ProbeLink] = []
        var isClosed = false
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.links.count } }

    /// Keeps them attached; once it is closed they are detached at once.
    func add(_ links: [ProbeLink]) {
        state.withLock { if !$0.isClosed { $0.links += links } }
    }

    /// Detaches all. Each takes the kernel some milliseconds, so the lock is not held meanwhile.
    func removeAll() {
        let links = state.withLock { state in
            defer { state.links = [] }
            return state.links
        }
        _ = consume links
    }

    /// Detaches all for good.
    func close() {
        state.withLock { $0.isClosed = true }
        removeAll()
    }
}
