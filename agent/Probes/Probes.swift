import CallModel
import Glibc
import Logging
import Runtime
import Synchronization

/// Probes inside the TLS libraries of this host's applications: their clear bytes, as stream events.
///
/// Starting loads them into the kernel (as root; nothing is attached in mode `off`). A thread of its own runs them and calls the
/// consumer; another one watches that thread and detaches everything when it gives no sign of life. When the process ends, in
/// whatever way, the kernel detaches them.
public final class Probes: Sendable {
    private let report: Mutex<ProbeReport>
    private let worker: WorkerThread
    private let watchdog: WorkerThread
    private let links = LinkTable()
    private let isStopping = Atomic(false)
    private let lastBeat = Atomic<Int64>(0)
    private let marker: CrashMarker
    private let logger: Logger

    /// - Parameters:
    ///   - makeConsumer: Makes the consumer, on the thread that will call it.
    ///   - passed: Called after each look at the ring, on that thread, for the consumer to hand on what it has.
    /// - Throws: `ProbeError` where the kernel takes no probe at all; the caller says so and goes on without.
    public init<Consumer: StreamConsumer & SendableMetatype>(
        _ configuration: ProbeConfiguration, logger: Logger, makeConsumer: @escaping @Sendable () -> Consumer,
        passed: @escaping @Sendable (inout Consumer, Instant, ProbeReport) -> Void
    ) throws {
        self.logger = logger
        report = Mutex(ProbeReport(mode: configuration.mode))
        marker = CrashMarker(stateDirectory: configuration.stateDirectory)
        let bootID = CrashMarker.currentBootID()
        guard !marker.showsCrash(bootID: bootID) else { throw ProbeStartError.crashed(marker: marker.path) }
        let object = try ProbeObject()
        if configuration.mode == .on { try marker.set(bootID: bootID) }
        worker = try WorkerThread(name: "probes", queueMax: 1)
        watchdog = try WorkerThread(name: "probes-watchdog", queueMax: 1)
        lastBeat.store(MonotonicClock.now(), ordering: .relaxed)
        try worker.submit { [self] in
            run(configuration, object, consumer: makeConsumer(), passed: passed)
        }
        try watchdog.submit { [self] in watch(configuration.watchdogMax) }
    }

    /// How they are, at most half a second ago.
    public var state: ProbeReport { report.withLock { $0 } }

    /// Detaches everything and returns when that is done, within a second.
    public func stop() async {
        isStopping.store(true, ordering: .relaxed)
        links.close()
        await worker.stopAndWait()
        await watchdog.stopAndWait()
        do { try marker.clear() } catch {
            logger.warning("the crash marker stays", metadata: ["error": "\(error)"])
        }
    }

    private func run<Consumer: StreamConsumer & SendableMetatype>(
        _ configuration: ProbeConfiguration, _ object: ProbeObject, consumer: Consumer,
        passed: (inout Consumer, Instant, ProbeReport) -> Void
    ) {
        do {
            let runner = try ProbeRunner(configuration, object, links, consumer: consumer, logger: logger)
            logger.notice("probes loaded", metadata: ["mode": "\(configuration.mode.rawValue)"])
            var nextReport: Int64 = 0
            try runner.run(
                beat: {
                    lastBeat.store(MonotonicClock.now(), ordering: .relaxed)
                    return !isStopping.load(ordering: .relaxed)
                },
                passed: { consumer, now, makeReport in
                    if MonotonicClock.now() >= nextReport || isStopping.load(ordering: .relaxed) {
                        nextReport = MonotonicClock.now() + 500_000_000
                        let fresh = makeReport()
                        report.withLock { $0 = fresh }
                    }
                    passed(&consumer, now, state)
                })
        } catch {
            links.close()
            logger.error("probes do not run", metadata: ["error": "\(error)"])
            report.withLock { $0.problem = "\(error)" }
        }
        lastBeat.store(.max, ordering: .relaxed)  // Nothing is attached any more: nothing to watch.
    }

    /// The last resort: a thread that hangs must not leave its probes in other people's programs.
    private func watch(_ silenceMax: Duration) {
        while !isStopping.load(ordering: .relaxed) {
            usleep(200_000)
            let beat = lastBeat.load(ordering: .relaxed)
            guard beat != .max, MonotonicClock.now() - beat > silenceMax.nanoseconds else { continue }
            logger.critical(
                "probes: no sign of life, all are detached", metadata: ["seconds": "\(silenceMax.inSeconds)"])
            links.close()
            report.withLock { $0.problem = "detached by the watchdog" }
            return
        }
    }
}

/// Why probes are not started although they could be.
public enum ProbeStartError: Error, CustomStringConvertible {
    /// The machine went down while probes were attached.
    case crashed(marker: String)

    public var description: String {
        switch self {
        case .crashed(let marker):
            "this host went down while probes were attached, so they stay off; remove \(marker) to try them again"
        }
    }
}
