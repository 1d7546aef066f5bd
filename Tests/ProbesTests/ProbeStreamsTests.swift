import CallModel
import Probes
import SimulationKit
import Testing

struct ProbeStreamsTests {
    @Test func `a client's session is opened when its address is known, and its bytes come in order`() {
        var talk = Conversation()
        talk.hear(.address(), .data("GET", toPeer: true, offset: 0), .data("200", toPeer: false, offset: 0))
        #expect(talk.said() == ["opened", "secured -", "toServer GET", "toClient 200"])
        let origin = talk.listener.origins[0]
        #expect(origin.server == SocketEndpoint(ipv4: 0xcb00_7107, port: 443))
        #expect(origin.client == SocketEndpoint(ipv4: 0x0a00_0001, port: 40_000))
        #expect(origin.isClientKnown && origin.source == .probe && origin.processID == 4_711)
        #expect(!ProbeStreams.isServer(talk.listener.connections[0]))
    }

    @Test func `bytes that come before the address are held until it is known`() {
        var talk = Conversation()
        talk.hear(.data("GET", toPeer: true, offset: 0))
        #expect(talk.said() == [])
        talk.hear(.address(method: 3))
        #expect(talk.said() == ["opened", "secured -", "toServer GET"])
        #expect(talk.streams.counters.addressesConcluded == 1)
    }

    @Test func `without an address a session is opened all the same, after a while`() {
        var talk = Conversation()
        talk.hear(.data("GET", toPeer: true, offset: 0))
        talk.advance(toSeconds: 1.2)
        #expect(talk.said() == [])
        talk.advance(toSeconds: 1.9)
        #expect(talk.said() == ["opened", "secured -", "toServer GET"])
        #expect(talk.streams.counters.openedWithoutAddress == 1)
        talk.hear(.address())
        #expect(talk.said() == [], "what it was opened as it stays")
    }

    @Test func `who hears first is the server, and the call inbound`() {
        var talk = Conversation()
        talk.hear(
            .address(localPort: 443, remotePort: 50_000, isActive: false), .data("GET", toPeer: false, offset: 0),
            .data("200", toPeer: true, offset: 0))
        #expect(talk.said() == ["opened", "secured -", "toServer GET", "toClient 200"])
        #expect(talk.listener.origins[0].server.port == 443)
        #expect(ProbeStreams.isServer(talk.listener.connections[0]))
    }

    @Test func `a role that was set outweighs who speaks first`() {
        var talk = Conversation()
        talk.hear(.address(), .data("220 ready", toPeer: false, offset: 0, role: 1))
        #expect(talk.said() == ["opened", "secured -", "toClient 220 ready"])
    }

    @Test func `a lost record is a gap of exactly its size`() {
        var talk = Conversation()
        talk.hear(.address(), .data("one", toPeer: true, offset: 0), .data("three", toPeer: true, offset: 10))
        #expect(talk.said() == ["opened", "secured -", "toServer one", "toServer gap 7", "toServer three"])
        #expect(talk.streams.counters.gapBytes == 7)
    }

    @Test func `what the cap cut off is a gap, and the next bytes follow it`() {
        var talk = Conversation()
        var long = RecordBuilder.data("head", toPeer: true, offset: 0)
        long.byteCount = 1_000
        talk.hear(.address(), long, .data("next", toPeer: true, offset: 1_000))
        #expect(talk.said() == ["opened", "secured -", "toServer head", "toServer gap 996", "toServer next"])
    }

    @Test func `bytes that could not be read are a gap without a chunk`() {
        var talk = Conversation()
        var unread = RecordBuilder.data("", toPeer: true, offset: 0)
        unread.byteCount = 12
        talk.hear(.address(), unread)
        #expect(talk.said() == ["opened", "secured -", "toServer gap 12"])
    }

    @Test func `an offset that goes back is counted and never told twice`() {
        var talk = Conversation()
        talk.hear(.address(), .data("abc", toPeer: true, offset: 0), .data("abc", toPeer: true, offset: 0))
        #expect(talk.said() == ["opened", "secured -", "toServer abc"])
        #expect(talk.streams.counters.malformedRecords == 1)
    }

