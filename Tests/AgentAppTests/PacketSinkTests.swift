import CallModel
import Probes
import Protocols
import Runtime
import Testing

@testable import AgentApp

/// Which calls of those that cross the network are kept, and which way they went.
@Suite struct PacketSinkTests {
    private static let ours = SocketEndpoint(ipv4: 0xcb00_7105, port: 40_000)  // 203.0.113.5
    private static let theirs = SocketEndpoint(ipv4: 0xc633_6407, port: 80)  // 198.51.100.7
    private static let container = SocketEndpoint(ipv4: 0xac11_0002, port: 41_000)  // 172.17.0.2

    private func reader(_ yaml: String = "") -> CallReader<PacketSink> {
        let document = SettingsDocument(yaml: yaml, file: "agent.yaml")
        let settings = AgentSettings(document.root, ownHostName: "app-1")
        var sink = PacketSink(settings, ProtocolConfiguration())
        var address = Self.ours
        address.port = 0
        sink.addresses = LocalAddresses([address])
        return CallReader(sink: sink)
    }

    /// The calls of one connection with one call.
    private func calls(
        _ reader: CallReader<PacketSink>, from client: SocketEndpoint, to server: SocketEndpoint,
        isAnswered: Bool = true
    ) -> [APICall] {
        let id = ConnectionID(rawValue: 1)
        let origin = ConnectionOrigin(client: client, server: server, isClientKnown: true, source: .packets)
        reader.opened(id, origin, at: .epoch)
        let request = Array("GET /a HTTP/1.1\r\nhost: api.bank.example\r\n\r\n".utf8)
        reader.chunk(request.span, of: id, .toServer, at: .epoch)
        if isAnswered {
            let response = Array("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".utf8)
            reader.chunk(response.span, of: id, .toClient, at: .epoch + .milliseconds(5))
        }
        reader.closed(id, isAnswered ? .finished : .endOfCapture, at: .epoch + .milliseconds(6))
        return reader.sink.takeCalls().calls
    }

    private func port(_ port: UInt16, of endpoint: SocketEndpoint) -> SocketEndpoint {
        SocketEndpoint(high: endpoint.high, low: endpoint.low, port: port)
    }

    @Test func `a call from an address of ours went out, and one to it came in`() {
        let out = calls(reader(), from: Self.ours, to: Self.theirs)
        #expect(out.map(\.direction) == [.outbound] && out.map(\.host) == ["app-1"])
        #expect(out.map(\.source) == [.packets] && out.map(\.peerAddress) == ["198.51.100.7"])
        let back = calls(reader(), from: port(50_000, of: Self.theirs), to: port(80, of: Self.ours))
        #expect(back.map(\.direction) == [.inbound] && back.map(\.peerAddress) == ["198.51.100.7"])
        let loopback = SocketEndpoint(ipv4: 0x7f00_0001, port: 80)
        #expect(calls(reader(), from: port(50_000, of: loopback), to: loopback).map(\.direction) == [.outbound])
    }

    @Test func `what passes through is let go on every interface, and ours on the containers' own`() {
        let every = reader()
        #expect(calls(every, from: Self.container, to: Self.theirs).isEmpty)
        #expect(every.sink.tally.passing == 1)
        let bridge = "capture: {interface: docker0}"
        #expect(calls(reader(bridge), from: Self.container, to: Self.theirs).map(\.direction) == [.outbound])
        let hook = calls(reader(bridge), from: port(50_000, of: Self.theirs), to: port(80, of: Self.container))
        #expect(hook.map(\.direction) == [.inbound])
    }

    @Test func `a call whose answer was not seen is counted and let go`() {
        let reader = reader()
        #expect(calls(reader, from: Self.ours, to: Self.theirs, isAnswered: false).isEmpty)
        #expect(reader.sink.tally.unknownAnswer == 1 && reader.sink.tally.seen == 1)
    }

