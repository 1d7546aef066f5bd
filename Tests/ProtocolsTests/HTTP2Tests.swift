import CallModel
import HTTP2
import Protocols
import Testing

let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

/// One frame (RFC 9113, section 4.1).
func frame(_ kind: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
    let length = payload.count
    return [
        UInt8(truncatingIfNeeded: length >> 16), UInt8(truncatingIfNeeded: length >> 8),
        UInt8(truncatingIfNeeded: length),
        kind, flags, UInt8(truncatingIfNeeded: stream >> 24), UInt8(truncatingIfNeeded: stream >> 16),
        UInt8(truncatingIfNeeded: stream >> 8), UInt8(truncatingIfNeeded: stream),
    ] + payload
}

/// Both header tables of a connection, as its ends have them.
final class Ends {
    let client = try! HeaderDeflater()
    let server = try! HeaderDeflater()

    func request(_ stream: UInt32, _ path: String, method: String = "GET", ends: Bool = true, more: HTTP2Fields = [])
        -> [UInt8]
    {
        let block = try! client.deflate(
            [(":method", method), (":scheme", "https"), (":authority", "api.test"), (":path", path)] + more)
        return frame(1, ends ? 0x5 : 0x4, stream, block)
    }

    func answer(_ stream: UInt32, _ status: Int, ends: Bool = false, more: HTTP2Fields = []) -> [UInt8] {
        frame(1, ends ? 0x5 : 0x4, stream, try! server.deflate([(":status", "\(status)")] + more))
    }

    var opening: [Timeline.Step] {
        [.client(Array(preface.utf8) + frame(4, 0, 0, [])), .server(frame(4, 0, 0, []) + frame(4, 1, 0, []))]
    }
}

func data(_ stream: UInt32, _ text: String, ends: Bool = true) -> [UInt8] {
    frame(0, ends ? 1 : 0, stream, Array(text.utf8))
}

/// Streams, frames and their oddities (RFC 9113).
struct HTTP2Tests {
    private let ends = Ends()

    private func timeline(_ steps: Timeline.Step...) -> Timeline {
        var timeline = Timeline()
        timeline.steps = ends.opening + steps
        return timeline
    }

    @Test func `interleaved streams are calls of their own`() {
        let calls = timeline(
            .client(ends.request(1, "/a") + ends.request(3, "/b", method: "POST", ends: false) + data(3, "12345")),
            .server(
                ends.answer(3, 201) + data(3, "b", ends: false) + ends.answer(1, 200) + data(3, "bb") + data(1, "a")),
            .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["POST http://api.test/b 201", "GET http://api.test/a 200"])
        #expect(calls.map { $0.response?.bodyByteCount } == [3, 1])
        #expect(calls[0].request.bodyByteCount == 5)
        #expect(calls[0].request.httpVersion == "2")
        #expect(!calls[0].request.headers.contains { $0.name.hasPrefix(":") })
    }