    @Test func `a session seen from its middle is not said to be seen from its start`() {
        var talk = Conversation()
        talk.hear(.address(isActive: false), .data("ontent", toPeer: false, offset: 0, flags: 4 | 32))
        #expect(talk.said() == ["opened", "secured -", "toClient ontent"], "the lower port is the server's")
        #expect(!talk.listener.origins[0].isClientKnown)
    }

    @Test func `the name asked for is told, lower case, before or after the opening`() {
        var talk = Conversation()
        var name = RecordBuilder(3)
        name.payload = Array("API.Partner.example".utf8)
        talk.hear(name, .address(), .data("x", toPeer: true, offset: 0))
        #expect(talk.said() == ["opened", "secured api.partner.example", "toServer x"])
        #expect(talk.listener.origins[0].serverName == "api.partner.example")
        name.payload = Array("other".utf8)
        talk.hear(name)
        #expect(talk.said() == ["secured other"])
    }

    @Test(arguments: ["", "two words", "line\nbreak", String(repeating: "a", count: 2_000)])
    func `what is no name is none`(_ text: String) {
        var talk = Conversation()
        var name = RecordBuilder(3)
        name.payload = Array(text.utf8)
        talk.hear(name, .address(), .data("x", toPeer: true, offset: 0))
        #expect(talk.said() == ["opened", "secured -", "toServer x"])
    }

    @Test func `ends are told in order, and what ends in a reset is told so`() {
        var talk = Conversation()
        var end = RecordBuilder(5)
        end.isToPeer = true
        talk.hear(.address(), .data("x", toPeer: true, offset: 0), end)
        #expect(talk.said() == ["opened", "secured -", "toServer x", "toServer ended"])
        var reset = RecordBuilder(5)
        reset.value = 104
        talk.hear(reset, RecordBuilder(6))
        #expect(talk.said() == ["closed reset(by: CallModel.StreamDirection.toClient)"])
        #expect(talk.streams.sessionCount == 0)
    }

