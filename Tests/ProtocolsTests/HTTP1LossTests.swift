import CallModel
import Protocols
import Testing

/// Lost bytes: sizes stay exact where they can, and nothing is invented where they cannot.
struct HTTP1LossTests {
    private let second = get.replacing("/a", with: "/b")

    @Test func `bytes lost inside a body of known length leave its size exact`() {
        let calls = Timeline(
            .client(get), .server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01"), .gap(.toClient, 5),
            .server("789" + ok),
            .client(second), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200", "GET http://h/b 200"])
        #expect(calls[0].response?.bodyByteCount == 10)
    }

    @Test func `bytes lost at a body's end complete it`() {
        let calls = Timeline(
            .client(get), .server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01"), .gap(.toClient, 8),
            .client(second),
            .server(ok), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200", "GET http://h/b 200"])
    }

    @Test func `bytes lost inside a chunk are passed over`() {
        let calls = Timeline(
            .client(get), .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n01"), .gap(.toClient, 6),
            .server("89\r\n0\r\n\r\n"), .closed(.finished)
        ).calls()
        #expect(calls.map { $0.response?.bodyByteCount } == [10])
    }

    @Test func `a lost answer is unknown, and the next turn is found`() {
        let reader = Timeline(
            .client(get), .wait(.milliseconds(20)), .client(second), .gap(.toClient, 40), .server(ok),
            .closed(.finished)
        ).runReader()
        #expect(reader.sink.calls.map(\.line) == ["GET http://h/a -", "GET http://h/b 200"])
    }

    @Test func `a lost request leaves its answer to nobody`() {
        let calls = Timeline(
            .client(get), .server(ok), .gap(.toServer, 30), .server(ok.replacing("200", with: "500")), .client(second),
            .server(ok), .closed(.finished)
        ).run()
        #expect(calls.map(\.line) == ["GET http://h/a 200", "GET http://h/b 200"])
    }

    @Test func `with pipelining a loss makes the rest unknown`() {
        let calls = Timeline(
            .client(get + second), .server(ok), .gap(.toClient, 20), .server(ok), .client(get), .server(ok),
            .closed(.endOfCapture)
        ).run()
        #expect(calls.map(\.line) == ["GET http://h/a 200", "GET http://h/b -", "GET http://h/a -"])
    }

    private func asked(_ paths: String...) -> String {
        paths.map { get.replacing("/a", with: $0) }.joined()
    }

    private func answered(_ statuses: Int...) -> String {
        statuses.map { ok.replacing("200", with: "\($0)") }.joined()
    }

    @Test func `of pipelined requests, counting tells whose answer was lost`() {
        let calls = Timeline(
            .client(asked("/a", "/b", "/c", "/d")), .server(ok), .gap(.toClient, ok.utf8.count),
            .server(answered(404, 500)), .closed(.finished)
        ).calls()
        let lines = ["GET http://h/a 200", "GET http://h/b -", "GET http://h/c 404", "GET http://h/d 500"]
        #expect(calls.map(\.line) == lines)
        #expect(calls[2].response?.bodyByteCount == 2 && calls[2].duration != nil)
    }

    @Test func `two lost answers have their places too, and later requests theirs`() {
        let calls = Timeline(
            .client(asked("/a", "/b", "/c", "/d")), .gap(.toClient, ok.utf8.count), .server(answered(201)),
            .gap(.toClient, ok.utf8.count), .server(answered(404)), .client(asked("/e")), .server(answered(500)),
            .closed(.endOfCapture)
        ).calls()
        #expect(
            calls.map(\.line) == [
                "GET http://h/a -", "GET http://h/b 201", "GET http://h/c -", "GET http://h/d 404",
                "GET http://h/e 500",
            ])
    }

    @Test func `where more than one answer may be among the lost bytes, none is told`() {
        let calls = Timeline(
            .client(asked("/a", "/b", "/c", "/d")), .server(ok), .gap(.toClient, 500), .server(answered(404)),
            .closed(.finished)
        ).calls()
        #expect(
            calls.map(\.line) == ["GET http://h/a 200", "GET http://h/b -", "GET http://h/c -", "GET http://h/d -"])
    }

