import CallModel
import Detection
import Testing

@testable import Alerting
@testable import Incidents

struct AlertingCoreTests {
    private let start = Instant(secondsSinceEpoch: 1_795_000_000)

    private func incident(_ id: Int64, at now: Instant, _ state: Incident.State = .open) -> Incident {
        var incident = Incident(
            id: id, kind: .partner, scope: Scope(partner: 7), groups: [.down], partners: [7], startedAt: now,
            openedAt: now)
        incident.state = state
        if state == .resolved { incident.resolvedAt = now }
        return incident
    }

    private func event(_ kind: IncidentCore.Event.Kind, _ id: Int64, at now: Instant) -> IncidentCore.Event {
        IncidentCore.Event(kind: kind, at: now, incident: incident(id, at: now, kind == .resolved ? .resolved : .open))
    }

    @Test func `an incident is opened once and resolved once, and a reopened one is an update`() {
        var core = AlertingCore()
        var sent = core.handle(event(.opened, 1, at: start), at: start)
        sent += core.handle(event(.resolved, 1, at: start + .seconds(60)), at: start + .seconds(60))
        sent += core.handle(event(.reopened, 1, at: start + .seconds(90)), at: start + .seconds(90))
        sent += core.handle(event(.resolved, 1, at: start + .seconds(200)), at: start + .seconds(200))
        #expect(sent.map(\.kind) == [.opened, .resolved, .updated, .resolved])
    }

    @Test func `ten thousand incidents at once are no storm`() {
        let configuration = AlertingCore.Configuration()
        var core = AlertingCore(configuration: configuration)
        var sent = 0
        for id in 1...10_000 as ClosedRange<Int64> {
            sent += core.handle(event(.opened, id, at: start), at: start).count
        }
        #expect(Double(sent) <= configuration.burstMax)
        for second in stride(from: 10, through: 3_600, by: 10) {
            sent += core.advance(to: start + .seconds(second)).count
        }
        #expect(Double(sent) <= configuration.burstMax + configuration.perHourMax)
        #expect(sent > 200, "what waits is told as the bucket refills")
    }

    @Test func `changes are gathered, and a rise in severity is not`() {
        var core = AlertingCore()
        _ = core.handle(event(.opened, 1, at: start), at: start)
        var sent: [Alerting.Notification] = []
        for second in 1...20 { sent += core.handle(event(.updated, 1, at: start), at: start + .seconds(second)) }
        #expect(sent.isEmpty)
        sent += core.handle(event(.escalated, 1, at: start), at: start + .seconds(21))
        #expect(sent.map(\.kind) == [.escalated])
    }

    @Test func `silenced means told to nobody, its end neither, and the rest when the silence ends`() {
        var core = AlertingCore()
        var matcher = IncidentMatcher()
        matcher.partners = [7]
        let isAdded = core.add(
            Quiet(id: 1, kind: .silence, matcher: matcher, from: start, until: start + .seconds(100), comment: "known"))
        #expect(isAdded)
        #expect(core.handle(event(.opened, 1, at: start), at: start).isEmpty)
        #expect(core.handle(event(.resolved, 1, at: start + .seconds(10)), at: start + .seconds(10)).isEmpty)
        #expect(core.handle(event(.opened, 2, at: start + .seconds(20)), at: start + .seconds(20)).isEmpty)
        #expect(core.advance(to: start + .seconds(101)).map(\.incident.id) == [2])
        #expect(core.heldCount == 2)
    }

    @Test func `nobody acknowledges, so the next channel hears of it, and then all of them again`() {
        var configuration = AlertingCore.Configuration()
        configuration.fallback = ["team", "duty", "head"]
        var core = AlertingCore(configuration: configuration)
        var sent = core.handle(event(.opened, 1, at: start), at: start)
        for minute in 1...300 { sent += core.advance(to: start + .seconds(minute * 60)) }
        #expect(sent.prefix(6).map(\.channel) == ["team", "team", "duty", "team", "duty", "head"])
        #expect(sent.prefix(6).map(\.kind) == [.opened, .escalated, .escalated, .escalated, .escalated, .escalated])
        #expect(sent.dropFirst(6).map(\.kind) == [.updated, .updated, .updated])
    }

    @Test func `acknowledged is quiet, and not deaf`() {
        var core = AlertingCore()
        _ = core.handle(event(.opened, 1, at: start), at: start)
        core.acknowledge(1)
        for hour in 1...24 { #expect(core.advance(to: start + .seconds(hour * 3_600)).isEmpty) }
        let later = start + .seconds(90_000)
        #expect(core.handle(event(.escalated, 1, at: later), at: later).map(\.kind) == [.escalated])
    }

    @Test func `one incident cannot speak for ever`() {
        var core = AlertingCore()
        var sent = core.handle(event(.opened, 1, at: start), at: start).count
        for hour in 1...2_000 {
            sent += core.handle(event(.escalated, 1, at: start), at: start + .seconds(hour * 3_600)).count
        }
        sent += core.handle(event(.resolved, 1, at: start), at: start + .seconds(2_001 * 3_600)).count
        #expect(sent <= core.configuration.messagesPerIncidentMax)
    }
}
