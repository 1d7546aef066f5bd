import CallModel
import Express
import PartnerCatalog
import Receivers
import Runtime
import Synchronization

/// Lends the short way to receivers, and counts what became of calls on it as the pipeline counts its own.
///
/// All calls go the general way while somebody watches them (`tap` shows calls); those of receivers also where packets or probes see
/// the same calls (they are compared call by call). Thread-safe.
final class ExpressLanes: CallShortcuts {
    /// One at a time uses it: it is here, or with the one borrower that took it out under the lock.
    private final class Idle: @unchecked Sendable {
        var lanes: [ExpressLane] = []
        /// Of the pipeline's rules they were made with; those of others are let go.
        var revision = 0
    }

    private let pipeline: CallPipeline
    private let taken: Counter
    private let known: Counter
    private let left: Counter
    private let idle = Mutex(Idle())

    init(_ pipeline: CallPipeline, _ metrics: MetricsRegistry) {
        self.pipeline = pipeline
        taken = metrics.counter(
            "farwatch_agent_express_calls_total", help: "Calls that went from their JSON straight to columns.")
        known = metrics.counter(
            "farwatch_agent_express_known_calls_total",
            help: "Calls among them that were not parsed, because one of the same structure came before.")
        left = metrics.counter(
            "farwatch_agent_express_left_calls_total", help: "Calls that were left to the general way.")
    }

    func borrow() -> (any CallShortcut)? {
        guard !pipeline.holdsCalls, !pipeline.tap.isWatched(at: Instant(nanosecondsSinceEpoch: WallClock.now())) else {
            return nil
        }
        return borrowLane()
    }

    /// For calls that the agent sees by itself, until they are handed on: it has to be begun and given back. Nil where they have to go
    /// the general way.
    func borrowForSeen(at now: Instant) -> ExpressLane? {
        guard !pipeline.tap.isWatched(at: now) else { return nil }
        let lane = borrowLane()
        guard lane.takesUnnamed else {
            giveBack(lane)
            return nil
        }
        lane.begin(at: now)
        return lane
    }

    /// Whether nobody else told of a call that was seen, and nobody is expected to.
    func meetsNobody(_ row: CallRow, at now: Instant) -> Bool { pipeline.meetsNobody(row, at: now) }

    private func borrowLane() -> ExpressLane {
        let rules = pipeline.currentRules
        let lane = idle.withLock { idle -> ExpressLane? in
            if idle.revision != rules.revision {
                idle.lanes = []
                idle.revision = rules.revision
            }
            return idle.lanes.popLast()
        }
        return lane ?? make(rules)
    }

    func giveBack(_ shortcut: any CallShortcut) {
        guard let lane = shortcut as? ExpressLane else { return }
        idle.withLock { idle in
            if lane.revision == idle.revision { idle.lanes.append(lane) }
        }
    }

    private func make(_ rules: CallPipeline.Rules) -> ExpressLane {
        let agent = rules.settings
        var settings = ExpressSettings(
            revision: rules.revision, catalogue: rules.naming, redaction: agent.redaction,
            attribution: agent.attribution.rules, hostName: agent.hostName)
        settings.trustHost = agent.receive.trustHost
        return ExpressLane(settings) { [self] report in
            left.add(report.leftCount)
            known.add(report.knownCount)
            taken.add(report.keptCount + report.apartCount + report.notOurs.values.reduce(0, +))
            pipeline.count(report)
        }
    }
}

extension CallPipeline {
    /// Adds calls that were named, attributed, judged and redacted on the short way.
    func count(_ report: ExpressReport) {
        for (reason, count) in report.notOurs { dropped[reason]?.add(count) }
        count(report.attribution)
        for (rule, count) in report.redactions { redactions[rule].add(count) }
        tally.add(named: report.keptCount + report.apartCount, notOurs: report.notOurs, report.attribution)
        guard report.keptCount > 0 else { return }
        kept.add(report.keptCount)
        tally.keep(report)
    }
}
