import Runtime
import Synchronization

/// All probes that are attached. Emptying it detaches them, from whatever thread: the one that runs the probes, or the watchdog.
final class LinkTable: Sendable {
    private struct State {
        var links: [ProbeLink] = []
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Of probes, of which one link may hold many.
    var count: Int { state.withLock { $0.links.reduce(0) { $0 + $1.probeCount } } }

    /// Keeps them attached; once it is closed they are detached at once.
    func add(_ links: [ProbeLink]) {
        state.withLock { if !$0.isClosed { $0.links += links } }
    }

    /// Detaches all, and returns when that is done.
    ///
    /// For each link the kernel waits until nobody runs its program any more, 50 ms or so; the waits overlap, so each has a
    /// thread. The lock is not held meanwhile.
    func removeAll() {
        let links = state.withLock { state in
            defer { state.links = [] }
            return state.links
        }
        var threads: [WorkerThread] = []
        for link in links {
            do {
                let thread = try WorkerThread(name: "probes-detach", queueMax: 1)
                try thread.submit { link.detach() }
                threads.append(thread)
            } catch {
                link.detach()  // The system has no thread to spare: one after another, then.
            }
        }
        for thread in threads { thread.join() }
    }

    /// Detaches all for good.
    func close() {
        state.withLock { $0.isClosed = true }
        removeAll()
    }
}
