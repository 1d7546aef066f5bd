import CallModel
import Incidents

@testable import Alerting

/// Everything that can happen to six incidents, from a seed.
enum RandomNight {
    static let schedule = OnCallSchedule(
        participants: [.init(name: "Ann", channel: "ann"), .init(name: "Bea", channel: "bea")],
        handOver: Timeline.start, every: .seconds(5_000 * 3))

    static var configuration: AlertingCore.Configuration {
        var configuration = AlertingCore.Configuration()
        configuration.owners = [
            Owner(
                name: "payments", matchers: [Matcher(.partner, "stripe")],
                steps: [Step("on-call"), Step("team"), Step("head", after: .seconds(3_000))], schedule: schedule,
                contact: "#payments", runbook: "https://wiki.example"),
            Owner(name: "crm", matchers: [Matcher(.partner, "zendesk")], steps: [Step("crm", after: .seconds(60))]),
        ]
        configuration.fallback = [Step("default"), Step("team")]
        configuration.acknowledgedChannels = ["team", "default"]
        configuration.quietHours = Hours(from: 720, until: 900)
        configuration.weights = [BusinessWeight([Matcher(.affectedCustomer, "vip")], weight: 2)]
        configuration.partnerContacts = ["stripe": "support@stripe.example"]
        configuration.burstMax = 20
        configuration.perHourMax = 60
        return configuration
    }

    /// xorshift64*.
    struct Dice: RandomNumberGenerator {
        private var state: UInt64

        init(_ seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1 }

        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 0x2545_F491_4F6C_DD1D
        }

        mutating func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &self) }
    }

    /// One thing that happens, and what is told of it.
    static func step(_ core: inout AlertingCore, _ dice: inout Dice, at now: Instant) -> [Message] {
        let id = Int64(1 + dice.roll(6))
        let partner = ["stripe", "zendesk", "adyen"][Int(id) % 3]
        let severity = Incident.Severity.allCases[dice.roll(3)]
        let report = outage(id, severity, partner: partner).with {
            $0.startedAt = now - .nanoseconds(Int64(dice.roll(1_000_000_000)))
            $0.confidence = 0.5 + Double(dice.roll(100_000)) / 200_000
            $0.usualShare = 1.0 / Double(1 + dice.roll(1_000))
            $0.regions = Array(["eu", "us", "ap"].prefix(1 + dice.roll(3)))
            $0.regionsReached = Array($0.regions.dropFirst())
            if dice.roll(4) == 0 { $0.customers.append("vip") }
            if dice.roll(5) == 0 { $0.kind = .deploy }
            if dice.roll(3) == 0 { $0.troubles.append("were slow") }
        }
        let actions: [AlertingCore.Action] = [
            .acknowledge, .resolve, .note("looking \"into\" it"), .caseSent, .caseAcknowledged, .assign(to: "crm"),
            .assign(to: "Bea"), .partnerSays("we look into it"),
        ]
        switch dice.roll(10) {
        case 0, 1: return core.handle(AlertEvent(kind: .opened, report: report), at: now)
        case 2: return core.handle(AlertEvent(kind: .updated, report: report), at: now)
        case 3: return core.handle(AlertEvent(kind: .escalated, report: report), at: now)
        case 4: return core.handle(AlertEvent(kind: .resolved, report: report.resolved(at: now)), at: now)
        case 5: return core.handle(AlertEvent(kind: .reopened, report: report), at: now)
        case 6, 7: return core.apply(actions[dice.roll(actions.count)], by: "ann", to: id, at: now)
        case 8:
            core.refresh(report)
            if let page = PartnerPage(words: "Outage \(dice.roll(3))", hasTrouble: dice.roll(2) == 0, at: now) {
                core.pageSays(page, of: partner)
            }
            return []
        default:
            let quiet = Quiet(
                id: 3, kind: [.silence, .maintenance, .partnerMaintenance][dice.roll(3)],
                matchers: [Matcher(.partner, partner)], from: now, until: now + .seconds(60 * dice.roll(60)),
                comment: "known")
            core.replace(quiets: dice.roll(2) == 0 ? [] : [quiet])
            return []
        }
    }
}
