import CallModel
import Protocols
import Testing

struct DecryptionTests {
    private func expectTalk(_ wire: Wire, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation)
    {
        #expect(wire.heard.toServer == "GET /secret", comment, sourceLocation: sourceLocation)
        #expect(wire.heard.toClient == "HTTP/1.1 200 OK", comment, sourceLocation: sourceLocation)
        #expect(wire.heard.complaints == [], comment, sourceLocation: sourceLocation)
    }

    private func talk(_ peers: Peers) -> Talk {
        var talk = Talk.make(peers)
        talk.send("GET /")
        talk.send("secret")
        talk.answer("HTTP/1.1 200 OK")
        talk.alert(fromClient: true, [1, 0])
        talk.alert(fromClient: false, [1, 0])
        return talk
    }

    @Test(arguments: Suite.modern + Suite.legacy) func `every suite is read, with its name and protocol`(suite: Suite) {
        let peers = Peers(suite: suite)
        var wire = Wire(peers.keyLog)
        wire.see(talk(peers).steps)
        wire.end(fromClient: true)
        wire.end(fromClient: false)
        wire.close()
        expectTalk(wire)
        #expect(wire.heard.events == ["client ended", "server ended", "closed finished"])
        #expect(wire.heard.origin?.serverName == "api.example.com")
        #expect(wire.heard.origin?.source == .keylog)
        let last = wire.heard.sessions.last
        #expect(last?.isReadable == true && last?.version == suite.version)
        #expect(last?.applicationProtocol == (suite.version == 0x0304 ? "h2" : "http/1.1"))
        #expect(wire.reader.counters.readableConnections == 1 && wire.reader.counters.refusedRecords == 0)
    }

    @Test(arguments: [Suite.modern[0], Suite.legacy[0], Suite.legacy[5], Suite.legacy[8]])
    func `bytes in pieces of any size give the same`(suite: Suite) {
        let peers = Peers(suite: suite)
        let steps = talk(peers).steps
        for pieceByteCount in [1, 2, 3, 5, 7, 64, 1_000] {
            var wire = Wire(peers.keyLog)
            wire.see(steps, pieceByteCount: pieceByteCount)
            expectTalk(wire, "pieces of \(pieceByteCount)")
        }
    }

    @Test(arguments: [Suite.modern[0], Suite.legacy[0]]) func `each step cut in two at every byte gives the same`(
        suite: Suite
    ) {
        let peers = Peers(suite: suite)
        let steps = talk(peers).steps
        for (index, step) in steps.enumerated() {
            for cut in stride(from: 1, to: step.bytes.count, by: step.bytes.count > 500 ? 13 : 1) {
                var wire = Wire(peers.keyLog)
                wire.see(Array(steps[..<index]))
                wire.see(step.fromClient, Array(step.bytes[..<cut]))
                wire.see(step.fromClient, Array(step.bytes[cut...]))
                wire.see(Array(steps[(index + 1)...]))
                expectTalk(wire, "step \(index) cut at \(cut)")
            }
        }
    }

    @Test(arguments: Suite.legacy) func `a resumed session is read by its own line of the key log`(suite: Suite) {
        let peers = Peers(suite: suite)
        var talk = Talk.legacy(peers, isResumed: true)
        talk.send("GET /secret")
        talk.answer("HTTP/1.1 200 OK")
        var wire = Wire(peers.keyLog)
        wire.see(talk.steps)
        expectTalk(wire)
    }

    @Test func `a renegotiation changes the keys in the midst`() {
        let peers = Peers(suite: Suite.legacy[0])
        var again = peers
        again.clientRandom = [UInt8](repeating: 0xaa, count: 32)
        again.serverRandom = [UInt8](repeating: 0xbb, count: 32)
        var talk = Talk.legacy(peers)
        talk.send("GET /")
        talk.steps.append((true, talk.client.seal(22, again.clientHelloMessage)))
        talk.steps.append((false, talk.server.seal(22, again.serverHelloMessage)))
        talk.steps.append((true, talk.client.seal(20, [1])))
        talk.steps.append((false, talk.server.seal(20, [1])))
        (talk.client, talk.server) = Sealer.pair(
            master: again.master, again.clientRandom, again.serverRandom, again.suite)
        talk.steps.append((true, talk.client.seal(22, again.finished)))
        talk.send("secret")
        talk.answer("HTTP/1.1 200 OK")
        var wire = Wire(peers.keyLog + again.keyLog)
        wire.see(talk.steps)
        expectTalk(wire)
    }

