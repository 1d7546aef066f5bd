import CallModel
import Protocols
import Testing

/// A server that agrees on TLS and then owes an answer, on connections of which no byte can be read.
struct UnansweredTests {
    private static let request = "GET /v1/payments HTTP/1.1\r\nhost: api.example.com\r\n\r\n"
    private static let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    private static let suites = [Suite.modern[0], Suite.modern[1], Suite.modern[2], Suite.legacy[0], Suite.legacy[5]]

    /// OpenSSL's two, of one size.
    private static let ticket = Peers.message(4, [UInt8](repeating: 3, count: 200))

    /// A connection that was just agreed on; tickets have been sent if there are any.
    private func talk(_ suite: Suite, tickets: Int = 2) -> Talk {
        var talk = Talk.make(Peers(suite: suite))
        guard suite.version == 0x0304 else { return talk }
        for _ in 0..<tickets { talk.steps.append((false, talk.server.seal(22, Self.ticket))) }
        return talk
    }

    /// What is heard of it, cut in pieces of several sizes, with the same result.
    private func heard(
        _ talk: Talk, wait: Duration = .milliseconds(1_500), clientEndsFirst: Bool = false, _ reason: CloseReason
    ) -> [String] {
        let events = [Int.max, 1, 7, 40].map { pieceByteCount in
            var wire = Wire()
            wire.see(talk.steps, pieceByteCount: pieceByteCount)
            wire.wait(wait)
            if clientEndsFirst { wire.end(fromClient: true) }
            wire.close(reason)
            #expect(wire.heard.complaints == [])
            return wire.heard.events.filter { $0.contains("after") }
        }
        #expect(Set(events).count == 1)
        return events[0]
    }

    @Test(arguments: suites) func `a server that resets or ends instead of answering`(suite: Suite) {
        for reason in [CloseReason.reset(by: .toClient), .finished] {
            var talk = talk(suite)
            talk.send(Self.request)
            #expect(heard(talk, reason) == ["reset after 1500 ms"])
            // So it is with a later one, and with what ends in order.
            talk.answer(Self.answer)
            #expect(heard(talk, reason) == [])
            talk.send(Self.request)
            talk.alert(fromClient: false, [1, 0])
            #expect(heard(talk, reason) == ["reset after 1500 ms"])
        }
    }

    @Test(arguments: suites) func `a client that waited in vain, and one that left at once`(suite: Suite) {
        var talk = talk(suite)
        talk.send(Self.request)
        #expect(heard(talk, .reset(by: .toServer)) == ["response_timeout after 1500 ms"])
        talk.alert(fromClient: true, [1, 0])
        #expect(heard(talk, clientEndsFirst: true, .finished) == ["response_timeout after 1500 ms"])
        #expect(heard(talk, clientEndsFirst: true, .reset(by: .toClient)) == ["response_timeout after 1500 ms"])
        #expect(heard(talk, wait: .milliseconds(300), clientEndsFirst: true, .finished) == [])
        #expect(heard(talk, .endOfCapture) == [] && heard(talk, .evicted) == [])
    }

    @Test(arguments: suites) func `a connection that asked for nothing owes nothing`(suite: Suite) {
        var idle = talk(suite)
        idle.alert(fromClient: true, [1, 0])
        for reason in [CloseReason.finished, .reset(by: .toClient), .reset(by: .toServer)] {
            #expect(heard(idle, clientEndsFirst: true, reason) == [])
        }
    }

    @Test func `a request along with the handshake's end, and the tickets behind it`() {
        let peers = Peers(suite: Suite.modern[0])
        var talk = Talk.modern(peers)
        talk.steps[2].bytes += talk.client.seal(23, Array(Self.request.utf8))
        for _ in 0..<2 { talk.steps.append((false, talk.server.seal(22, Self.ticket))) }
        #expect(heard(talk, .reset(by: .toServer)) == ["response_timeout after 1500 ms"])
        talk.answer(Self.answer)
        #expect(heard(talk, .reset(by: .toServer)) == [])
    }

    @Test func `one record alone may be the answer, and equal answers are no tickets`() {
        var talk = talk(Suite.modern[0], tickets: 0)
        for _ in 0..<3 {
            talk.send(Self.request)
            talk.answer(Self.answer)
            #expect(heard(talk, .reset(by: .toServer)) == [] && heard(talk, .finished) == [])
        }
        talk.send(Self.request)
        #expect(heard(talk, .finished) == ["reset after 1500 ms"])
    }

    @Test func `HTTP/2's control frames ask for nothing and answer nothing`() {
        var talk = talk(Suite.modern[0])
        talk.send(Self.request)
        talk.answer(Self.answer)
        // WINDOW_UPDATE and PING, of 13 and 17 bytes.
        talk.send(String(repeating: "w", count: 13))
        talk.send(String(repeating: "p", count: 17))
        #expect(heard(talk, .reset(by: .toServer)) == [])
        talk.send(Self.request)
        talk.answer(String(repeating: "p", count: 17))
        #expect(heard(talk, .reset(by: .toServer)) == ["response_timeout after 1500 ms"])
    }

    @Test func `what was not captured may have been the answer`() {
        var talk = talk(Suite.legacy[0])
        talk.send(Self.request)
        var wire = Wire()
        wire.see(talk.steps)
        wire.lose(70, fromClient: false)
        wire.wait(.seconds(3))
        wire.close()
        #expect(!wire.heard.events.contains { $0.contains("after") })
    }

    @Test func `what can be read is told by who reads it`() {
        let peers = Peers(suite: Suite.modern[0])
        var talk = Talk.modern(peers)
        talk.send(Self.request)
        var wire = Wire(peers.keyLog)
        wire.see(talk.steps)
        wire.wait(.seconds(3))
        wire.close(.reset(by: .toClient))
        #expect(wire.heard.events == ["closed reset(by: CallModel.StreamDirection.toClient)"])
    }
}
