import Alerting
import CallModel
import Detection
import Documents
import Incidents
import PartnerCatalog
import Rollups

/// Lives recorded calls again, in their own time: the cores that run live, fed call by call.
struct Backtest {
    /// Calls later than this take no part in verdicts.
    static let lateMax: Duration = .seconds(60)

    /// A message that would have been sent.
    struct Notification {
        var at: Instant
        var channel: String
        var kind: Message.Kind
        var incident: Int64
    }

    private(set) var calls = RecordedCalls(.builtIn)
    private(set) var core: IncidentCore
    private(set) var alerting: AlertingCore
    private(set) var notifications: [Notification] = []
    private(set) var callCount: Int64 = 0
    private(set) var lateCount: Int64 = 0
    private(set) var firstTime: Instant?
    private(set) var now = Instant(nanosecondsSinceEpoch: .min)
    private var hostClock = HostClock()
    private var median = MedianClock()
    private var nextStep = Instant(nanosecondsSinceEpoch: .min)
    private var alertsAt: Instant?

    init(_ configuration: IncidentCore.Configuration, _ alerts: AlertingCore.Configuration) {
        core = IncidentCore(configuration: configuration)
        alerting = AlertingCore(configuration: alerts)
    }

    mutating func take(_ recorded: RecordedCalls.Call) {
        callCount += 1
        var cell = recorded.cell
        if let receivedAt = recorded.receivedAt {
            move(to: receivedAt)
        } else {
            median.observe(cell.time, host: cell.host)
            move(to: median.now)
        }
        cell.time = hostClock.corrected(cell.time, host: cell.host, receivedAt: max(now, recorded.receivedAt ?? now))
        if firstTime == nil { firstTime = cell.time }
        guard now - cell.time <= Self.lateMax else {
            lateCount += 1
            return
        }
        core.observe(cell)
    }

    /// Lets time pass step by step, as it does live: what is due between two calls must not wait for the second.
    private mutating func move(to time: Instant) {
        guard time > now else { return }
        if now.nanosecondsSinceEpoch == .min { nextStep = time }
        now = time
        while nextStep <= now {
            step(to: nextStep)
            nextStep = core.nextDeadline(after: nextStep)
        }
    }

    mutating func read(_ line: JSONValue) { if let call = calls.read(line) { take(call) } }

    mutating func refuse() { calls.refuse() }

    /// The last step.
    mutating func finish() { step(to: now) }

    private mutating func step(to time: Instant) {
        let events = core.advance(to: time)
        for event in events {
            tell(alerting.handle(AlertEvent(kind: event.kind, report: report(of: event.incident)), at: time))
        }
        if events.isEmpty, let due = alertsAt, due <= time { tell(alerting.advance(to: time)) }
        if !events.isEmpty || alertsAt.map({ $0 <= time }) ?? false { alertsAt = alerting.nextDeadline(after: time) }
    }

    func report(of incident: Incident) -> IncidentReport {
        IncidentReport(incident, names: { calls.name($0, $1) }, partnerName: { $0 })
    }

    private mutating func tell(_ messages: [Message]) {
        for message in messages {
            notifications.append(
                Notification(at: message.at, channel: message.channel, kind: message.kind, incident: message.incident))
        }
    }
}
