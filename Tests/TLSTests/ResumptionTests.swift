import CallModel
import Protocols
import Testing

/// Connections of TLS 1.2 and older that have no line of their own in the key log.
struct ResumptionTests {
    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func talk(_ peers: Peers, isResumed: Bool = false) -> Talk {
        var talk = Talk.legacy(peers, isResumed: isResumed)
        talk.send("ask")
        talk.answer("reply")
        return talk
    }

    /// What is heard of a second connection behind a first one, on the same reader.
    private func heard(_ first: Peers, _ second: Peers, isResumed: Bool = true) -> Listener {
        var reader = TLSReader(consumer: Listener())
        reader.keyLog(Array(first.keyLog.utf8).span)
        for (number, talk) in [(UInt64(1), talk(first)), (2, talk(second, isResumed: isResumed))] {
            reader.consumer = Listener()
            let id = ConnectionID(rawValue: number)
            let origin = ConnectionOrigin(
                client: Wire.client, server: Wire.server, isClientKnown: true, source: .packets)
            reader.opened(id, origin, at: Wire.now)
            for step in talk.steps {
                reader.chunk(step.bytes.span, of: id, step.fromClient ? .toServer : .toClient, at: Wire.now)
            }
            reader.closed(id, .finished, at: Wire.now)
        }
        return reader.consumer
    }

    @Test(arguments: Suite.legacy) func `a session is resumed by its number`(suite: Suite) {
        var first = Peers(suite: suite)
        first.sessionNumber = [UInt8](repeating: 4, count: 32)
        var second = first
        second.clientRandom = [UInt8](repeating: 0xd2, count: 32)
        second.serverRandom = [UInt8](repeating: 0x6f, count: 32)
        let heard = heard(first, second)
        #expect(heard.toServer == "ask" && heard.toClient == "reply" && heard.complaints == [])
        second.sessionNumber[0] = 5
        #expect(self.heard(first, second).toServer == "", "another session's")
    }

    @Test(arguments: [true, false]) func `a session is resumed by a ticket`(hasNumber: Bool) {
        var first = Peers(suite: Suite.legacy[0])
        first.newTicket = [UInt8](repeating: 8, count: 180)
        var second = Peers(suite: Suite.legacy[0])
        second.clientRandom = [UInt8](repeating: 0xd2, count: 32)
        second.ticket = first.newTicket
        // A client makes one up, and a server that takes the ticket gives it back.
        if hasNumber { second.sessionNumber = [UInt8](repeating: 1, count: 32) }
        #expect(heard(first, second).toServer == "ask")
        second.ticket[3] = 0
        #expect(heard(first, second).toServer == "")
    }

    @Test func `a ticket that the server does not take opens nothing`() {
        var first = Peers(suite: Suite.legacy[0])
        first.newTicket = [UInt8](repeating: 8, count: 180)
        var second = first
        second.clientRandom = [UInt8](repeating: 0xd2, count: 32)
        second.ticket = first.newTicket
        let heard = heard(first, second, isResumed: false)
        #expect(heard.toServer == "" && heard.sessions.last?.isReadable == false)
    }

    @Test(arguments: [true, false]) func `OpenSSL's line names the session`(isResumed: Bool) {
        var peers = Peers(suite: Suite.legacy[0])
        peers.sessionNumber = [UInt8](repeating: 4, count: 32)
        let line = "RSA Session-ID:\(Self.hex(peers.sessionNumber)) Master-Key:\(Self.hex(peers.master).uppercased())\n"
        var wire = Wire(line)
        wire.see(talk(peers, isResumed: isResumed).steps)
        #expect(wire.heard.toServer == "ask" && wire.heard.toClient == "reply")
    }

    @Test(arguments: [Suite.legacy[0], Suite.legacy[8], Suite.legacy[9]])
    func `NSS's line names the secret that was sent`(
        suite: Suite
    ) {
        var peers = Peers(suite: suite)
        peers.premaster = [3, 3] + [UInt8](repeating: 0x44, count: 46)
        let name = Self.hex(Array(peers.encryptedPremaster.prefix(8)))
        var wire = Wire("RSA \(name) \(Self.hex(peers.premaster!))\n")
        wire.see(talk(peers).steps)
        #expect(wire.heard.toServer == "ask" && wire.heard.toClient == "reply")
        #expect(wire.reader.keys.lineCount == 1)
    }

    @Test func `lines of those kinds that are none are counted`() {
        let secret = String(repeating: "ab", count: 48)
        let wire = Wire("RSA Session-ID:zz Master-Key:\(secret)\nRSA 0102 \(secret)\nRSA 0102030405060708 abcd\n")
        #expect(wire.reader.keys.lineCount == 0 && wire.reader.keys.unreadLineCount == 3)
    }
}
