import CallModel
import Runtime
import Synchronization

/// The decider's figures for Prometheus.
final class DeciderMetrics: Sendable {
    let failures: Counter
    let refusedActions: Counter
    private struct Figures {
        var open = 0
        var candidates = 0
        var series = 0
        var cells = 0
        var uncounted: Int64 = 0
        var refused = 0
        var alertsRefused = 0
        var alertsHeld = 0
        var late: Int64 = 0
        var damaged = 0
        var unreadable = DeciderState.Unreadable()
    }
    private let figures = Mutex(Figures())
    private let undecidedSeconds = Mutex(0.0)

    init(_ metrics: MetricsRegistry) {
        failures = metrics.counter(
            "farwatch_decider_failures_total", help: "Rounds of deciding that failed and were tried again.")
        refusedActions = metrics.counter(
            "farwatch_decider_refused_actions_total",
            help: "What people wanted done about an incident and could not be done; its timeline says why.")
        metrics.gauge(
            "farwatch_decider_took_over_seconds",
            help: "How long nobody had decided when this aggregator last began to."
        ) { [weak self] in self?.undecidedSeconds.withLock { $0 } ?? 0 }
        func gauge(_ name: String, _ help: String, _ read: @escaping @Sendable (Figures) -> Double) {
            metrics.gauge("farwatch_decider_\(name)", help: help) { [weak self] in
                self.map { read($0.figures.withLock { $0 }) } ?? 0
            }
        }
        gauge("open_incidents", "Incidents that are open, where this aggregator decides.") { Double($0.open) }
        gauge("candidates", "Suspicions that may become incidents.") { Double($0.candidates) }
        gauge("series", "Series of calls whose normal is known.") { Double($0.series) }
        gauge("recent_cells", "Recent calls that causes are looked for in, as cells.") { Double($0.cells) }
        gauge("uncounted_calls", "Calls that a limit kept out of some series.") { Double($0.uncounted) }
        gauge("refused_incidents", "Incidents and candidates that a limit kept out.") { Double($0.refused) }
        gauge("refused_messages", "Messages that a limit kept back for good.") { Double($0.alertsRefused) }
        gauge("late_calls", "Calls that came in more than a minute after they were made, and were not judged.") {
            Double($0.late)
        }
        gauge("damaged_blocks", "Blocks of counts that could not be read, and were not judged.") { Double($0.damaged) }
        gauge("unreadable_quiets", "Silences and maintenances that a newer release wrote, and that hold nothing here.")
        {
            Double($0.unreadable.quietCount)
        }
        gauge("unreadable_owners", "Owners that a newer release wrote, and who are told nothing here.") {
            Double($0.unreadable.ownerCount)
        }
        gauge("held_messages", "Messages that a silence, a maintenance or quiet hours held back.") {
            Double($0.alertsHeld)
        }
    }

    /// It decides from now on, after nobody has for so long.
    func tookOver(after pause: Duration) { undecidedSeconds.withLock { $0 = max(0, pause.inSeconds) } }

    func show(_ state: DeciderState) {
        let (core, alerting) = (state.core, state.alerting)
        figures.withLock {
            $0 = Figures(
                open: core.open.count, candidates: core.candidateCount, series: core.detector.seriesCount,
                cells: core.detector.history.cellCount, uncounted: core.detector.uncountedCalls,
                refused: core.refusedCount, alertsRefused: alerting.refusedCount, alertsHeld: alerting.heldCount,
                late: state.lateCalls, damaged: state.damagedBlockCount, unreadable: state.unreadable)
        }
    }
}
