import Alerting
import CallModel
import Testing

struct MessageTests {
    @Test func `what is written into the outbox is read as it was`() throws {
        for kind in Message.Kind.allCases { #expect(Message(json: message(kind).json()) == message(kind)) }
        var bare = Message(
            id: "1-a-1", incident: .max, sequence: -3, channel: "a", kind: .opened, at: start, severity: "minor",
            title: "\u{0}\n\"ü\"", summary: "", text: "", reason: "")
        #expect(Message(json: bare.json()) == bare)
        bare.at = bare.at + .nanoseconds(1)
        #expect(Message(json: bare.json()) == bare)
    }

    @Test func `bytes that are no message are none`() {
        let whole = message().json()
        for count in 0..<whole.count { #expect(Message(json: Array(whole.prefix(count))) == nil) }
        #expect(Message(json: Array("{}".utf8)) == nil)
        #expect(Message(json: Array(#"{"id":1}"#.utf8)) == nil)
    }
}
