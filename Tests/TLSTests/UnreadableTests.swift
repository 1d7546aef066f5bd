import CallModel
import Protocols
import Testing

/// What can be said of connections that cannot be read, and of handshakes that fail.
struct UnreadableTests {
    @Test(arguments: Suite.modern + Suite.legacy) func `without secrets there is a name and no byte`(suite: Suite) {
        var talk = Talk.make(Peers(suite: suite))
        talk.send("GET /secret")
        talk.answer("HTTP/1.1 200 OK")
        var wire = Wire()
        wire.see(talk.steps)
        wire.lose(100, fromClient: false)
        wire.end(fromClient: true)
        wire.close()
        #expect(wire.heard.toServer == "" && wire.heard.toClient == "")
        #expect(wire.heard.origin?.serverName == "api.example.com")
        #expect(wire.heard.origin?.source == .packets)
        #expect(wire.heard.sessions.last?.isReadable == false)
        #expect(wire.heard.sessions.last?.version == suite.version)
        #expect(wire.heard.events == ["client ended", "closed finished"])
        #expect(wire.reader.counters.unreadableConnections == 1)
        #expect(wire.heard.complaints == [])
    }

    @Test(arguments: [Suite.modern[0], Suite.legacy[0], Suite.legacy[4]]) func `wrong secrets yield nothing`(
        suite: Suite
    ) {
        let peers = Peers(suite: suite)
        var talk = Talk.make(peers)
        talk.send("GET /secret")
        var wire = Wire(String(peers.keyLog.map { $0 == "7" ? "6" : $0 }))
        wire.see(talk.steps)
        #expect(wire.heard.toServer == "" && wire.heard.sessions.last?.isReadable == false)
    }

    @Test func `a suite the library does not have is unreadable, whatever is known`() {
        var peers = Peers(suite: Suite.legacy[0])
        var talk = Talk.legacy(peers)
        talk.send("GET /secret")
        peers.suite.number = 0x000a
        talk.steps[1].bytes = peers.serverHello
        var wire = Wire(peers.keyLog)
        wire.see(talk.steps)
        #expect(wire.heard.toServer == "" && wire.heard.sessions.last?.isReadable == false)
    }

    @Test func `a connection whose beginning was not seen is known as TLS by its records`() {
        var talk = Talk.modern(Peers(suite: Suite.modern[0]))
        talk.steps = []
        talk.send("GET /secret")
        talk.answer("HTTP/1.1 200 OK")
        var wire = Wire(isClientKnown: false)
        wire.lose(nil, fromClient: true)
        wire.see(talk.steps)
        wire.close(.endOfCapture)
        #expect(wire.heard.toServer == "" && wire.heard.toClient == "")
        #expect(wire.reader.counters.unreadableConnections == 1)
        #expect(wire.heard.events == ["closed endOfCapture"])
    }

    @Test(arguments: [0x0301, 0x0303, 0x0304] as [UInt16]) func `a fatal alert in clear fails the handshake`(
        version: UInt16
    ) {
        let peers = Peers(suite: Suite.modern[0])
        var wire = Wire()
        wire.see(true, peers.clientHello)
        wire.see(false, record(21, [2, 40], version: version))
        wire.close()
        #expect(wire.heard.events == ["failed 40", "closed finished"])
        #expect(wire.heard.origin?.serverName == "api.example.com")
        #expect(wire.reader.counters.handshakeFailures == 1)
    }

    @Test func `a warning fails nothing`() {
        let peers = Peers(suite: Suite.legacy[0])
        var talk = Talk.legacy(peers)
        talk.steps.insert((false, record(21, [1, 112])), at: 1)
        talk.send("GET /secret")
        var wire = Wire(peers.keyLog)
        wire.see(talk.steps)
        #expect(wire.heard.toServer == "GET /secret" && wire.heard.events == [])
    }

    /// The client does not accept the certificate.
    private func refusal() -> (peers: Peers, steps: [(fromClient: Bool, bytes: [UInt8])]) {
        let peers = Peers(suite: Suite.modern[0])
        var talk = Talk.modern(peers)
        var client = Sealer(secret: peers.clientHandshake, peers.suite)
        talk.steps[2].bytes = Peers.changeCipherSpec + client.seal(21, [2, 48])
        return (peers, talk.steps)
    }

    @Test func `an encrypted alert fails the handshake, by its number where it can be read, by its length where not`() {
        let (peers, steps) = refusal()
        var knowing = Wire(peers.keyLog)
        knowing.see(steps)
        #expect(knowing.heard.events == ["failed 48"])
        var blind = Wire()
        blind.see(steps)
        blind.close(.reset(by: .toServer))
        #expect(blind.heard.events.first == "failed without alert")
        #expect(blind.heard.events.count == 2)
    }

    @Test(arguments: [CloseReason.finished, .reset(by: .toClient)])
    func `an end in the midst of the handshake is a failure`(
        reason: CloseReason
    ) {
        let peers = Peers(suite: Suite.legacy[0])
        let steps = Talk.legacy(peers).steps
        for count in 1...3 {
            var wire = Wire()
            wire.see(Array(steps[..<count]))
            wire.close(reason)
            #expect(wire.heard.events.first == "failed without alert", "after \(count) flights")
        }
        var whole = Wire()
        whole.see(steps)
        whole.close(reason)
        #expect(whole.heard.events.count == 1)
    }

    @Test func `where bytes are missing, or the capture ends, nobody knows whether it failed`() {
        let peers = Peers(suite: Suite.legacy[0])
        var cut = Wire()
        cut.see(true, peers.clientHello)
        cut.close(.endOfCapture)
        #expect(cut.heard.events == ["closed endOfCapture"])
        var lossy = Wire()
        lossy.see(true, peers.clientHello)
        lossy.lose(3_000, fromClient: false)
        lossy.close()
        #expect(lossy.heard.events == ["closed finished"])
    }

    @Test func `an attempt that never connected is no TLS failure`() {
        for reason in [CloseReason.refused, .connectTimeout, .unreachable] {
            var wire = Wire()
            wire.close(reason)
            #expect(wire.heard.events == ["closed \(reason)"])
            #expect(wire.heard.origin?.client == Wire.client && wire.heard.complaints == [])
        }
    }
}
