import CallModel
import Capture
import Glibc
import Logging
import Packets
import Privileges
import Protocols
import Runtime
import Synchronization
import Transport

/// From packets to the spool: a thread of its own reads the kernel's ring, puts streams together, reads calls, hands them on.
///
/// Where packets cannot be captured the agent runs without them and says why: in its log, once, and in its metrics and heartbeats. An
/// interface that goes away, or is not there yet, is looked for again.
final class PacketCapture: Sendable {
    private let report: Mutex<PacketReport>
    private let isStopping = Atomic(false)
    private let thread: WorkerThread?
    private let part: PrivilegedPart
    private let logger: Logger

    static let reopenInterval = Duration.seconds(5)

    /// - Parameters:
    ///   - endpoints: The aggregators as they are now: what goes to them is the agent's own.
    ///   - probesRead: Whether probes tell of connections that fail.
    ///   - lookingCPU: What looking for libraries to probe has used of the agent's time.
    ///   - lanes: The short way of calls.
    ///   - take: Names, judges, redacts and keeps calls, as far as they did not go the short way.
    init(
        _ settings: AgentSettings, _ part: PrivilegedPart, lanes: ExpressLanes, metrics: MetricsRegistry,
        logger: Logger,
        endpoints: @escaping @Sendable () -> [Endpoint], probesRead: @escaping @Sendable () -> Bool,
        lookingCPU: @escaping @Sendable () -> Duration,
        take: @escaping @Sendable (SeenCalls.Taken, Instant) -> Void
    ) throws(WorkerError) {
        self.logger = logger
        self.part = part
        var report = PacketReport(isOn: settings.capture.packets)
        report.interface = settings.capture.interface
        self.report = Mutex(report)
        thread = settings.capture.packets ? try WorkerThread(name: "packets", queueMax: 1) : nil
        PacketReport.register(in: metrics) { [self] in state }
        try thread?.submit { [self] in
            run(
                PacketRunner(
                    settings, lanes: lanes, logger: logger, endpoints: endpoints, probesRead: probesRead,
                    lookingCPU: lookingCPU, take: take))
        }
    }

    /// At most a second old.
    var state: PacketReport { report.withLock { $0 } }

    /// Nothing more is captured when this returns, a fraction of a second later.
    func stop() async {
        isStopping.store(true, ordering: .relaxed)
        await thread?.stopAndWait()
    }

    private func run(_ runner: PacketRunner) {
        while !isStopping.load(ordering: .relaxed) {
            do throws(CaptureError) {
                let capture = try InterfaceCapture(runner.captureConfiguration, part)
                var isNew = true
                try runner.run(capture, goesOn: { !isStopping.load(ordering: .relaxed) }) { totals in
                    publish(totals, isNew: isNew)
                    isNew = false
                }
                waitDetached(runner)
            } catch {
                guard mayRecover(from: error) else { return }
            }
        }
        runner.finish()
    }

    /// Nothing is open meanwhile; what was captured before stays as it is.
    private func waitDetached(_ runner: PacketRunner) {
        while !isStopping.load(ordering: .relaxed), runner.isDetached(at: MonotonicClock.now()) {
            report.withLock { $0.note(runner.governor.governor) }
            usleep(100_000)
        }
    }

    private func publish(_ totals: PacketTotals, isNew: Bool) {
        noteKeyLog(totals.keyLog)
        report.withLock { report in
            totals.write(to: &report)
            report.problem = nil
        }
        if isNew { logger.notice("packets are captured", metadata: ["interface": "\(state.interface)"]) }
    }

    /// Each change once, and loudly: while it is read, TLS hides nothing from this agent.
    private func noteKeyLog(_ new: KeyLogFollower.State) {
        guard new != state.keyLog else { return }
        logger.warning("TLS secrets of the key log: \(new.text)")
    }

    /// Says so in one line; waits where it may get better.
    private func mayRecover(from error: CaptureError) -> Bool {
        let isNew = report.withLock { report in
            defer { report.problem = "\(error)" }
            return report.problem != "\(error)"
        }
        if isNew { logger.error("no packets: the agent goes on without", metadata: ["error": "\(error)"]) }
        switch error {
        case .notPermitted, .failed: return false
        case .noSuchInterface, .interfaceGone: break
        }
        let end = MonotonicClock.now() + Self.reopenInterval.nanoseconds
        while MonotonicClock.now() < end, !isStopping.load(ordering: .relaxed) { usleep(100_000) }
        return true
    }
}
