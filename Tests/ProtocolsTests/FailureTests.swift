import CallModel
import Protocols
import Testing

/// Failures before there was a request: names, connections, encryption.
struct FailureTests {
    private let resolver = SocketEndpoint(ipv4: 0x0808_0808, port: 53)
    private let client = SocketEndpoint(ipv4: 0x0A00_0001, port: 50_000)

    private func message(
        _ name: String, code: UInt8 = 0, answer: [UInt8]? = nil, isAnswer: Bool = true, id: UInt8 = 7, type: UInt8 = 1
    ) -> [UInt8] {
        var bytes: [UInt8] = [
            0, id, isAnswer ? 0x81 : 0x01, isAnswer ? 0x80 | code : 0, 0, 1, 0, answer == nil ? 0 : 1, 0, 0, 0, 0,
        ]
        for label in name.split(separator: ".") { bytes += [UInt8(label.utf8.count)] + Array(label.utf8) }
        bytes += [0, 0, type, 0, 1]
        if let answer { bytes += [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4] + answer }
        return bytes
    }

    private func ask(
        _ reader: CallReader<Collector>, _ name: String, code: UInt8 = 0, answer: [UInt8]? = nil, at now: Instant
    ) {
        let question = message(name, isAnswer: false)
        reader.datagram(question.span, from: client, to: resolver, at: now)
        let reply = message(name, code: code, answer: answer)
        reader.datagram(reply.span, from: resolver, to: client, at: now + .milliseconds(30))
    }

    @Test func `a name that does not exist is a failed call, once`() {
        let reader = CallReader(sink: Collector())
        ask(reader, "API.partner.test", code: 3, at: Timeline.start)
        ask(reader, "api.partner.test", code: 3, at: Timeline.start + .milliseconds(50))
        reader.timePassed(to: Timeline.start + .seconds(3))
        ask(reader, "api.partner.test", code: 3, at: Timeline.start + .seconds(4))
        reader.finish()
        #expect(reader.sink.calls.map(\.line) == ["_OTHER https://api.partner.test/ - dns_failure"])
        #expect(reader.sink.calls[0].duration == .milliseconds(30))
        #expect(reader.sink.calls[0].peerAddress == nil)
    }

    @Test func `a server that refuses to resolve fails the name, as one that cannot does`() {
        for code: UInt8 in [2, 3, 5] {
            let reader = CallReader(sink: Collector())
            ask(reader, "api.partner.test", code: code, at: Timeline.start)
            reader.finish()
            #expect(reader.sink.calls.map(\.line) == ["_OTHER https://api.partner.test/ - dns_failure"])
        }
    }

    /// Both families asked for, as resolvers do, and answered so.
    private func askBoth(
        _ reader: CallReader<Collector>, four: [UInt8]? = nil, isSecondAsked: Bool = true, isTruncated: Bool = false
    ) {
        for (id, type, answer) in [(UInt8(7), UInt8(1), four), (8, 28, nil)] where type == 1 || isSecondAsked {
            let question = message("api.partner.test", isAnswer: false, id: id, type: type)
            reader.datagram(question.span, from: client, to: resolver, at: Timeline.start)
            var reply = message("api.partner.test", answer: answer, id: id, type: type)
            if isTruncated { reply[2] |= 2 }
            reader.datagram(reply.span, from: resolver, to: client, at: Timeline.start + .milliseconds(20))
        }
        reader.finish()
    }

    @Test func `a name without an address of either family has failed, with one of a family it has not`() {
        let neither = CallReader(sink: Collector())
        askBoth(neither)
        #expect(neither.sink.calls.map(\.line) == ["_OTHER https://api.partner.test/ - dns_failure"])
        let four = CallReader(sink: Collector())
        askBoth(four, four: [198, 51, 100, 7])
        let one = CallReader(sink: Collector())
        askBoth(one, isSecondAsked: false)
        let cut = CallReader(sink: Collector())
        askBoth(cut, isTruncated: true)
        #expect(four.sink.calls.isEmpty && one.sink.calls.isEmpty && cut.sink.calls.isEmpty)
    }