    @Test func `header blocks go on in CONTINUATION frames`() {
        let block = Array(ends.request(1, "/a", more: [("x-long", String(repeating: "v", count: 300))])[9...])
        let calls = timeline(
            .client(
                frame(1, 0x1, 1, Array(block[..<10])) + frame(9, 0, 1, Array(block[10..<20]))
                    + frame(9, 4, 1, Array(block[20...]))),
            .server(ends.answer(1, 204, ends: true)), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://api.test/a 204"])
        #expect(calls[0].request.headers.value(of: "x-long")?.utf8.count == 300)
    }

    @Test func `padding and priority are no content`() {
        let block = Array(ends.request(1, "/a")[9...])
        let calls = timeline(
            .client(frame(1, 0x2d, 1, [3, 0, 0, 0, 0, 16] + block + [0, 0, 0])),
            .server(ends.answer(1, 200) + frame(0, 0x9, 1, [4] + Array("body".utf8) + [0, 0, 0, 0])), .closed(.finished)
        ).calls()
        #expect(calls.map { $0.response?.bodyByteCount } == [4])
        #expect(calls[0].responseText == "body")
    }

    @Test func `trailers end an answer and are kept, as gRPC tells its status there`() {
        let calls = timeline(
            .client(ends.request(1, "/pkg.Service/Do", method: "POST", ends: false) + data(1, "\0\0\0\0\u{2}hi")),
            .server(
                ends.answer(1, 200, more: [("content-type", "application/grpc")])
                    + data(1, "\0\0\0\0\u{0}", ends: false)),
            .server(frame(1, 0x5, 1, try! ends.server.deflate([("grpc-status", "14")]))), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["POST http://api.test/pkg.Service/Do 200"])
        #expect(calls[0].response?.headers.value(of: "grpc-status") == "14")
        #expect(calls[0].duration == .milliseconds(2))
    }

    @Test func `a stream of gRPC messages is one call, however it ends`() {
        let steps: [Timeline.Step] = [
            .client(ends.request(1, "/pkg.Service/Watch", method: "POST", ends: false) + data(1, "\0\0\0\0\u{2}hi")),
            .server(ends.answer(1, 200, more: [("content-type", "application/grpc")])),
            .server(data(1, "\0\0\0\0\u{3}one", ends: false)), .wait(.seconds(5)),
            .server(data(1, "\0\0\0\0\u{3}two", ends: false)),
        ]
        let trailers = Timeline.Step.server(frame(1, 0x5, 1, try! ends.server.deflate([("grpc-status", "0")])))
        let endings: [([Timeline.Step], FailureKind?)] = [
            ([trailers, .closed(.finished)], nil), ([.closed(.reset(by: .toClient))], .reset),
            ([.client(frame(3, 0, 1, [0, 0, 0, 8])), .closed(.finished)], nil),
        ]
        for (ending, error) in endings {
            var timeline = Timeline()
            timeline.steps = ends.opening + steps + ending
            let calls = timeline.calls()
            #expect(calls.count == 1 && calls[0].response?.status == 200 && calls[0].response?.bodyByteCount == 16)
            #expect(calls[0].error == error)
            #expect(calls[0].duration.map { $0 >= .seconds(5) } == true)
        }
        // Where the capture ends first nobody knows how long it goes on.
        var open = Timeline()
        open.steps = ends.opening + steps + [.closed(.endOfCapture)]
        #expect(open.calls().map(\.response?.bodyByteCount) == [nil] && open.calls().map(\.duration) == [nil])
    }

    @Test func `interim answers are counted, and the final one is told`() {
        let reader = timeline(
            .client(ends.request(1, "/a")), .server(ends.answer(1, 103) + ends.answer(1, 200, ends: true)),
            .closed(.finished)
        ).runReader()
        #expect(reader.sink.calls.map(\.line) == ["GET http://api.test/a 200"])
        #expect(reader.counters.interimResponses == 1)
    }

    @Test func `pushes are counted and no calls`() {
        let promise = try! ends.server.deflate([
            (":method", "GET"), (":path", "/pushed"), (":authority", "api.test"), (":scheme", "https"),
        ])
        let reader = timeline(
            .client(ends.request(1, "/a")),
            .server(
                frame(5, 4, 1, [0, 0, 0, 2] + promise) + ends.answer(2, 200) + data(2, "pushed")
                    + ends.answer(1, 200, ends: true)),
            .closed(.finished)
        ).runReader()
        #expect(reader.sink.calls.map(\.line) == ["GET http://api.test/a 200"])
        #expect(reader.counters.pushPromises == 1)
    }

    @Test func `a reset stream has failed, or was cancelled, by who resets it`() {
        let calls = timeline(
            .client(ends.request(1, "/a") + ends.request(3, "/b")), .server(frame(3, 0, 1, [0, 0, 0, 7])),
            .client(frame(3, 0, 3, [0, 0, 0, 8])), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://api.test/a - reset", "GET http://api.test/b - cancelled"])
    }

    @Test func `streams above GOAWAY's last were not looked at`() {
        let calls = timeline(
            .client(ends.request(1, "/a") + ends.request(3, "/b")), .server(frame(7, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0])),
            .server(ends.answer(1, 200, ends: true)), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://api.test/b - reset", "GET http://api.test/a 200"])
    }

    @Test func `a connection that dies takes its open streams along`() {
        let calls = timeline(
            .client(ends.request(1, "/a") + ends.request(3, "/b")),
            .server(ends.answer(1, 200) + data(1, "half", ends: false)),
            .closed(.reset(by: .toClient))
        ).calls()
        #expect(calls.map(\.line) == ["GET http://api.test/a 200 reset", "GET http://api.test/b - reset"])
    }

    @Test func `an answer captured before its request is still its answer`() {
        let request = ends.request(1, "/a")
        let calls = timeline(.server(ends.answer(1, 200, ends: true)), .client(request), .closed(.finished)).run()
        #expect(calls.map(\.line) == ["GET http://api.test/a 200"])
    }

    @Test func `frames of unknown kinds are passed over`() {
        let calls = timeline(
            .client(frame(0xfa, 0xff, 0, [1, 2, 3]) + ends.request(1, "/a")), .server(ends.answer(1, 200, ends: true)),
            .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://api.test/a 200"])
    }

    @Test func `streams beyond the bound go, the oldest first, and are counted`() {
        var timeline = timeline(
            .client(ends.request(1, "/a") + ends.request(3, "/b") + ends.request(5, "/c")),
            .server(ends.answer(3, 200, ends: true) + ends.answer(5, 200, ends: true)), .closed(.finished))
        timeline.configuration.streamCountMax = 2
        let reader = timeline.runReader()
        #expect(
            reader.sink.calls.map(\.line) == [
                "GET http://api.test/a -", "GET http://api.test/b 200", "GET http://api.test/c 200",
            ])
        #expect(reader.counters.streamsEvicted == 1)
        #expect(reader.heldByteCount == 0)
    }

    @Test func `a frame that cannot be ends the trust in what follows`() {
        let reader = timeline(
            .client(ends.request(1, "/a") + [0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1] + Array("garbage".utf8)),
            .closed(.endOfCapture)
        ).runReader()
        #expect(reader.counters.malformedMessages == 1)
        #expect(reader.sink.calls.map(\.line) == ["GET http://api.test/a -"])
    }
}

/// Joining late, and losing bytes.
struct HTTP2LossTests {
    private let ends = Ends()

    private func late(_ steps: Timeline.Step...) -> Timeline {
        var timeline = Timeline(isClientKnown: false)
        timeline.serverPort = 443
        timeline.steps = steps
        return timeline
    }

    @Test func `a late joiner tells what is spelled out, and leaves out what refers to what it did not see`() {
        _ = ends.request(1, "/before", more: [("x-token", "secret")])
        _ = ends.answer(1, 201, more: [("server", "nginx")])
        // `:authority` and `x-token` are references now; method, scheme and a new path are not.
        let request = ends.request(3, "/new", more: [("x-token", "secret"), ("x-new", "seen")])
        let calls = late(
            .client(frame(8, 0, 0, [0, 0, 1, 0]) + request), .server(ends.answer(3, 200) + data(3, "ok")),
            .closed(.endOfCapture)
        ).run()
        #expect(calls.map(\.line) == ["GET http://198.51.100.7:443/new 200"])
        #expect(calls[0].request.headers == [Header("x-new", "seen")])
    }

    @Test func `fields that came since are referred to rightly`() {
        _ = ends.request(1, "/before")
        let first = ends.request(3, "/one", more: [("x-new", "seen")])
        let second = ends.request(5, "/two", more: [("x-new", "seen")])
        let calls = late(
            .client(first + second), .server(ends.answer(3, 200, ends: true) + ends.answer(5, 404, ends: true)),
            .closed(.endOfCapture)
        ).run()
        #expect(calls.map { $0.request.headers } == [[Header("x-new", "seen")], [Header("x-new", "seen")]])
    }

    @Test func `a request whose path is not known is no call`() {
        // GET, https, and two fields of a table that was not seen: one of them is the path.
        let again = frame(1, 0x5, 3, [0x82, 0x87, 0xbe, 0xbf]) + ends.request(5, "/other")
        let reader = late(
            .client(again), .server(ends.answer(3, 200, ends: true) + ends.answer(5, 200, ends: true)),
            .closed(.endOfCapture)
        ).runReader()
        #expect(reader.sink.calls.map(\.line) == ["GET http://api.test/other 200"])
        #expect(reader.counters.unknownRequests == 1)
    }

    @Test func `a status that is not known leaves the answer unknown`() {
        _ = ends.answer(1, 418)
        let calls = late(
            .client(ends.request(3, "/a") + ends.request(5, "/b")),
            .server(ends.answer(3, 418, ends: true) + ends.answer(5, 200, ends: true)), .closed(.endOfCapture)
        ).run()
        #expect(calls.map(\.line) == ["GET http://api.test/a -", "GET http://api.test/b 200"])
    }

    @Test func `bytes lost inside DATA leave the size exact`() {
        var timeline = Timeline()
        timeline.steps =
            ends.opening + [
                .client(ends.request(1, "/a")),
                .server(Array((ends.answer(1, 200) + data(1, "0123456789"))[..<(ends.answerLength + 12)])),
                .gap(.toClient, 5), .server("89"), .closed(.finished),
            ]
        let calls = timeline.run()
        #expect(calls.map { $0.response?.bodyByteCount } == [10])
    }

    @Test func `after a loss frames are found again`() {
        var timeline = Timeline()
        let later = ends.answer(3, 200, ends: true)
        timeline.steps =
            ends.opening + [
                .client(ends.request(1, "/a") + ends.request(3, "/b")), .gap(.toClient, 1_000),
                .server(
                    Array("some rest of a body".utf8) + frame(8, 0, 0, [0, 0, 1, 0]) + frame(8, 0, 0, [0, 0, 1, 0])
                        + later
                        + frame(6, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0])), .closed(.endOfCapture),
            ]
        let reader = timeline.runReader()
        #expect(reader.sink.calls.map(\.line) == ["GET http://api.test/b 200", "GET http://api.test/a -"])
        #expect(reader.counters.resynchronisations == 1)
    }

    /// A body of HTTP/2 that was recorded: two headers that fit each other stand in it, and a third that fits neither.
    @Test func `what looks like two frames in the rest of a body is none, wherever it is cut`() {
        var timeline = Timeline()
        let ping = frame(6, 0, 0, [UInt8](repeating: 1, count: 8))
        let window = frame(8, 0, 0, [0, 0, 1, 0])
        let recorded = ping + window + Array("and no third".utf8) + Array(ping.prefix(9))
        timeline.steps =
            ends.opening + [
                .client(ends.request(1, "/a") + ends.request(3, "/b")), .gap(.toClient, 1_000),
                .server(recorded + window + window + ends.answer(3, 404, ends: true) + ping), .closed(.endOfCapture),
            ]
        #expect(timeline.calls().map(\.line) == ["GET http://api.test/b 404", "GET http://api.test/a -"])
    }

    @Test func `frames are found however much comes before them`() {
        var timeline = Timeline()
        let window = frame(8, 0, 0, [0, 0, 1, 0])
        // More than is held while they are looked for.
        let rest = [UInt8](repeating: 0xff, count: 600_000)
        timeline.steps =
            ends.opening + [.client(ends.request(1, "/a") + ends.request(3, "/b")), .gap(.toClient, nil)]
            + stride(from: 0, to: rest.count, by: 50_000).map { .server(Array(rest[$0..<$0 + 50_000])) }
            + [.server(window + window + ends.answer(3, 404, ends: true) + window), .closed(.endOfCapture)]
        let reader = timeline.runReader()
        #expect(reader.sink.calls.map(\.line) == ["GET http://api.test/b 404", "GET http://api.test/a -"])
        #expect(reader.heldByteCount == 0)
    }
}

extension Ends {
    /// A status of the static table alone: a frame of one byte.
    fileprivate var answerLength: Int { 10 }
}