    @Test(arguments: Suite.modern) func `a key update changes the keys of its direction alone`(suite: Suite) {
        let peers = Peers(suite: suite)
        var talk = Talk.modern(peers)
        talk.send("GET /")
        for generation in 1...2 {
            talk.steps.append((true, talk.client.seal(22, Peers.message(24, [0]))))
            var secret = peers.clientTraffic
            for _ in 0..<generation { secret = expandLabel(secret, "traffic upd", secret.count, suite.hash) }
            talk.client = Sealer(secret: secret, suite)
        }
        talk.send("secret")
        talk.answer("HTTP/1.1 200 OK")
        var wire = Wire(peers.keyLog)
        wire.see(talk.steps)
        expectTalk(wire)
    }

    @Test func `a retried hello, with a ChangeCipherSpec before the true one`() {
        let peers = Peers(suite: Suite.modern[1])
        var talk = talk(peers)
        talk.steps.insert((false, peers.helloRetryRequest + Peers.changeCipherSpec), at: 1)
        talk.steps.insert((true, Peers.changeCipherSpec + peers.clientHello), at: 2)
        var wire = Wire(peers.keyLog)
        wire.see(talk.steps)
        expectTalk(wire)
    }

    /// RFC 8446, section 2.3.
    private func early(isAccepted: Bool) -> (Peers, Talk) {
        var peers = Peers(suite: Suite.modern[0])
        peers.offersEarlyData = true
        var early = Sealer(secret: peers.clientEarly, peers.suite)
        var serverFlight = Sealer(secret: peers.serverHandshake, peers.suite)
        var clientFlight = Sealer(secret: peers.clientHandshake, peers.suite)
        var talk = Talk(
            steps: [(true, peers.clientHello), (true, Peers.changeCipherSpec + early.seal(23, Array("GET /".utf8)))],
            client: Sealer(secret: peers.clientTraffic, peers.suite),
            server: Sealer(secret: peers.serverTraffic, peers.suite))
        let extensions = Peers.encryptedExtensions(acceptsEarlyData: isAccepted)
        talk.steps.append((false, peers.serverHello + serverFlight.seal(22, extensions + peers.finished)))
        if isAccepted { talk.steps.append((true, early.seal(22, Peers.message(5, [])))) }
        talk.steps.append((true, clientFlight.seal(22, peers.finished)))
        talk.send(isAccepted ? "secret" : "GET /secret")
        talk.answer("HTTP/1.1 200 OK")
        return (peers, talk)
    }

    @Test(arguments: [true, false]) func `early data counts where the server accepted it`(isAccepted: Bool) {
        let (peers, talk) = early(isAccepted: isAccepted)
        var wire = Wire(peers.keyLog)
        wire.see(talk.steps)
        expectTalk(wire)
    }

    @Test func `a log with the application's secrets alone still opens the application's records`() {
        let peers = Peers(suite: Suite.modern[0])
        let lines = peers.keyLog.split(separator: "\n").filter { $0.contains("_TRAFFIC_SECRET_0") }
        var wire = Wire(lines.joined(separator: "\n") + "\n")
        wire.see(talk(peers).steps)
        expectTalk(wire)
    }

    @Test func `a wrong guess of the client is turned round, for good`() {
        for suite in [Suite.modern[0], Suite.legacy[0]] {
            let peers = Peers(suite: suite)
            var wire = Wire(peers.keyLog, isClientKnown: false)
            wire.see(talk(peers).steps.map { (!$0.fromClient, $0.bytes) })
            wire.close(.reset(by: .toServer))
            expectTalk(wire)
            #expect(wire.heard.origin?.client == Wire.server && wire.heard.origin?.isClientKnown == true)
            #expect(wire.heard.events.last == "closed reset(by: CallModel.StreamDirection.toClient)")
        }
    }
}
