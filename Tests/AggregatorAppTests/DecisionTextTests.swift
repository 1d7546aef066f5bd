import CallModel
import Testing

@testable import AggregatorApp

/// Why something was done, as one aggregator publishes it for the others.
struct DecisionTextTests {
    private let decisions = [
        DecisionText(
            at: Instant(rfc3339: "2026-11-24T12:00:00.250Z")!, partner: "stripe", reason: "opened: \"12\" of 20 failed"),
        DecisionText(at: Instant(rfc3339: "2026-11-24T12:00:01Z")!, partner: nil, reason: "merged into 7"),
    ]

    @Test func `whoever reads what was published says the same`() throws {
        let read = try #require([DecisionText](encoded: decisions.encoded()))
        #expect(read == decisions)
        #expect(read.encoded() == decisions.encoded())
        let ofOne = try #require([DecisionText](encoded: decisions.encoded(of: "stripe")))
        #expect(ofOne == [decisions[0]])
    }

    @Test func `what is cut anywhere, or of another form, is nothing`() {
        let whole = decisions.encoded()
        for count in whole.indices { #expect([DecisionText](encoded: Array(whole[..<count])) == nil, "\(count) bytes") }
        #expect([DecisionText](encoded: Array("{}".utf8)) == nil)
        #expect(
            [DecisionText](encoded: Array(#"[{"at":"x","reason":"y"},7]"#.utf8)) == [],
            "entries of another form are let go")
    }
}
