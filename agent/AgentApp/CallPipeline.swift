import Attribution
import CallModel
import Documents
import PartnerCatalog
import Redaction
import Runtime
import Synchronization

/// What happens to every call between its source and the spool: it is named, attributed, judged and redacted, in this order, or
/// let go before any of it is kept; then it is joined with what others saw of it.
///
/// Thread-safe: each use borrows a set of tools (a parser, a redactor) and brings it back. Its rules are replaced while it works
/// (`use`, `setPublished`): calls that are under way then are finished by those they began with.
final class CallPipeline: Sendable {
    struct Result: Sendable {
        var calls: [APICall]
        var notOurs: Int
        /// Calls that another witness told of before.
        var repeated = 0
    }

    /// What calls are dealt with by. Never changes: others take its place.
    final class Rules: Sendable {
        let settings: AgentSettings
        let published: [PartnerDefinition]
        let naming: LayeredCatalogue
        /// Counts up: the place these have among the rules of this process.
        let revision: Int

        init(_ settings: AgentSettings, published: [PartnerDefinition], after last: Rules? = nil) {
            self.settings = settings
            self.published = published
            revision = (last?.revision ?? 0) + 1
            naming = LayeredCatalogue(settings.catalogue, published: published)
        }
    }

    /// One at a time uses it, and it passes between threads only through the mutex.
    private final class Tools: @unchecked Sendable {
        let rules: Rules
        var redactor: Redactor
        var attributor: Attributor
        let parser = JSONParser(byteCountMax: Limits.bodyByteCountMax)
        var counted: [String: Int] = [:]

        init(_ rules: Rules) {
            self.rules = rules
            redactor = Redactor(policy: rules.settings.redaction, catalogue: rules.settings.catalogue)
            attributor = Attributor(rules: rules.settings.attribution.rules)
        }
    }

    let tally = PipelineTally()
    let tap = TapBuffer()
    /// Nil where calls come from one kind of source only.
    private let sightings: SightingDesk?
    private let rules: Mutex<Rules>
    private let idle = Mutex<[Tools]>([])
    let kept: Counter
    let dropped: [Catalogue.NotOurs: Counter]
    /// By rule.
    let redactions: CountersByLabel<String>
    private let unattributed: [AttributedField: Counter]
    private let attributed: CountersByLabel<AttributionLabel>

    private struct AttributionLabel: Hashable {
        var field: AttributedField
        /// Its place among the field's.
        var rule: Int
    }

    /// - Parameter published: what the aggregator published, until `setPublished` is called.
    init(_ settings: AgentSettings, _ metrics: MetricsRegistry, published: [PartnerDefinition] = []) {
        sightings = SightingDesk(settings, metrics)
        rules = Mutex(Rules(settings, published: published))
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
        redactions = CountersByLabel { rule in
            metrics.counter(
                "farwatch_agent_redactions_total", help: "Values masked, by rule.", labels: [("rule", rule)])
        }
        // There from the start: a rule that somebody counts on is seen to stay at 0.
        for rule in Redactor.ruleNames { _ = redactions[rule] }
        unattributed = Dictionary(
            uniqueKeysWithValues: AttributedField.allCases.map { field in
                (
                    field,
                    metrics.counter(
                        "farwatch_agent_unattributed_calls_total",
                        help: "Calls of partners that no rule could give this name.",
                        labels: [("name", field.rawValue)])
                )
            })
        attributed = CountersByLabel { label in
            metrics.counter(
                "farwatch_agent_attributed_calls_total",
                help: "Calls of partners, by the rule that gave them this name.",
                labels: [("name", label.field.rawValue), ("rule", String(label.rule))])
        }
    }

    /// What calls are named by; a value that does not change.
    var catalogue: LayeredCatalogue { currentRules.naming }

    var currentRules: Rules { rules.withLock { $0 } }

    /// Calls from now on are named by this. Returns the version of what they are named by.
    func setPublished(_ published: [PartnerDefinition]) -> String {
        rules.withLock { rules in
            rules = Rules(rules.settings, published: published, after: rules)
            return rules.naming.version
        }
    }

    /// Partners, redaction and the rules for names are by these settings from now on; not what capture needs, which is as it was at
    /// the start. Returns the version of what calls are named by.
    func use(_ settings: AgentSettings) -> String {
        rules.withLock { rules in
            rules = Rules(settings, published: rules.published, after: rules)
            return rules.naming.version
        }
    }

    /// How calls came to the agent.
    enum Way {
        /// By a receiver.
        case reported
        /// On the wire, or in a TLS library.
        case seen
        /// Out of a file, perhaps for the second time; nothing of today is looked for among them.
        case replayed
    }

