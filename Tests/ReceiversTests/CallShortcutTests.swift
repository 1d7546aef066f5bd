import BatchFormat
import CallModel
import Documents
import Receivers
import Synchronization
import Testing

/// Calls that a shortcut takes, as the receiver counts and answers for them.
struct CallShortcutTests {
    /// Takes the calls of one host and lets those of another go; leaves all others.
    private final class Shortcut: CallShortcut {
        private var taken = TakenCalls(EncodedCalls())

        func begin(at now: Instant) { taken = TakenCalls(EncodedCalls()) }

        func take(_ text: UnsafeRawBufferPointer, readableAfter: Int) -> Bool {
            guard String(decoding: text, as: UTF8.self).contains("\"unparsed\"") else { return false }
            taken.notOursCount += 1
            return true
        }

        func take(_ value: JSONValue, of text: UnsafeRawBufferPointer) -> Bool {
            switch value.member("service")?.string {
            case "short":
                taken.encoded.batch.append(
                    APICall(time: .epoch, request: .init(method: "GET", url: "/"), source: .json))
            case "ours": taken.notOursCount += 1
            default: return false
            }
            return true
        }

        func finish() -> TakenCalls? { taken.count > 0 ? taken : nil }
    }

    private final class Shortcuts: CallShortcuts {
        let given = Mutex((lent: 0, back: 0))

        func borrow() -> (any CallShortcut)? {
            given.withLock { $0.lent += 1 }
            return Shortcut()
        }

        func giveBack(_ shortcut: any CallShortcut) { given.withLock { $0.back += 1 } }
    }

    private func call(_ service: String) -> String {
        #"{"time":"2026-11-24T05:00:00.000Z","service":"\#(service)","#
            + #""request":{"method":"GET","url":"https://api.example.com/x"}}"#
    }

    @Test func `what it takes is answered for, and the rest goes the general way`() async throws {
        let shortcuts = Shortcuts()
        let fixture = try HandlerFixture { $0.shortcuts = shortcuts }
        let lines = [call("short"), call("other"), "{}", call("ours"), call("short")].joined(separator: "\n")
        let response = await fixture.post("/v1/calls", type: "application/x-ndjson", Array(lines.utf8))
        #expect(response.text.hasPrefix(#"{"accepted":4,"rejected":1,"errors":[{"index":2,"#))
        #expect(fixture.calls.map(\.service) == ["other"])
        #expect(fixture.contexts.first?.taken?.encoded.callCount == 2)
        #expect(fixture.contexts.first?.taken?.notOursCount == 1)
        #expect(fixture.metric(#"farwatch_agent_receiver_accepted_calls_total{receiver="native"}"#) == 4)
        #expect(fixture.metric(#"farwatch_agent_receiver_received_calls_total{receiver="native"}"#) == 5)
        #expect(shortcuts.given.withLock { $0.lent == 1 && $0.back == 1 })
    }

    @Test func `what it takes of the text alone is answered for as well`() async throws {
        let fixture = try HandlerFixture { $0.shortcuts = Shortcuts() }
        let lines = [call("unparsed"), call("other"), call("unparsed")].joined(separator: "\n")
        let response = await fixture.post("/v1/calls", type: "application/x-ndjson", Array(lines.utf8))
        #expect(response.text.hasPrefix(#"{"accepted":3,"rejected":0,"#))
        #expect(fixture.calls.map(\.service) == ["other"])
        #expect(fixture.contexts.first?.taken?.notOursCount == 2)
    }

    @Test func `a request that it takes whole still reaches the sink`() async throws {
        let fixture = try HandlerFixture { $0.shortcuts = Shortcuts() }
        let response = await fixture.post("/v1/calls", type: "application/json", Array(call("short").utf8))
        #expect(response.text.hasPrefix(#"{"accepted":1,"rejected":0"#))
        #expect(fixture.contexts.first?.taken?.count == 1)
    }

    @Test func `of a document that is refused as a whole nothing is kept`() async throws {
        let shortcuts = Shortcuts()
        let fixture = try HandlerFixture {
            $0.shortcuts = shortcuts
            $0.callCountMax = 1
        }
        let body = "[\(call("short")),\(call("short"))]"
        let response = await fixture.post("/v1/calls", type: "application/json", Array(body.utf8))
        #expect(response.status == 413)
        #expect(fixture.contexts.isEmpty)
        // Tried where it arrived, and again where larger documents are read.
        #expect(shortcuts.given.withLock { $0.lent == $0.back && $0.lent > 0 })
    }
}
