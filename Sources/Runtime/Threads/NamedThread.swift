import CRuntime
import Glibc

/// A thread of the operating system with a name that `top -H` and a debugger show.
///
/// It takes none of the process's signals, so that blocking calls in it are not interrupted. Either `join` or `detach`
/// is called once.
struct NamedThread {
    private let thread: pthread_t

    private final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Nil when the system refuses another thread. Names are cut at 15 bytes, the kernel's bound.
    init?(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let error = pthread_create(
            &thread, nil,
            { argument in
                // Retained by the creator for this thread alone.
                let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                prepareThread(named: start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard error == 0 else {
            start.release()
            return nil
        }
        self.thread = thread
    }

    func join() { pthread_join(thread, nil) }

    func detach() { pthread_detach(thread) }
}

private func prepareThread(named name: String) {
    var blocked = sigset_t()
    sigfillset(&blocked)
    // A fault is the thread's own and must reach it.
    for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS] { sigdelset(&blocked, fault) }
    pthread_sigmask(SIG_SETMASK, &blocked, nil)
    farwatch_name_thread(prefix(of: name, byteCountMax: 15))
}

/// As much of a text as fits, without a broken character at its end.
private func prefix(of text: String, byteCountMax: Int) -> String {
    var byteCount = 0
    return String(
        text.prefix { character in
            byteCount += character.utf8.count
            return byteCount <= byteCountMax
        })
}