    /// - Parameter processes: Of each call the process it was made by, where a probe saw it; empty where nobody knows any.
    func process(
        _ calls: consuming [APICall], _ way: Way, processes: [ProcessFacts?] = [], at now: Instant
    ) -> Result {
        let tools = borrowTools()
        var notOurs: [Catalogue.NotOurs: Int] = [:]
        // In place: a call is some 25 texts and lists, and a copy of it a reference to each.
        var keptCount = 0
        for index in calls.indices {
            let process = index < processes.count ? processes[index] : nil
            if let reason = complete(&calls[index], process, tools, at: now) {
                notOurs[reason, default: 0] += 1
                continue
            }
            if keptCount < index { calls.swapAt(keptCount, index) }
            keptCount += 1
        }
        let notOursCount = calls.count - keptCount
        return finished(Result(calls: calls, notOurs: notOursCount), way, notOurs, tools, at: now)
    }

    private func borrowTools() -> Tools {
        let rules = currentRules
        let fitting = idle.withLock { idle -> Tools? in
            while let tools = idle.popLast() {
                if tools.rules === rules { return tools }
            }
            return nil
        }
        return fitting ?? Tools(rules)
    }

    /// Names, attributes, judges and redacts one call; or says why it is not ours, and leaves it as it came.
    private func complete(
        _ call: inout APICall, _ process: ProcessFacts?, _ tools: Tools, at now: Instant
    ) -> Catalogue.NotOurs? {
        let catalogue = tools.rules.naming
        let name: LayeredCatalogue.Naming
        switch catalogue.resolve(call) {
        case .notOurs(let reason): return reason
        case .partner(let naming): name = naming
        }
        // As the host itself knows it, until it is redacted: what was published decides nothing of that.
        call.partner = name.own
        call.route = name.route
        if name.isWebhook { completeWebhook(of: &call, name.own, tools.rules.settings.catalogue) }
        tools.attributor.attribute(&call, process: process, parser: tools.parser)
        call.outcome = catalogue.outcome(of: call, name, parser: tools.parser)
        tools.redactor.redact(&call, now: now)
        if name.partner != name.own { call.partner = name.partner }
        return nil
    }

    private func finished(
        _ processed: consuming Result, _ way: Way, _ notOurs: [Catalogue.NotOurs: Int], _ tools: Tools, at now: Instant
    ) -> Result {
        var result = processed
        // What is not ours was left behind the others.
        result.calls.removeLast(result.notOurs)
        for (reason, count) in notOurs { dropped[reason]?.add(count) }
        count(tools)
        let attribution = tools.attributor.takeCounts()
        count(attribution)
        tally.add(named: result.calls.count, notOurs: notOurs, attribution)
        idle.withLock { $0.append(tools) }
        if let sightings, way != .replayed {
            (result.calls, result.repeated) = sightings.meet(result.calls, areReported: way == .reported, at: now)
        }
        keep(result.calls, at: now)
        return result
    }

    /// Of calls that are named and redacted, those to be kept now: they are joined with what others saw of them.
    func join(_ calls: [APICall], at now: Instant) -> [APICall] {
        guard !calls.isEmpty else { return [] }
        let kept = sightings?.meet(calls, areReported: false, at: now).calls ?? calls
        keep(kept, at: now)
        return kept
    }

    /// Whether nobody else told of a call that was seen, and nobody is expected to.
    func meetsNobody(_ row: CallRow, at now: Instant) -> Bool { sightings?.meetsNobody(row, at: now) ?? true }

    /// Calls seen on the wire that have waited long enough for a report of them.
    func release(at now: Instant) -> [APICall] {
        let calls = sightings?.release(at: now) ?? []
        keep(calls, at: now)
        return calls
    }

    /// Whether `release` will ever give any.
    var holdsCalls: Bool { sightings != nil }

    private func keep(_ calls: [APICall], at now: Instant) {
        guard !calls.isEmpty else { return }
        kept.add(calls.count)
        tally.keep(calls)
        tap.offer(calls, at: now)
    }

    /// What the sender told of the webhook stays; of one we send the rest is looked for.
    private func completeWebhook(of call: inout APICall, _ partner: String, _ catalogue: Catalogue) {
        guard call.webhook == nil || partner == Catalogue.sentWebhooksPartner else { return }
        call.webhook = catalogue.webhookDetails(of: call, partner: partner)
    }

    func count(_ attribution: Attributor.Counts) {
        for (field, count) in attribution.missing { unattributed[field]?.add(count) }
        for (field, counts) in attribution.found {
            for (rule, count) in counts.enumerated() where count > 0 {
                attributed[AttributionLabel(field: field, rule: rule)].add(count)
            }
        }
    }

    private func count(_ tools: Tools) {
        for (rule, count) in tools.redactor.counts where count > tools.counted[rule, default: 0] {
            redactions[rule].add(count - tools.counted[rule, default: 0])
            tools.counted[rule] = count
        }
    }
}
