import Alerting
import Runtime
import Testing
import Transport

@testable import Notifiers

struct PagerDutyTests {
    private let channel = PagerDutyChannel(
        WebAddress(PagerDutyChannel.usualAddress)!, routingKey: Secret(String(repeating: "k", count: 32)))

    @Test func `an incident is one key, triggered, acknowledged and resolved`() async throws {
        let receiver = Receiver(answer(202, #"{"status":"success","dedup_key":"farwatch:42"}"#))
        for kind in [Message.Kind.opened, .escalated, .updated, .acknowledged, .resolved] {
            #expect(await channel.deliver(message(kind), at: start, receiver.send).isDelivered)
        }
        let events = try receiver.requests.map { request in
            try read(request.body) { ($0.member("event_action")?.string, $0.member("dedup_key")?.string) }
        }
        #expect(events.map(\.0) == ["trigger", "trigger", "trigger", "acknowledge", "resolve"])
        #expect(Set(events.map(\.1)) == ["farwatch:42"])
    }

    @Test func `a trigger has what PagerDuty wants of one`() throws {
        try read(channel.request(message(severity: "critical"), "trigger").body) { root in
            let payload = root.member("payload")!
            #expect(payload.member("severity")?.string == "critical")
            #expect(payload.member("source")?.string == "stripe")
            #expect(payload.member("component")?.string == "POST /v1/charges")
            #expect(payload.member("summary")?.string?.hasPrefix("Stripe's fault") == true)
            #expect(payload.member("custom_details")?.member("incident")?.member("id")?.string == "42")
            #expect(root.member("links")?.childCount == 3)
            #expect(root.member("client_url")?.string == "https://farwatch.example/incidents/42")
        }
        #expect(PagerDutyChannel.severity(message(severity: "major")) == "error")
        #expect(PagerDutyChannel.severity(message(severity: "minor")) == "warning")
    }

    @Test func `long texts are cut to PagerDuty's limits, whatever they are made of`() throws {
        var long = message()
        long.summary = String(repeating: "ü👩‍👩‍👧 ", count: 400)
        long.document = Array("{\"x\":\"\(String(repeating: "y", count: 600_000))\"}".utf8)
        let body = channel.request(long, "trigger").body
        #expect(body.count <= PagerDutyChannel.bodyByteCountMax)
        let summary = try read(body) { $0.member("payload")?.member("summary")?.string }
        #expect((1...1_024).contains(summary?.utf8.count ?? 0))
    }

    @Test(arguments: [(400, true), (429, false), (500, false), (503, false)])
    func `400 is never tried again, a rate limit and their errors are`(_ status: Int, _ isRefused: Bool) async {
        let delivery = await channel.deliver(message(), at: start, Receiver(answer(status)).send)
        #expect((delivery.failure?.kind == .refused) == isRefused)
    }

    @Test func `a test leaves nothing open`() async throws {
        let receiver = Receiver(answer(202))
        #expect(await channel.deliver(message(.test), at: start, receiver.send).isDelivered)
        let events = try receiver.requests.map { try read($0.body) { $0.member("event_action")?.string } }
        #expect(events == ["trigger", "resolve"])
    }
}
