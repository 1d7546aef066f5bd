import CallModel
import Protocols
import Testing

/// Calls that end without an answer, and why.
struct HTTP1EndingTests {
    @Test func `a server that resets has failed the call`() {
        let calls = Timeline(.client(get), .closed(.reset(by: .toClient))).calls()
        #expect(calls.map(\.line) == ["GET http://h/a - reset"])
        #expect(calls[0].outcome == .noAnswer(.reset))
    }

    @Test func `a server that hangs up without a word counts as one that resets`() {
        let calls = Timeline(.client(get), .end(.toClient), .end(.toServer), .closed(.finished)).calls()
        #expect(calls.map(\.line) == ["GET http://h/a - reset"])
    }

    @Test func `a client that leaves at once has cancelled, one that waited has lost patience`() {
        let soon = Timeline(.client(get), .end(.toServer), .end(.toClient), .closed(.finished))
        #expect(soon.calls().map(\.line) == ["GET http://h/a - cancelled"])
        let late = Timeline(.client(get), .wait(.seconds(5)), .end(.toServer), .end(.toClient), .closed(.finished))
        #expect(late.calls().map(\.line) == ["GET http://h/a - response_timeout"])
        let aborted = Timeline(.client(get), .wait(.seconds(5)), .closed(.reset(by: .toServer)))
        #expect(aborted.calls().map(\.line) == ["GET http://h/a - response_timeout"])
    }

    @Test func `a half close is no farewell`() {
        let calls = Timeline(.client(get), .end(.toServer), .server(ok), .end(.toClient), .closed(.finished)).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200"])
    }

    @Test func `what the capture's end hides is unknown, not failed`() {
        let reader = Timeline(.client(get), .closed(.endOfCapture)).runReader()
        #expect(reader.sink.calls.map(\.line) == ["GET http://h/a -"])
        #expect(reader.counters.callsAnswerUnknown == 1)
    }

    @Test func `an answer that breaks off is told with what came of it`() {
        let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
        let reset = Timeline(.client(get), .server(half), .closed(.reset(by: .toClient))).calls()
        #expect(reset.map(\.line) == ["GET http://h/a 200 reset"])
        #expect(reset[0].response?.bodyByteCount == 4)
        let short = Timeline(.client(get), .server(half), .end(.toClient), .closed(.finished)).calls()
        #expect(short.map(\.line) == ["GET http://h/a 200 protocol_error"])
        let left = Timeline(.client(get), .server(half), .end(.toServer), .end(.toClient), .closed(.finished)).calls()
        #expect(left.map(\.line) == ["GET http://h/a 200"])
    }

    @Test func `an early refusal stands though the request never ended`() {
        let calls = Timeline(
            .client("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\npart"),
            .server("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), .end(.toClient),
            .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["POST http://h/a 413"])
        #expect(calls[0].request.bodyByteCount == 4)
    }

    @Test func `everything held is let go at the end`() {
        let reader = Timeline(
            .client(get + "POST /b HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"), .server("HTTP/1.1 200 OK\r\nContent-Le"),
            .closed(.evicted)
        ).runReader()
        #expect(reader.heldByteCount == 0)
        #expect(reader.connectionCount == 0)
    }

    @Test(arguments: [true, false])
    func `a stream of events is one call, however it ends`(isChunked: Bool) {
        let (first, second) = ("data: 1\n\n", "data: 22\n\n")
        func event(_ text: String) -> Timeline.Step {
            .server(isChunked ? "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n" : text)
        }
        let fields = isChunked ? "Transfer-Encoding: chunked\r\n" : ""
        let steps: [Timeline.Step] = [
            .client(get), .server("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\(fields)\r\n"), event(first),
            .wait(.seconds(30)), event(second),
        ]
        let endings: [([Timeline.Step], FailureKind?)] = [
            ([.closed(.reset(by: .toClient))], .reset), ([.end(.toServer), .closed(.reset(by: .toServer))], nil),
        ]
        for (ending, error) in endings {
            var timeline = Timeline()
            timeline.steps = steps + ending
            let calls = timeline.calls()
            #expect(calls.map(\.line) == ["GET http://h/a 200" + (error.map { " \($0.name)" } ?? "")])
            #expect(calls[0].response?.bodyByteCount == 19)
            #expect(calls[0].duration.map { $0 >= .seconds(30) } == true)
        }
        // Where the capture ends first nobody knows how long it goes on.
        var open = Timeline()
        open.steps = steps + [.closed(.endOfCapture)]
        #expect(open.calls().map(\.response?.bodyByteCount) == [nil] && open.calls().map(\.duration) == [nil])
    }
}