    @Test func `bytes lost inside an answer take no other answer's place`() {
        let calls = Timeline(
            .client(asked("/a", "/b", "/c")),
            .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx"),
            .gap(.toClient, 7), .server(answered(404, 500)), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200", "GET http://h/b 404", "GET http://h/c 500"])
        #expect(calls[0].response?.bodyByteCount == nil)
    }

    @Test(arguments: ["HEAD /b HTTP/1.1\r\nHost: h\r\n\r\n", "GET /b HTTP/1.1\r\nHost: h\r\n\r\n"])
    func `nothing is counted where an answer's end depends on its request, or interim ones may be lost`(
        _ request: String
    ) {
        let interim = request.hasPrefix("HEAD") ? "" : "HTTP/1.1 103 Early Hints\r\n\r\n"
        let calls = Timeline(
            .client(asked("/a") + request + asked("/c")), .server(ok), .gap(.toClient, ok.utf8.count),
            .server(interim + ok), .closed(.finished)
        ).calls()
        #expect(calls.map { $0.response?.status } == [200, nil, nil])
    }

    @Test func `requests lost while answers are counted leave them to nobody`() {
        let calls = Timeline(
            .client(asked("/a", "/b", "/c")), .gap(.toClient, ok.utf8.count), .server(answered(404)),
            .gap(.toServer, 40), .server(answered(500)), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a -", "GET http://h/b -", "GET http://h/c -"])
    }

    @Test func `a thousand pipelined requests and one lost answer are 999 answers and one that is unknown`() {
        let calls = Timeline(
            .client((0..<1_000).map { asked("/\($0)") }.joined()), .gap(.toClient, ok.utf8.count),
            .server((1..<1_000).map { answered(400 + $0 % 7) }.joined()), .closed(.finished)
        ).run()
        #expect(calls.count == 1_000)
        for (index, call) in calls.enumerated() {
            #expect(call.request.url == "http://h/\(index)")
            #expect(call.response?.status == (index == 0 ? nil : 400 + index % 7))
        }
    }

    @Test func `a capture that begins in the middle of an answer finds the next call`() {
        let calls = Timeline(
            .server("tail of a body"), .client(get), .server(ok), .closed(.finished), isClientKnown: false
        ).run()
        #expect(calls.map(\.line) == ["GET http://h/a 200"])
    }

    @Test func `an answer to a request before the capture began is nobody's`() {
        let reader = Timeline(
            .server(ok.replacing("200", with: "500")), .client(get), .server(ok), .closed(.finished),
            isClientKnown: false
        ).runReader()
        #expect(reader.sink.calls.map(\.line) == ["GET http://h/a 200"])
        #expect(reader.counters.responsesWithoutRequest == 1)
    }

    @Test func `an answer that overtakes its request in the capture does not put the others out of step`() {
        let calls = Timeline(
            .client(get), .server(ok), .server(ok.replacing("200", with: "404")), .client(second),
            .client(get.replacing("/a", with: "/c")), .server(ok), .closed(.finished), isClientKnown: false
        ).run()
        #expect(calls.map(\.line) == ["GET http://h/a 200", "GET http://h/b 404", "GET http://h/c 200"])
    }

    @Test func `without the handshake content tells which end is the client`() {
        var timeline = Timeline(.client(get), .server(ok), .closed(.finished), isClientKnown: false)
        timeline.isReversed = true
        let calls = timeline.calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200"])
        #expect(calls[0].peerAddress == "198.51.100.7")
    }

    @Test func `heads cut by a snap length tell what stands before the cut`() {
        let calls = Timeline(
            .client("GET /a HTTP/1.1\r\nHost: h\r\nUser-Ag"), .gap(.toServer, 400),
            .server("HTTP/1.1 200 OK\r\nContent-Length: 7\r\nServ"), .gap(.toClient, 900),
            .client("GET /b HTT"), .gap(.toServer, 100), .server("HTTP/1.1 404 Not F"), .gap(.toClient, 300),
            .closed(.finished)
        ).run()
        #expect(calls.map(\.line) == ["GET http://h/a 200", "GET http://198.51.100.7/b 404"])
        #expect(calls[0].response?.bodyByteCount == 7)
        #expect(calls[1].response?.bodyByteCount == nil)
    }

    @Test func `a target that was cut is not told`() {
        let calls = Timeline(.client("GET /very-lo"), .gap(.toServer, 400), .server(ok), .closed(.finished)).run()
        #expect(calls.isEmpty)
    }

    @Test func `where only requests are seen their answers are unknown`() {
        let reader = Timeline(
            .client(get), .wait(.seconds(3)), .client(second), .wait(.seconds(3)), .closed(.endOfCapture)
        ).runReader()
        #expect(reader.sink.calls.map(\.line) == ["GET http://h/a -", "GET http://h/b -"])
        #expect(reader.counters.callsAnswerUnknown == 2)
    }
}