    @Test func `calls to our receivers and aggregators are our own`() {
        let yaml = "forward: {endpoints: [\"https://198.51.100.7:80\"]}"
        let outward = reader(yaml)
        #expect(calls(outward, from: Self.ours, to: Self.theirs).isEmpty)
        #expect(outward.sink.tally.own == 1)
        let inward = reader()
        #expect(calls(inward, from: port(50_000, of: Self.theirs), to: port(4_318, of: Self.ours)).isEmpty)
        #expect(inward.sink.tally.own == 1)
        // The same port elsewhere is somebody else's.
        #expect(calls(reader(), from: Self.ours, to: port(4_318, of: Self.theirs)).count == 1)
    }

    /// What is kept of so many answers with this status, each with a body of 6,000 bytes.
    private func kept(_ level: Governor.Level, status: Int, count: Int = 20) -> [APICall] {
        let reader = reader()
        reader.sink.setLevel(level)
        let id = ConnectionID(rawValue: 1)
        let origin = ConnectionOrigin(client: Self.ours, server: Self.theirs, isClientKnown: true, source: .packets)
        reader.opened(id, origin, at: .epoch)
        let body = String(repeating: "x", count: 6_000)
        for _ in 0..<count {
            let request = Array("GET /a HTTP/1.1\r\nhost: api.bank.example\r\n\r\n".utf8)
            reader.chunk(request.span, of: id, .toServer, at: .epoch)
            let response = Array("HTTP/1.1 \(status) X\r\ncontent-length: 6000\r\n\r\n\(body)".utf8)
            reader.chunk(response.span, of: id, .toClient, at: .epoch)
        }
        return reader.sink.takeCalls().calls
    }

    @Test func `under a ceiling bodies are cut, then successes stand for others, and failures are all kept`() {
        #expect(kept(.full, status: 200).map { $0.response?.body?.bytes.count } == Array(repeating: 6_000, count: 20))
        let short = kept(.shortBodies, status: 200)
        #expect(short.count == 20 && short.allSatisfy { $0.response?.body?.bytes.count == 4_096 })
        #expect(short.allSatisfy { $0.response?.bodyByteCount == 6_000 && $0.weight == 1 }, "sizes stay exact")
        #expect(kept(.sampled, status: 200).map(\.weight) == [10, 10])
        #expect(kept(.sampled, status: 503).map(\.weight) == Array(repeating: 1, count: 20))
        let heads = kept(.metadata, status: 404)
        #expect(heads.count == 20 && heads.allSatisfy { $0.response?.body == nil && $0.response?.status == 404 })
    }

    @Test func `failed connects are left to probes that tell of them, and calls are not`() {
        let reader = reader()
        reader.sink.probesTellFailures = true
        let server = port(443, of: Self.theirs)
        let id = ConnectionID(rawValue: 2)
        let origin = ConnectionOrigin(client: Self.ours, server: server, isClientKnown: true, source: .packets)
        reader.opened(id, origin, at: .epoch)
        reader.closed(id, .refused, at: .epoch + .milliseconds(1))
        reader.timePassed(to: .epoch + .seconds(10))
        #expect(reader.sink.takeCalls().calls.isEmpty && reader.sink.tally.leftToProbes == 1)
        #expect(calls(reader, from: Self.ours, to: Self.theirs).count == 1)
    }

    /// One call seen by a sink whose calls may go the short way, handed on as the agent does.
    private func handedOn(_ pipeline: CallPipeline, _ lanes: ExpressLanes, path: String) -> (
        encoded: Int, calls: [APICall]
    ) {
        let settings = AgentSettings(SettingsDocument(yaml: "", file: "agent.yaml").root, ownHostName: "app-1")
        var sink = PacketSink(settings, ProtocolConfiguration(), lanes: lanes)
        var address = Self.ours
        address.port = 0
        sink.addresses = LocalAddresses([address])
        let reader = CallReader(sink: sink)
        let id = ConnectionID(rawValue: 1)
        let origin = ConnectionOrigin(client: Self.ours, server: Self.theirs, isClientKnown: true, source: .packets)
        let began = Instant(nanosecondsSinceEpoch: WallClock.now())
        reader.opened(id, origin, at: began)
        let request = Array("GET \(path) HTTP/1.1\r\nhost: api.stripe.com\r\n\r\n".utf8)
        reader.chunk(request.span, of: id, .toServer, at: began)
        reader.chunk(Array("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".utf8).span, of: id, .toClient, at: began)
        let taken = reader.sink.takeCalls()
        let calls = pipeline.process(taken.calls, .seen, at: began).calls + pipeline.join(taken.apart, at: began)
        return (taken.encoded?.callCount ?? 0, calls)
    }

