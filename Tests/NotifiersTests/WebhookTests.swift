import Alerting
import CallModel
import Testing
import Transport

@testable import Notifiers

struct WebhookTests {
    private let address = WebAddress("https://hooks.example/in/s3cret?x=1")!
    /// The specification's own example.
    private let key = StandardWebhook.Key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")!

    @Test func `the signature is the one of the specification's example`() {
        let headers = StandardWebhook([key]).headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(headers[first: "webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(headers[first: "webhook-timestamp"] == "1614265330")
    }

    @Test func `while a secret is replaced there is a signature by each`() {
        let second = StandardWebhook.Key("C2FVsBQIhrscChlQIMV+b5sSYspob7oD")!
        let headers = StandardWebhook([key, second]).headers(id: "a", timestamp: 1, body: [])
        let one = StandardWebhook([key]).headers(id: "a", timestamp: 1, body: [])[first: "webhook-signature"]!
        let other = StandardWebhook([second]).headers(id: "a", timestamp: 1, body: [])[first: "webhook-signature"]!
        #expect(headers[first: "webhook-signature"] == "\(one) \(other)")
    }

    @Test func `secrets that are too short, too long or no base64 are refused`() {
        #expect(StandardWebhook.Key("whsec_c2hvcnQ=") == nil)
        #expect(StandardWebhook.Key("whsec_" + String(repeating: "AAAA", count: 22)) == nil)
        #expect(StandardWebhook.Key("not base64 at all, but long enough!") == nil)
        #expect(base64Decoded("Zm9vYg==")! == Array("foob".utf8))
        #expect(base64Decoded("Zm9vYg")! == Array("foob".utf8))
        #expect(base64Decoded("Zm9vYg===") == nil && base64Decoded("Z") == nil)
    }

    @Test func `one POST carries the message and its document, with the same id at every attempt`() async throws {
        let receiver = Receiver(answer(204))
        let channel = WebhookChannel(address, keys: [key])
        #expect(await channel.deliver(message(), at: start, receiver.send).isDelivered)
        #expect(await channel.deliver(message(), at: start + .seconds(5), receiver.send).isDelivered)
        let (first, second) = (receiver.requests[0], receiver.requests[1])
        #expect(first.method == "POST" && first.address.target == "/in/s3cret?x=1" && first.body == second.body)
        #expect(first.headers[first: "webhook-id"] == "42-ops-1" && second.headers[first: "webhook-id"] == "42-ops-1")
        #expect(first.headers[first: "webhook-timestamp"] != second.headers[first: "webhook-timestamp"])
        try read(first.body) { root in
            #expect(root.member("type")?.string == "incident.opened")
            #expect(root.member("timestamp")?.string == "2026-11-27T18:44:24.000Z")
            #expect(root.member("data")?.member("incident")?.string == "42")
            #expect(root.member("data")?.member("document")?.member("cause")?.member("confidence")?.double == 0.97)
        }
    }

    @Test func `a document that is too large for receivers is left out, the message is not`() throws {
        var large = message()
        large.document = Array("{\"x\":\"\(String(repeating: "y", count: 300_000))\"}".utf8)
        let body = WebhookChannel.body(large)
        #expect(body.count < 10_000)
        #expect(try read(body) { $0.member("data")?.member("document")?.isNull } == true)
    }

    @Test(arguments: [
        (301, DeliveryFailure.Kind.temporary(retryAfter: nil)), (400, .temporary(retryAfter: nil)), (401, .setting),
        (404, .setting), (410, .refused), (500, .temporary(retryAfter: nil)), (503, .temporary(retryAfter: nil)),
    ])
    func `only a success is a success, and what failed says whether it may pass`(
        _ status: Int, _ kind: DeliveryFailure.Kind
    ) async {
        let receiver = Receiver(answer(status, "no\nthanks", ["location": "http://elsewhere.example/"]))
        let delivery = await WebhookChannel(address).deliver(message(), at: start, receiver.send)
        #expect(delivery.failure?.kind == kind)
        #expect(delivery.failure?.text.hasPrefix("HTTP \(status)") == true)
        #expect(delivery.failure?.text.contains("no thanks") == true)
        #expect(receiver.requests.count == 1)
    }

    @Test func `a receiver's wait is understood in seconds and as a date`() async {
        for text in ["120", "Fri, 27 Nov 2026 18:46:24 GMT"] {
            let receiver = Receiver(answer(429, "", ["retry-after": text]))
            let delivery = await WebhookChannel(address).deliver(message(), at: start, receiver.send)
            #expect(delivery.failure?.kind == .temporary(retryAfter: .seconds(120)))
        }
        let nonsense = Receiver(answer(429, "", ["retry-after": "soon"]))
        let delivery = await WebhookChannel(address).deliver(message(), at: start, nonsense.send)
        #expect(delivery.failure?.kind == .temporary(retryAfter: nil))
    }

    @Test func `an error never holds the URL's path`() async {
        let delivery = await WebhookChannel(address).deliver(message(), at: start, Receiver(.failure(lost)).send)
        #expect(delivery.failure?.kind == .temporary(retryAfter: nil))
        #expect(!"\(delivery) \(address)".contains("s3cret"))
    }
}
