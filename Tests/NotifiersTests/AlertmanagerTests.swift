import Alerting
import CallModel
import Documents
import Testing
import Transport

@testable import Notifiers

struct AlertmanagerTests {
    private let channel = AlertmanagerChannel([WebAddress("http://am.example:9093/prefix")!])

    private struct Alert {
        var labels: [String: String] = [:]
        var startsAt = Instant.epoch
        var endsAt = Instant.epoch
    }

    private func alerts(_ request: WebRequest) throws -> [Alert] {
        try read(request.body) { root in
            var alerts: [Alert] = []
            root.forEachElement { value in
                var alert = Alert()
                value.member("labels")?.forEachMember { name, label in
                    alert.labels[String(decoding: name, as: UTF8.self)] = label.string
                }
                alert.startsAt = value.member("startsAt")?.string.flatMap { Instant(rfc3339: $0) } ?? .epoch
                alert.endsAt = value.member("endsAt")?.string.flatMap { Instant(rfc3339: $0) } ?? .epoch
                alerts.append(alert)
            }
            return alerts
        }
    }

    @Test func `an open incident fires until four renewals from now, a resolved one has ended`() async throws {
        let receiver = Receiver(answer(200))
        _ = await channel.deliver(message(.opened), reference: nil, at: start, receiver.send)
        _ = await channel.deliver(
            message(.resolved, sequence: 2), reference: nil, at: start + .seconds(90), receiver.send)
        #expect(receiver.requests[0].address.target == "/prefix/api/v2/alerts")
        let (open, closed) = (try alerts(receiver.requests[0])[0], try alerts(receiver.requests[1])[0])
        #expect(open.startsAt == Instant(rfc3339: "2026-11-27T18:40:00Z") && open.endsAt == start + .seconds(240))
        #expect(closed.labels == open.labels && closed.endsAt == start + .seconds(90))
        #expect(open.labels["alertname"] == "FarwatchIncident" && open.labels["scope"] == "fleet")
        #expect(open.labels["incident"] == "42" && open.labels["partner"] == "stripe")
    }

    @Test func `where the labels change the alert with the former ones ends`() async throws {
        let receiver = Receiver(answer(200))
        let first = await channel.deliver(message(severity: "minor"), reference: nil, at: start, receiver.send)
        guard case .delivered(_, let reference?) = first else { Issue.record("no reference"); return }
        let worse = message(.escalated, sequence: 2, severity: "critical")
        _ = await channel.deliver(worse, reference: reference, at: start + .seconds(60), receiver.send)
        let both = try alerts(receiver.requests[1])
        #expect(both.map { $0.labels["severity"] } == ["minor", "critical"])
        #expect(both[0].endsAt == start + .seconds(60) && both[1].endsAt > start + .seconds(60))
        _ = await channel.deliver(message(severity: "minor"), reference: reference, at: start, receiver.send)
        #expect(try alerts(receiver.requests[2]).count == 1)
    }

    @Test func `labels are what Prometheus allows, and a host's alert has the host's scope`() {
        let labels = AlertmanagerChannel.labels(
            message(labels: ["host": "app-1", "peer.network": "1.2.3.0/24", "9x": "y", "": "z", "empty": ""]))
        #expect(labels["scope"] == "host" && labels["peer_network"] == "1.2.3.0/24" && labels["_9x"] == "y")
        #expect(labels["empty"] == nil)
    }

    @Test func `it is told when one of several took it, and says what the other did`() async {
        let pair = AlertmanagerChannel([WebAddress("http://a.example")!, WebAddress("http://b.example")!])
        let delivery = await pair.deliver(
            message(), reference: nil, at: start, Receiver(.failure(lost), answer(200)).send)
        guard case .delivered(let said, _) = delivery else { Issue.record("not delivered"); return }
        #expect(said.contains("b.example") && said.contains("gone"))
        let none = await pair.deliver(message(), reference: nil, at: start, Receiver(answer(400, "bad")).send)
        #expect(none.failure?.kind == .refused)
    }
}
