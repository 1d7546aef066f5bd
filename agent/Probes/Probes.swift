import CallModel
import Glibc
import Logging
import Privileges
import Runtime
import Synchronization

/// Probes inside the TLS libraries of this host's applications: their clear bytes, as stream events.
///
/// Starting has them loaded into the kernel by the part with the privileges (nothing is attached in mode `off`); what reads bytes
/// here needs none. A thread of its own runs them and calls the
/// consumer; another one watches that thread and detaches everything when it gives no sign of life. When the process ends, in
/// whatever way, the kernel detaches them.
public final class Probes: Sendable {
    private let report: Mutex<ProbeReport>
    private let worker: WorkerThread
    private let watchdog: WorkerThread
    private let links = LinkTable()
    private let isStopping = Atomic(false)
    /// The watchdog has detached everything, for good.
    private let isGivenUp = Atomic(false)
    private static let givenUp = "detached by the watchdog"
    private let lastBeat = Atomic<Int64>(0)
    private let marker: CrashMarker
    private let logger: Logger

    /// - Parameters:
    ///   - part: Whom to ask for what needs privilege; answers by `ProbePrivileges`.
    ///   - makeConsumer: Makes the consumer, on the thread that will call it.
    ///   - passed: Called after each look at the ring, on that thread, for the consumer to hand on what it has.
    /// - Throws: `ProbeError` where the kernel takes no probe at all; the caller says so and goes on without.
    public init<Consumer: StreamConsumer & SendableMetatype>(
        _ configuration: ProbeConfiguration, _ part: PrivilegedPart, logger: Logger,
        makeConsumer: @escaping @Sendable () -> Consumer,
        passed: @escaping @Sendable (inout Consumer, Instant, ProbeReport) -> Void
    ) throws {
        self.logger = logger
        report = Mutex(ProbeReport(mode: configuration.mode))
        marker = CrashMarker(stateDirectory: configuration.stateDirectory)
        let bootID = CrashMarker.currentBootID()
        guard !marker.showsCrash(bootID: bootID) else { throw ProbeStartError.crashed(marker: marker.path) }
        let object = try ProbeObject(part)
        if configuration.mode == .on { try marker.set(bootID: bootID) }
        worker = try WorkerThread(name: "probes", queueMax: 1)
        watchdog = try WorkerThread(name: "probes-watchdog", queueMax: 1)
        lastBeat.store(MonotonicClock.now(), ordering: .relaxed)
        try worker.submit { [self] in
            run(configuration, object, part, consumer: makeConsumer(), passed: passed)
        }
        try watchdog.submit { [self] in watch(configuration.watchdogMax) }
    }

    /// Whether the machine went down while probes were attached, so that they would not start.
    public static func wentDown(_ configuration: ProbeConfiguration) -> Bool {
        CrashMarker(stateDirectory: configuration.stateDirectory).showsCrash(bootID: CrashMarker.currentBootID())
    }

    /// What could be read on this host, without attaching anything to any process: for `doctor`.
    /// - Throws: `ProbeError` where the kernel takes no probe at all.
    public static func survey(
        _ configuration: ProbeConfiguration, _ part: PrivilegedPart, logger: Logger
    ) throws -> ProbeReport {
        var configuration = configuration
        configuration.mode = .observe
        let runner = try ProbeRunner(
            configuration, ProbeObject(part), part, LinkTable(), consumer: NoConsumer(), logger: logger)
        return runner.survey()
    }

    /// How they are, at most half a second ago.
    public var state: ProbeReport { report.withLock { $0 } }

    /// Detaches everything and returns when that is done, within a second.
    public func stop() async {
        isStopping.store(true, ordering: .relaxed)
        let began = MonotonicClock.now()
        links.close()
        let tookMs = (MonotonicClock.now() - began) / 1_000_000
        logger.notice("probes detached", metadata: ["milliseconds": "\(tookMs)"])
        await worker.stopAndWait()
        await watchdog.stopAndWait()
        do { try marker.clear() } catch {
            logger.warning("the crash marker stays", metadata: ["error": "\(error)"])
        }
    }

    private func run<Consumer: StreamConsumer & SendableMetatype>(
        _ configuration: ProbeConfiguration, _ object: ProbeObject, _ part: PrivilegedPart, consumer: Consumer,
        passed: (inout Consumer, Instant, ProbeReport) -> Void
    ) {
        do {
            let runner = try ProbeRunner(configuration, object, part, links, consumer: consumer, logger: logger)
            logger.notice("probes loaded", metadata: ["mode": "\(configuration.mode.rawValue)"])
            var nextReport: Int64 = 0
            try runner.run(
                beat: {
                    lastBeat.store(MonotonicClock.now(), ordering: .relaxed)
                    return !isStopping.load(ordering: .relaxed) && !isGivenUp.load(ordering: .relaxed)
                },
                passed: { consumer, now, makeReport in
                    if MonotonicClock.now() >= nextReport || isStopping.load(ordering: .relaxed) {
                        nextReport = MonotonicClock.now() + 500_000_000
                        let fresh = makeReport()
                        report.withLock { $0 = fresh }
                    }
                    var state = state
                    state.isStopping = isStopping.load(ordering: .relaxed)
                    passed(&consumer, now, state)
                })
        } catch {
            links.close()
            logger.error("probes do not run", metadata: ["error": "\(error)"])
            report.withLock { $0.problem = "\(error)" }
        }
        // The thread came to itself again, and what it told meanwhile knew nothing of it.
        if isGivenUp.load(ordering: .relaxed) { report.withLock { $0.problem = Self.givenUp } }
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
            isGivenUp.store(true, ordering: .relaxed)
            links.close()
            report.withLock { report in
                report.problem = Self.givenUp
                report.attachedProbes = 0
            }
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

/// Takes nothing in: a survey reads no byte.
private struct NoConsumer: StreamConsumer {
    func opened(_ connection: ConnectionID, _ origin: ConnectionOrigin, at now: Instant) {}
    func chunk(_ bytes: Span<UInt8>, of connection: ConnectionID, _ direction: StreamDirection, at now: Instant) {}
    func gap(byteCount: Int?, of connection: ConnectionID, _ direction: StreamDirection, at now: Instant) {}
    func halfClosed(_ connection: ConnectionID, _ direction: StreamDirection, at now: Instant) {}
    func closed(_ connection: ConnectionID, _ reason: CloseReason, at now: Instant) {}
    func datagram(_ bytes: Span<UInt8>, from: SocketEndpoint, to: SocketEndpoint, at now: Instant) {}
}