    @Test func `a resolver that does not answer fails the name, where answers are seen, unless another one did`() {
        func asked(_ prepare: (CallReader<Collector>) -> Void) -> [APICall] {
            let reader = CallReader(sink: Collector())
            let question = message("api.partner.test", isAnswer: false, id: 21)
            for second: Int64 in [0, 5] {
                reader.datagram(question.span, from: client, to: resolver, at: Timeline.start + .seconds(second))
            }
            prepare(reader)
            reader.timePassed(to: Timeline.start + .seconds(11))
            reader.timePassed(to: Timeline.start + .seconds(14))
            return reader.sink.calls
        }
        #expect(asked { _ in }.isEmpty, "a capture that shows no answers")
        let calls = asked { ask($0, "other.test", answer: [198, 51, 100, 7], at: Timeline.start + .seconds(6)) }
        #expect(calls.map(\.line) == ["_OTHER https://api.partner.test/ - dns_failure"])
        #expect(calls.map(\.duration) == [.seconds(10)])
        let second = SocketEndpoint(ipv4: 0x0909_0909, port: 53)
        for (code, answer) in [(UInt8(0), [198, 51, 100, 7] as [UInt8]?), (3, nil)] {
            let calls = asked { reader in
                let question = message("api.partner.test", isAnswer: false, id: 9)
                reader.datagram(question.span, from: client, to: second, at: Timeline.start + .seconds(6))
                let reply = message("api.partner.test", code: code, answer: answer, id: 9)
                reader.datagram(reply.span, from: second, to: client, at: Timeline.start + .seconds(6))
            }
            #expect(calls.count == (code == 0 ? 0 : 1))
        }
    }

