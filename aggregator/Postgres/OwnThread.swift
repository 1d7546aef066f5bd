import Runtime

/// Runs `body` on a new thread of its own, outside the cooperative pool: libpq and child processes block. False when
/// the system refuses another thread.
func startThread(named name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
    // Letting go of the worker ends its thread after the work it was given, which is all of it.
    guard let worker = try? WorkerThread(name: name, queueMax: 1) else { return false }
    return (try? worker.submit(body)) != nil
}
