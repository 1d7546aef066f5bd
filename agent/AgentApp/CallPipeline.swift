import CallModel
import Documents
import PartnerCatalog
import Redaction
import Runtime
import Synchronization

/// What happens to every call between its source and the spool: it is named, judged and redacted, in this order, or let go.
///
/// Thread-safe: each use borrows a set of tools (a parser, a redactor) and brings it back.
final class CallPipeline: Sendable {
    struct Result: Sendable {
        var calls: [APICall]
        var notOurs: Int
    }

    /// One at a time uses it, and it passes between threads only through the mutex.
    private final class Tools: @unchecked Sendable {
        var redactor: Redactor
        let parser = JSONParser(byteCountMax: Limits.bodyByteCountMax)
        var counted: [String: Int] = [:]

        init(_ policy: RedactionPolicy) { redactor = Redactor(policy: policy) }
    }

    private let catalogue: Catalogue
    private let policy: RedactionPolicy
    private let region: String?
    private let environment: String?
    private let idle = Mutex<[Tools]>([])
    private let kept: Counter
    private let dropped: [Catalogue.NotOurs: Counter]
    private let redactions: @Sendable (String) -> Counter

    init(_ settings: AgentSettings, _ metrics: MetricsRegistry) {
        catalogue = settings.catalogue
        policy = settings.redaction
        region = settings.region
        environment = settings.environment
        kept = metrics.counter("farwatch_agent_kept_calls_total", help: "Calls that concern a partner.")
        dropped = Dictionary(
            uniqueKeysWithValues: Catalogue.NotOurs.allCases.map { reason in
                (
                    reason,
                    metrics.counter(
                        "farwatch_agent_not_ours_calls_total",
                        help: "Calls that concern no partner, let go on the host.",
                        labels: [("reason", reason.rawValue)])
                )
            })
        redactions = { rule in
            metrics.counter(
                "farwatch_agent_redactions_total", help: "Values masked, by rule.", labels: [("rule", rule)])
        }
    }

    func process(_ calls: [APICall], at now: Instant) -> Result {
        let tools = idle.withLock { $0.popLast() } ?? Tools(policy)
        var result = Result(calls: [], notOurs: 0)
        result.calls.reserveCapacity(calls.count)
        for var call in calls {
            guard case .partner(let id, let route, let isWebhook) = resolve(call) else {
                result.notOurs += 1
                continue
            }
            call.partner = id
            call.route = route
            if isWebhook, call.webhook == nil { call.webhook = catalogue.webhookDetails(of: call, partner: id) }
            call.region = call.region ?? region
            call.environment = call.environment ?? environment
            call.outcome = catalogue.outcome(of: call, partner: id, parser: tools.parser)
            tools.redactor.redact(&call, now: now)
            result.calls.append(call)
        }
        kept.add(result.calls.count)
        count(tools)
        idle.withLock { $0.append(tools) }
        return result
    }

    private func resolve(_ call: APICall) -> Catalogue.Resolution {
        let resolution = catalogue.resolve(call)
        if case .notOurs(let reason) = resolution { dropped[reason]?.add() }
        return resolution
    }

    private func count(_ tools: Tools) {
        for (rule, count) in tools.redactor.counts where count > tools.counted[rule, default: 0] {
            redactions(rule).add(count - tools.counted[rule, default: 0])
            tools.counted[rule] = count
        }
    }
}