    @Test(arguments: [Int.max, 1, 3]) func `names are resolved over TCP as well`(pieceByteCount: Int) {
        let reader = CallReader(sink: Collector())
        let id = ConnectionID(rawValue: 1)
        let origin = ConnectionOrigin(client: client, server: resolver, isClientKnown: true, source: .packets)
        reader.opened(id, origin, at: Timeline.start)
        func say(_ messages: [[UInt8]], _ direction: StreamDirection) {
            var rest = messages.flatMap { message -> [UInt8] in [0, UInt8(message.count)] + message }[...]
            while !rest.isEmpty {
                let piece = Array(rest.prefix(pieceByteCount))
                reader.chunk(piece.span, of: id, direction, at: Timeline.start)
                rest = rest.dropFirst(pieceByteCount)
            }
        }
        say([message("api.test", isAnswer: false, id: 1), message("gone.test", isAnswer: false, id: 2)], .toServer)
        say([message("api.test", answer: [198, 51, 100, 7], id: 1), message("gone.test", code: 3, id: 2)], .toClient)
        // Behind lost bytes nothing is read.
        reader.gap(byteCount: 3, of: id, .toClient, at: Timeline.start)
        say([message("lost.test", code: 3, id: 3)], .toClient)
        reader.closed(id, .finished, at: Timeline.start)
        let other = ConnectionOrigin(
            client: client, server: SocketEndpoint(ipv4: 0xC633_6407, port: 443), isClientKnown: true, source: .packets)
        reader.opened(ConnectionID(rawValue: 2), other, at: Timeline.start)
        reader.closed(ConnectionID(rawValue: 2), .refused, at: Timeline.start)
        reader.finish()
        #expect(
            reader.sink.calls.map(\.line).sorted() == [
                "_OTHER https://api.test/ - connect_refused", "_OTHER https://gone.test/ - dns_failure",
            ])
    }

    @Test func `a name that resolves in the end has not failed, nor have its longer spellings`() {
        let reader = CallReader(sink: Collector())
        ask(reader, "api.test.cluster.local", code: 3, at: Timeline.start)
        ask(reader, "api.test", code: 2, at: Timeline.start)
        ask(reader, "api.test", answer: [198, 51, 100, 7], at: Timeline.start + .milliseconds(100))
        reader.finish()
        #expect(reader.sink.calls.isEmpty)
    }

    @Test func `reverse lookups and services are no calls`() {
        let reader = CallReader(sink: Collector())
        ask(reader, "7.100.51.198.in-addr.arpa", code: 3, at: Timeline.start)
        ask(reader, "_ldap._tcp.corp.test", code: 3, at: Timeline.start)
        reader.finish()
        #expect(reader.sink.calls.isEmpty)
    }

    @Test(arguments: [
        (CloseReason.refused, FailureKind.connectRefused), (.connectTimeout, .connectTimeout),
        (.unreachable, .unreachable), (.reset(by: .toClient), .reset),
    ])
    func `a connection that failed is a call to the name its address was resolved from`(
        _ pair: (CloseReason, FailureKind)
    ) {
        let reader = CallReader(sink: Collector())
        ask(reader, "api.test", answer: [198, 51, 100, 7], at: Timeline.start)
        let origin = ConnectionOrigin(
            client: client, server: SocketEndpoint(ipv4: 0xC633_6407, port: 443), isClientKnown: true, source: .packets)
        let id = ConnectionID(rawValue: 1)
        reader.opened(id, origin, at: Timeline.start)
        reader.closed(id, pair.0, at: Timeline.start + .seconds(1))
        reader.finish()
        #expect(reader.sink.calls.map(\.line) == ["_OTHER https://api.test/ - \(pair.1.name)"])
        #expect(reader.sink.calls.map(\.peerAddress) == ["198.51.100.7"])
        #expect(reader.sink.calls.map(\.duration) == [.seconds(1)])
    }

    @Test func `an address that failed is no failed call when another one is reached`() {
        let reader = CallReader(sink: Collector())
        let six = SocketEndpoint(high: 0, low: 1, port: 8_080)
        let four = SocketEndpoint(ipv4: 0x7F00_0001, port: 8_080)
        reader.opened(
            ConnectionID(rawValue: 1),
            ConnectionOrigin(client: six, server: six, isClientKnown: true, source: .packets), at: Timeline.start)
        reader.closed(ConnectionID(rawValue: 1), .refused, at: Timeline.start)
        reader.opened(
            ConnectionID(rawValue: 2),
            ConnectionOrigin(client: client, server: four, isClientKnown: true, source: .packets), at: Timeline.start)
        let bytes = Array((get).utf8)
        reader.chunk(bytes.span, of: ConnectionID(rawValue: 2), .toServer, at: Timeline.start)
        reader.finish()
        #expect(reader.sink.calls.map(\.line) == ["GET http://h/a -"])
    }

    @Test func `other services' ports carry no calls`() {
        for port: UInt16 in [22, 25, 5_432, 6_379] {
            var timeline = Timeline(.closed(.refused))
            timeline.serverPort = port
            #expect(timeline.run().isEmpty)
        }
    }

    @Test func `a failed handshake is a call to the name asked for`() {
        var timeline = Timeline(
            .secured(SecureSession(serverName: "api.test")), .handshakeFailed, .closed(.finished))
        timeline.serverPort = 443
        #expect(timeline.run().map(\.line) == ["_OTHER https://api.test/ - tls_failure"])
    }

    @Test func `an encrypted connection whose server owes an answer is a call to the name asked for, once`() {
        let reader = CallReader(sink: Collector())
        for (number, port) in [UInt16(443), 8_443, 993].enumerated() {
            let id = ConnectionID(rawValue: UInt64(number))
            let origin = ConnectionOrigin(
                client: client, server: SocketEndpoint(ipv4: 0xC633_6407, port: port), isClientKnown: true,
                source: .packets, serverName: "api.test")
            reader.opened(id, origin, at: Timeline.start)
            reader.secured(id, SecureSession(serverName: "api.test", version: 0x0304), at: Timeline.start)
            let sent = Timeline.start + .seconds(1)
            reader.leftUnanswered(id, .responseTimeout, since: sent, at: sent + .seconds(30))
            reader.closed(id, .reset(by: .toServer), at: sent + .seconds(30))
        }
        reader.finish()
        #expect(
            reader.sink.calls.map(\.line) == [
                "_OTHER https://api.test/ - response_timeout", "_OTHER https://api.test:8443/ - response_timeout",
            ])
        #expect(reader.sink.calls.allSatisfy { $0.duration == .seconds(30) && $0.response == nil })
    }

    @Test func `connections beyond the bound go, the one idle longest first`() {
        var configuration = ProtocolConfiguration()
        configuration.connectionCountMax = 2
        let reader = CallReader(sink: Collector(), configuration: configuration)
        let bytes = Array(get.utf8)
        for number: UInt64 in 1...3 {
            let id = ConnectionID(rawValue: number)
            let origin = ConnectionOrigin(
                client: client, server: SocketEndpoint(ipv4: 1, port: 80), isClientKnown: true, source: .packets)
            let now = Timeline.start + .seconds(Int64(number))
            reader.opened(id, origin, at: now)
            reader.chunk(bytes.span, of: id, .toServer, at: now)
        }
        #expect(reader.connectionCount == 2)
        #expect(reader.counters.connectionsEvicted == 1)
        #expect(reader.sink.calls.map(\.line) == ["GET http://h/a -"])
    }

    @Test func `addresses are written as RFC 5952 wants them`() {
        func text(_ high: UInt64, _ low: UInt64) -> String { SocketEndpoint(high: high, low: low, port: 0).addressText }
        #expect(text(0, 1) == "::1")
        #expect(text(0, 0) == "::")
        #expect(text(0x2001_0db8_0000_0000, 0x0001_0000_0000_0001) == "2001:db8::1:0:0:1")
        #expect(text(0x2001_0db8_0001_0002, 0x0003_0004_0005_0006) == "2001:db8:1:2:3:4:5:6")
        #expect(text(0xfe80_0000_0000_0000, 0) == "fe80::")
        #expect(SocketEndpoint(ipv4: 0xC000_0201, port: 0).addressText == "192.0.2.1")
    }
}
