import CallModel
import Redaction
import Testing

/// What was granted in full is there, to the byte; what opens or pays something is not.
@Suite struct FullTests {
    private func redacted(_ body: String, _ type: String) -> (body: Body?, counts: [String: Int]) {
        var policy = RedactionPolicy()
        policy.partners["p"] = .init(mode: .full, approvedBy: "jane", until: Instant(secondsSinceEpoch: 100))
        var redactor = Redactor(policy: policy)
        var request = APICall.Request(method: "POST", url: "https://a.example/")
        request.headers = [Header("content-type", type)]
        request.body = Body(body)
        var call = APICall(time: .epoch, request: request, source: .json)
        call.partner = "p"
        redactor.redact(&call, now: .epoch)
        return (call.request.body, redactor.counts.filter { $0.value > 0 })
    }

    private static let form = "application/x-www-form-urlencoded"
    private static let json = "application/json"

    @Test(arguments: [
        (#"{ "name": "Ann",  "email":"ann@acme.example", "amount": 1.50, "id": "ch_3NqLT22eZvKYlo2C1jF6kcVr" }"#, json),
        (#"{"iban":"DE89370400440532013000","ssn":"123-45-6789","note":"a text with anything, of any length"}"#, json),
        (#"{"token":null,"list":[1,true,null,{"a":{}}]}"#, json), ("<order><name>Ann</name></order>", "text/xml"),
        ("amount=12&name=Ann%20Smith", form), ("\u{0}\u{1}binary", "application/octet-stream"),
    ])
    func `a body without credentials stays to the byte`(body: String, type: String) {
        let left = redacted(body, type)
        #expect(left.body == Body(body))
        #expect(left.counts == [:])
    }

    @Test func `JSON keeps all but its credentials`() {
        let body =
            #"{"name":"Ann","card":{"number":"4242 4242 4242 4242","cvc":737},"Password":"x","#
            + #""list":["sk_live_abcdef123456",2],"pan":4242424242424242}"#
        let left = redacted(body, Self.json)
        #expect(left.body?.form == .redacted)
        #expect(
            String(decoding: left.body?.bytes ?? [], as: UTF8.self)
                == #"{"name":"Ann","card":{"number":"{card}","cvc":"{secret}"},"Password":"{secret}","#
                + #""list":["{token}",2],"pan":"{card}"}"#)
        #expect(left.counts == ["card": 2, "named": 2, "token": 1])
    }

    @Test(arguments: [
        ("name=Ann&card[number]=4242424242424242", form, "card"), ("name=Ann&card[cvc]=737", form, "named"),
        ("name=Ann&note=c2tfbGl2ZV9hYmNkZWYxMjM0NTY", form, "encoded"),
        ("<order><password>x</password></order>", "text/xml", "named"),
        ("key sk_live_abcdef123456", "text/plain", "token"),
    ])
    func `of anything else that holds one the shape is left`(body: String, type: String, rule: String) {
        let left = redacted(body, type)
        #expect(left.body?.form == .shape)
        #expect(left.counts == [rule: 1, "body": 1])
    }
}
