import Attribution
import CallModel
import PartnerCatalog
import Synchronization

/// What went through the pipeline since the start: what `status` shows, and the share of calls that lack a name.
final class PipelineTally: Sendable {
    struct Partner: Sendable {
        var callCount = 0
        var failureCount = 0
        var lastCallAt = Instant.epoch
    }

    struct State: Sendable {
        var partners: [String: Partner] = [:]
        var keptCount = 0
        /// Those that were given names, kept or joined with another: what `missing` and `found` are parts of.
        var namedCount = 0
        var notOurs: [Catalogue.NotOurs: Int] = [:]
        var missing: [AttributedField: Int] = [:]
        /// By the place of the rule in its list.
        var found: [AttributedField: [Int]] = [:]
    }

    /// Partners told apart; further ones are one, `{other}`.
    static let partnersMax = 500

    private let state = Mutex(State())

    var current: State { state.withLock { $0 } }

    func add(named namedCount: Int, notOurs: [Catalogue.NotOurs: Int], _ attribution: Attributor.Counts) {
        state.withLock { state in
            state.namedCount += namedCount
            for (reason, count) in notOurs { state.notOurs[reason, default: 0] += count }
            for (field, count) in attribution.missing { state.missing[field, default: 0] += count }
            for (field, counts) in attribution.found {
                var sum = state.found[field] ?? []
                while sum.count < counts.count { sum.append(0) }
                for (rule, count) in counts.enumerated() { sum[rule] += count }
                state.found[field] = sum
            }
        }
    }

    func keep(_ calls: [APICall]) {
        state.withLock { state in
            state.keptCount += calls.count
            for call in calls { Self.add(call, to: &state) }
        }
    }

    private static func add(_ call: APICall, to state: inout State) {
        var id = call.partner ?? "{other}"
        if state.partners[id] == nil, state.partners.count >= partnersMax { id = "{other}" }
        state.partners[id, default: Partner()].callCount += 1
        if call.outcome.isFailure { state.partners[id]?.failureCount += 1 }
        let last = state.partners[id]?.lastCallAt ?? .epoch
        state.partners[id]?.lastCallAt = max(last, call.time)
    }
}
