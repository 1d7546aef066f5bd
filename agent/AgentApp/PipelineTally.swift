import Attribution
import CallModel
import Express
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
            for index in calls.indices { Self.add(calls[index], to: &state) }
        }
    }

    /// The same for calls that went the short way.
    func keep(_ report: ExpressReport) {
        state.withLock { state in
            state.keptCount += report.keptCount
            for partner in report.partners {
                Self.change(partner.id, of: &state) {
                    $0.callCount += partner.callCount
                    $0.failureCount += partner.failureCount
                    $0.lastCallAt = max($0.lastCallAt, partner.lastCallAt)
                }
            }
        }
    }

    private static func add(_ call: APICall, to state: inout State) {
        change(call.partner ?? "{other}", of: &state) { $0.add(call) }
    }

    private static func change(_ id: String, of state: inout State, _ change: (inout Partner) -> Void) {
        if let place = state.partners.index(forKey: id) {
            change(&state.partners.values[place])
        } else {
            change(&state.partners[state.partners.count < partnersMax ? id : "{other}", default: Partner()])
        }
    }
}

extension PipelineTally.Partner {
    fileprivate mutating func add(_ call: APICall) {
        callCount += 1
        if call.outcome.isFailure { failureCount += 1 }
        lastCallAt = max(lastCallAt, call.time)
    }
}