    @Test func `what is said to have ended after a reset has not`() {
        var talk = Conversation()
        var end = RecordBuilder(5)
        end.flags = 8
        talk.hear(.address(), .data("x", toPeer: true, offset: 0), end)
        end.isToPeer = true
        talk.hear(end, RecordBuilder(6))
        #expect(
            talk.said() == [
                "opened", "secured -", "toServer x", "closed reset(by: CallModel.StreamDirection.toClient)",
            ])
    }

    @Test func `an end that came while bytes were held follows them`() {
        var talk = Conversation()
        var end = RecordBuilder(5)
        end.isToPeer = true
        talk.hear(.data("x", toPeer: true, offset: 0), end, .address())
        #expect(talk.said() == ["opened", "secured -", "toServer x", "toServer ended"])
    }

    @Test func `a handshake that failed is a connection that failed`() {
        var talk = Conversation()
        var closed = RecordBuilder(6)
        closed.flags = 1
        talk.hear(.address(), closed)
        #expect(talk.said() == ["opened", "secured -", "handshake failed", "closed finished"])
        #expect(talk.streams.counters.handshakesFailed == 1)
    }

    @Test func `a session without bytes and without failure says nothing`() {
        var talk = Conversation()
        var closed = RecordBuilder(6)
        closed.flags = 1 | 2
        talk.hear(.address(), closed)
        #expect(talk.said() == [])
    }

    @Test(
        arguments: [
            (111, "refused"), (110, "connectTimeout"), (113, "unreachable"), (101, "unreachable"),
            (104, "reset(by: CallModel.StreamDirection.toClient)"), (125, "connectTimeout"),
        ] as [(UInt32, String)])
    func `a connect that failed is opened and closed with its reason`(_ error: UInt32, _ reason: String) {
        var talk = Conversation()
        talk.hear(connect(error, tookMs: 1_500))
        #expect(talk.said() == ["opened", "closed \(reason)"])
        #expect(talk.listener.origins[0].server.port == 443)
    }

    @Test func `a connect that was given up early is nobody's failure`() {
        var talk = Conversation()
        talk.hear(connect(125, tookMs: 250))
        #expect(talk.said() == [])
        #expect(talk.streams.counters.connectsAbandoned == 1)
    }

    @Test func `a connection refused is named after what was asked of the same address before`() {
        var talk = Conversation()
        var name = RecordBuilder(3)
        name.payload = Array("api.partner.example".utf8)
        talk.hear(name, .address(), .data("x", toPeer: true, offset: 0), RecordBuilder(6), connect(111, tookMs: 1))
        #expect(talk.listener.origins[1].serverName == "api.partner.example")
    }

    @Test func `a connection refused is named after what its own process looked up, not what others did`() {
        var talk = Conversation()
        let server = [UInt8](repeating: 0, count: 10) + [0xff, 0xff, 203, 0, 113, 7]
        var (mine, theirs) = (lookup("api.partner.example", [server]), lookup("api.other.example", [server]))
        (mine.processID, theirs.processID) = (4_711, 9)
        talk.hear(mine, theirs, connect(111, tookMs: 1))
        #expect(talk.listener.origins[0].serverName == "api.partner.example")
        var end = RecordBuilder(10)
        end.session = 0
        talk.hear(end, connect(111, tookMs: 1))
        #expect(talk.listener.origins[1].serverName == nil, "the number is another process's now")
    }

    @Test func `when a process ends its sessions do, too, and nobody else's`() {
        var talk = Conversation()
        var other = RecordBuilder.data("y", toPeer: true, offset: 0, session: 8)
        other.processID = 9
        talk.hear(.address(), .data("x", toPeer: true, offset: 0), other, .address(session: 8))
        _ = talk.said()
        var exited = RecordBuilder(10)
        exited.session = 0
        talk.hear(exited)
        #expect(talk.said() == ["closed finished"])
        #expect(talk.streams.sessionCount == 1)
    }

    @Test func `bytes still in the ring are read after the TCP connection was closed`() {
        var talk = Conversation()
        talk.hear(.address(), .data("x", toPeer: true, offset: 0), RecordBuilder(8))
        talk.advance(toSeconds: 2)
        talk.hear(.data("late", toPeer: false, offset: 0))
        #expect(talk.said() == ["opened", "secured -", "toServer x", "toClient late"])
        talk.advance(toSeconds: 7)
        #expect(talk.said() == ["closed finished"])
    }

    @Test func `sessions are bounded: the idle ones go`() {
        var configuration = ProbeStreams.Configuration()
        configuration.sessionCountMax = 16
        var talk = Conversation(configuration)
        for session in 1...17 {
            talk.hear(.address(session: UInt64(session)), .data("x", toPeer: true, offset: 0, session: UInt64(session)))
        }
        #expect(talk.streams.sessionCount == 16)
        #expect(talk.streams.counters.sessionsEvicted == 1)
        #expect(talk.said().contains("closed evicted"))
    }

    @Test func `held bytes are bounded: beyond, the session is opened as it is`() {
        var configuration = ProbeStreams.Configuration()
        configuration.heldByteCountMax = 8
        var talk = Conversation(configuration)
        talk.hear(.data("12345678", toPeer: true, offset: 0), .data("9", toPeer: true, offset: 8))
        #expect(talk.said() == ["opened", "secured -", "toServer 12345678", "toServer 9"])
    }

    @Test func `a name looked up is told as the DNS messages it amounts to`() {
        var talk = Conversation()
        let mapped = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
        let six = [0x20, 0x01] + [UInt8](repeating: 7, count: 14)
        talk.hear(lookup("API.partner.example", [mapped + [203, 0, 113, 7], six, mapped + [203, 0, 113, 8]]))
        let question: [UInt8] =
            [3] + Array("api".utf8) + [7] + Array("partner".utf8) + [7] + Array("example".utf8) + [0]
        let (a, aaaa) = ([0, 1, 0, 1] as [UInt8], [0, 28, 0, 1] as [UInt8])
        let record = [0xc0, 12] + a + [0, 0, 0, 0, 0, 4] as [UInt8]
        #expect(talk.listener.datagrams.count == 4)
        #expect(talk.listener.datagrams[0] == [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + question + a)
        #expect(
            talk.listener.datagrams[1] == [0, 1, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0] + question + a + record
                + [203, 0, 113, 7] + record + [203, 0, 113, 8])
        #expect(
            talk.listener.datagrams[3] == [0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0] + question + aaaa + [0xc0, 12]
                + aaaa + [0, 0, 0, 0, 0, 16] + six)
    }

    @Test(arguments: [(-2, 3), (-5, 3), (-3, 2), (-4, 2)] as [(Int32, UInt8)])
    func `a name that does not resolve is told with the code that means the same`(_ error: Int32, _ code: UInt8) {
        var talk = Conversation()
        talk.hear(lookup("nowhere.example", [], error: error))
        #expect(talk.listener.datagrams.last.map { $0[3] & 15 } == code)
    }

    @Test(arguments: [
        "203.0.113.7", "2001:db8::1", "", "a..b", "bad name", String(repeating: "a", count: 64) + ".example",
    ])
    func `what is no host's name is not told`(_ name: String) {
        var talk = Conversation()
        talk.hear(lookup(name, [], error: -2))
        #expect(talk.listener.datagrams.isEmpty)
    }

    @Test func `failures that are not the name's are not told`() {
        var talk = Conversation()
        talk.hear(lookup("api.partner.example", [], error: -11))
        #expect(talk.listener.datagrams.isEmpty)
    }

    @Test func `any bytes at all are survived`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        var talk = Conversation()
        for _ in 0..<20_000 {
            var record = RecordBuilder(UInt16.random(in: 0...14, using: &random))
            record.session = UInt64.random(in: 0...5, using: &random)
            record.offset = Bool.random(using: &random) ? .random(in: .min ... .max, using: &random) : 0
            record.byteCount = Bool.random(using: &random) ? .random(in: .min ... .max, using: &random) : nil
            record.captured =
                Int.random(in: 0...9, using: &random) == 0 ? .random(in: .min ... .max, using: &random) : nil
            record.timeNs = .random(in: .min ... .max, using: &random)
            record.flags = .random(in: .min ... .max, using: &random)
            record.value = .random(in: .min ... .max, using: &random)
            record.role = .random(in: .min ... .max, using: &random)
            record.isToPeer = .random(using: &random)
            record.payload = (0..<Int.random(in: 0...90, using: &random)).map { _ in
                .random(in: .min ... .max, using: &random)
            }
            let bytes = record.bytes.prefix(Int.random(in: 0...200, using: &random))
            talk.streams.recordArrived(
                Array(bytes).span, clockOffset: .random(in: .min ... .max, using: &random), to: &talk.listener)
            if Int.random(in: 0...20, using: &random) == 0 {
                let time = Instant(nanosecondsSinceEpoch: .random(in: .min ... .max, using: &random))
                talk.streams.advance(to: time, &talk.listener)
            }
        }
        #expect(talk.streams.counters.records > 1_000, "seed \(seed)")
        #expect(talk.streams.sessionCount <= 5, "seed \(seed)")
    }

    private func lookup(_ name: String, _ addresses: [[UInt8]], error: Int32 = 0) -> RecordBuilder {
        var record = RecordBuilder(12)
        record.session = 0
        record.value = UInt32(bitPattern: error)
        record.payload = RecordBuilder.little(UInt32(addresses.count)) + [0, 0, 0, 0] + addresses.flatMap { $0 }
        record.payload += [UInt8](repeating: 0, count: 136 - record.payload.count) + Array(name.utf8)
        return record
    }

    private func connect(_ error: UInt32, tookMs: UInt64) -> RecordBuilder {
        var record = RecordBuilder(7)
        record.session = 0
        record.value = error
        record.offset = tookMs * 1_000_000
        record.timeNs = 10_000_000_000
        record.payload = RecordBuilder.addressBytes(localPort: 40_000, remotePort: 443, isActive: true)
        return record
    }
}
