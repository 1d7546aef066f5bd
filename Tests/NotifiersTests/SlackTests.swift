import Alerting
import Runtime
import Testing
import Transport

@testable import Notifiers

struct SlackTests {
    private let hook = SlackChannel(.webhook(WebAddress("https://hooks.slack.com/services/T/B/x")!))
    private let bot = SlackChannel(
        .bot(token: Secret("xoxb-1"), channel: "#ops", api: WebAddress(SlackChannel.usualAPI)!))
    private let posted = answer(200, #"{"ok":true,"channel":"C1","ts":"17.1"}"#)

    @Test func `an incoming webhook gets a message an event, its text always set and escaped`() async throws {
        let receiver = Receiver(answer(200, "ok"))
        #expect(await hook.deliver(message(), reference: nil, at: start, receiver.send).isDelivered)
        try read(receiver.requests[0].body) { root in
            #expect(root.member("text")?.string?.contains("3 of 4 calls &lt;fail&gt; &amp; more.") == true)
            #expect(root.member("blocks")?.childCount == 4)
            #expect(
                root.member("text")?.string?.hasPrefix("🔴 Stripe's fault") == true, "the fault is the first thing said")
        }
    }

    @Test func `nothing exceeds Slack's limits, and no escape is cut in two`() throws {
        var long = message()
        long.title = String(repeating: "T<", count: 500)
        long.summary = String(repeating: "&", count: 5_000)
        long.text = String(repeating: "ü<", count: 5_000)
        try read(SlackChannel.body(long)) { root in
            root.member("blocks")?.forEachElement { block in
                let text = block.member("text")?.member("text")?.string ?? ""
                #expect(text.unicodeScalars.count <= SlackMessage.sectionMax)
                #expect(!text.contains("&…") && !text.contains("&l…") && !text.contains("&am…"))
            }
            #expect((root.member("text")?.string?.utf8.count ?? 0) <= 4_000)
        }
    }

    @Test func `with a bot's token the first message is kept up to date, and the news go to its thread`() async throws {
        let receiver = Receiver(posted)
        let first = await bot.deliver(message(), reference: nil, at: start, receiver.send)
        #expect(first == .delivered(said: "ok, C1 17.1", reference: "C1:17.1"))
        let worse = message(.escalated, sequence: 2)
        #expect(await bot.deliver(worse, reference: "C1:17.1", at: start, receiver.send).isDelivered)
        let requests = receiver.requests
        #expect(
            requests.map(\.address.target) == ["/api/chat.postMessage", "/api/chat.update", "/api/chat.postMessage"])
        #expect(requests.allSatisfy { $0.headers[first: "authorization"] == "Bearer xoxb-1" })
        try read(requests[1].body) { root in
            #expect(root.member("channel")?.string == "C1" && root.member("ts")?.string == "17.1")
        }
        try read(requests[2].body) { root in
            #expect(root.member("thread_ts")?.string == "17.1" && root.member("reply_broadcast")?.bool == true)
            #expect(root.member("metadata")?.member("event_payload")?.member("message_id")?.string == "42-ops-2")
        }
    }

    @Test func `where somebody deleted the first message there is a new one`() async {
        let receiver = Receiver(answer(200, #"{"ok":false,"error":"message_not_found"}"#), posted)
        let delivery = await bot.deliver(message(.updated, sequence: 2), reference: "C9:1.0", at: start, receiver.send)
        #expect(delivery == .delivered(said: "ok, C1 17.1", reference: "C1:17.1"))
    }

    @Test func `Slack's words say whether it may pass`() async {
        func kind(_ result: Result<ClientResponse, TransportError>, _ channel: SlackChannel) async -> DeliveryFailure
            .Kind?
        {
            await channel.deliver(message(), reference: nil, at: start, Receiver(result).send).failure?.kind
        }
        #expect(await kind(answer(200, #"{"ok":false,"error":"invalid_auth"}"#), bot) == .setting)
        #expect(await kind(answer(200, #"{"ok":false,"error":"msg_too_long"}"#), bot) == .refused)
        #expect(await kind(answer(200, #"{"ok":false,"error":"internal_error"}"#), bot) == .temporary(retryAfter: nil))
        #expect(await kind(answer(200, "<html>"), bot) == .temporary(retryAfter: nil))
        #expect(await kind(answer(429, "", ["retry-after": "7"]), bot) == .temporary(retryAfter: .seconds(7)))
        #expect(await kind(answer(403, "action_prohibited"), hook) == .setting)
        #expect(await kind(answer(404, "no_service"), hook) == .setting)
        #expect(await kind(answer(400, "invalid_payload"), hook) == .refused)
        #expect(await kind(answer(500, "x"), hook) == .temporary(retryAfter: nil))
    }
}