    private func pipeline(_ yaml: String = "") -> (CallPipeline, ExpressLanes) {
        let yaml = "capture: {packets: \"on\"}\n" + yaml
        let settings = AgentSettings(SettingsDocument(yaml: yaml, file: "agent.yaml").root, ownHostName: "app-1")
        let metrics = MetricsRegistry()
        let pipeline = CallPipeline(settings, metrics)
        return (pipeline, ExpressLanes(pipeline, metrics))
    }

    @Test func `a call goes the short way, but for where a rule looks into it or somebody watches`() {
        let (pipeline, lanes) = pipeline()
        let short = handedOn(pipeline, lanes, path: "/a")
        #expect(short.encoded == 1 && short.calls.isEmpty)
        #expect(pipeline.tally.current.keptCount == 1 && pipeline.tally.current.partners["stripe"]?.callCount == 1)
        _ = pipeline.tap.read(after: 0, at: Instant(nanosecondsSinceEpoch: WallClock.now()))
        #expect(handedOn(pipeline, lanes, path: "/a").calls.count == 1)
        let (asking, askingLanes) = self.pipeline("customer:\n  - {header: x-tenant}\n")
        #expect(handedOn(asking, askingLanes, path: "/a").calls.count == 1)
    }

    @Test func `a call that was reported is not told twice, and the first report has later ones wait`() {
        let (pipeline, lanes) = pipeline()
        var report = APICall(
            time: Instant(nanosecondsSinceEpoch: WallClock.now()),
            request: .init(method: "GET", url: "http://api.stripe.com/a"), source: .otlp)
        report.response = .init(status: 200)
        report.host = "app-1"
        report.duration = .seconds(1)
        #expect(pipeline.process([report], .reported, at: report.time).calls.count == 1)
        let same = handedOn(pipeline, lanes, path: "/a")
        #expect(same.encoded == 0 && same.calls.isEmpty)
        let other = handedOn(pipeline, lanes, path: "/b")
        #expect(other.encoded == 0 && other.calls.isEmpty)
        #expect(
            pipeline.release(at: Instant(nanosecondsSinceEpoch: .max)).map(\.request.url) == ["http://api.stripe.com/b"]
        )
        #expect(pipeline.tally.current.namedCount == 3 && pipeline.tally.current.keptCount == 2)
    }

    @Test func `handshakes, names and answers that fail are told beside probes, which know few clients' libraries`() {
        let reader = reader()
        reader.sink.probesTellFailures = true
        let origin = ConnectionOrigin(
            client: Self.ours, server: port(443, of: Self.theirs), isClientKnown: true, source: .packets,
            serverName: "api.bank.example")
        for number: UInt64 in 1...2 {
            let id = ConnectionID(rawValue: number)
            reader.opened(id, origin, at: .epoch)
            if number == 1 {
                reader.handshakeFailed(id, alert: 40, at: .epoch + .milliseconds(1))
            } else {
                reader.leftUnanswered(id, .reset, since: .epoch, at: .epoch + .milliseconds(1))
            }
            reader.closed(id, .finished, at: .epoch + .milliseconds(1))
        }
        let told = reader.sink.takeCalls().calls
        #expect(told.map(\.error) == [.tlsFailure, .reset] && reader.sink.tally.leftToProbes == 0)
    }
}
