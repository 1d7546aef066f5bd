import CallModel
import Protocols
import Testing

/// Secrets that come while a connection is under way, line by line, or after its end: as applications log them, and as a busy machine
/// shows it.
struct LateSecretsTests {
    private static let waiting: TLSConfiguration = {
        var configuration = TLSConfiguration()
        configuration.waitsForKeys = true
        return configuration
    }()

    /// A whole conversation, request and answer.
    private func conversation(_ peers: Peers) -> [(fromClient: Bool, bytes: [UInt8])] {
        var talk = Talk.make(peers)
        talk.send("request")
        talk.answer("answer")
        talk.alert(fromClient: false, [1, 0])
        return talk.steps
    }

    private func lines(_ peers: Peers) -> [String] {
        peers.keyLog.split(separator: "\n").map { "\($0)\n" }
    }

    private func expectWhole(_ wire: Wire, _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(wire.heard.toServer == "request", comment, sourceLocation: sourceLocation)
        #expect(wire.heard.toClient == "answer", comment, sourceLocation: sourceLocation)
        #expect(wire.heard.complaints == [], comment, sourceLocation: sourceLocation)
        #expect(!wire.heard.events.contains { $0.contains("failed") }, comment, sourceLocation: sourceLocation)
        #expect(wire.heard.events.last == "closed finished", comment, sourceLocation: sourceLocation)
        #expect(
            wire.reader.counters.readableConnections == 1 && wire.reader.counters.unreadableConnections == 0,
            comment, sourceLocation: sourceLocation)
    }

    @Test(arguments: Suite.modern + [Suite.legacy[0]])
    func `each line may come behind any packet, also behind the last`(
        suite: Suite
    ) {
        let peers = Peers(suite: suite)
        let steps = conversation(peers)
        let lines = lines(peers)
        // The first lines at one place, the others at another: an application derives secrets one after the other.
        for cut in 0...lines.count {
            for first in 0...steps.count + 1 {
                for second in first...steps.count + 1 {
                    var wire = Wire("", Self.waiting)
                    for place in 0...steps.count + 1 {
                        if place == first { wire.append(keyLog: lines[..<cut].joined()) }
                        if place == second { wire.append(keyLog: lines[cut...].joined()) }
                        if place == first || place == second { wire.reader.resume() }
                        if place < steps.count {
                            wire.see([steps[place]])
                        } else if place == steps.count {
                            wire.end(fromClient: false)
                            wire.end(fromClient: true)
                            wire.close()
                        }
                    }
                    expectWhole(wire, "lines 0..<\(cut) at \(first), the others at \(second)")
                }
            }
        }
    }

    @Test func `lines that are read with the next packet need no resuming`() {
        let peers = Peers(suite: Suite.modern[0])
        let steps = conversation(peers)
        let lines = lines(peers)
        for late in 1..<lines.count {
            var wire = Wire(lines[..<late].joined(), Self.waiting)
            for (place, step) in steps.enumerated() {
                // As the agent does: secrets are read before a packet, if any connection waits for some.
                if wire.reader.isWaiting || place == steps.count - 1 { wire.append(keyLog: lines[late...].joined()) }
                wire.see([step])
            }
            wire.end(fromClient: false)
            wire.close()
            expectWhole(wire, "from line \(late) on")
        }
    }

    @Test func `what was held is told at the time when it came`() {
        let peers = Peers(suite: Suite.modern[0])
        var wire = Wire("", Self.waiting)
        wire.see(conversation(peers))
        wire.reader.closed(Wire.id, .finished, at: Wire.now + .milliseconds(7))
        #expect(wire.heard.events == [])
        wire.append(keyLog: peers.keyLog)
        wire.reader.resume()
        #expect(wire.heard.chunkTimes == [Wire.now, Wire.now])
        #expect(wire.heard.closedAt == Wire.now + .milliseconds(7))
    }

    @Test(arguments: Suite.modern + [Suite.legacy[0]])
    func `secrets that never come are waited for so long and no longer`(
        suite: Suite
    ) {
        var wire = Wire("", Self.waiting)
        wire.see(conversation(Peers(suite: suite)))
        wire.end(fromClient: false)
        wire.close()
        wire.reader.timePassed(to: Wire.now + .milliseconds(1_999))
        #expect(wire.heard.events == [])
        wire.reader.timePassed(to: Wire.now + .seconds(2))
        // It could not be read, and that is all: its handshake succeeded.
        #expect(wire.heard.events == ["server ended", "closed finished"])
        #expect(wire.heard.toServer + wire.heard.toClient == "" && wire.heard.complaints == [])
        #expect(wire.heard.origin?.serverName == "api.example.com")
        #expect(wire.reader.counters.closedBeforeSecrets == 1 && wire.reader.counters.unreadableConnections == 1)
        #expect(wire.reader.counters.handshakeFailures == 0 && !wire.reader.isWaiting)
        wire.append(keyLog: Peers(suite: suite).keyLog)
        wire.reader.resume()
        #expect(wire.heard.toServer == "", "it is over")
    }

    @Test func `an alert in the client's flight fails the handshake, also where secrets were waited for`() {
        let peers = Peers(suite: Suite.modern[0])
        var flight = Sealer(secret: peers.clientHandshake, peers.suite)
        var steps = Array(Talk.modern(peers).steps.prefix(2))
        steps.append((true, flight.seal(21, [2, 48])))
        var wire = Wire("", Self.waiting)
        wire.see(steps)
        wire.close()
        wire.reader.finish()
        #expect(wire.heard.events == ["failed without alert", "closed finished"])
    }

    @Test func `when secrets are forgotten, connections that had ended are told`() {
        var wire = Wire("", Self.waiting)
        wire.see(conversation(Peers(suite: Suite.modern[0])))
        wire.close()
        #expect(wire.heard.events == [])
        wire.reader.forgetSecrets(at: Wire.now)
        #expect(wire.heard.events == ["closed finished"])
        #expect(wire.reader.counters.handshakeFailures == 0)
    }

    @Test(arguments: [CloseReason.evicted, .endOfCapture]) func `what is given up is not waited for`(
        reason: CloseReason
    ) {
        var wire = Wire("", Self.waiting)
        wire.see(conversation(Peers(suite: Suite.modern[0])))
        wire.close(reason)
        #expect(wire.heard.events == ["closed \(reason)"])
    }

    @Test func `of a log that grows a line counts when its end is there`() {
        // Of SHA-384, cut where a secret of SHA-256 would end.
        let peers = Peers(suite: Suite.modern[1])
        let text = peers.keyLog
        for cut in stride(from: 1, to: text.utf8.count, by: 7) {
            var wire = Wire("", Self.waiting)
            wire.reader = TLSReader(
                consumer: Listener(), configuration: Self.waiting, keys: KeyLog(countsUnendedLine: false))
            let origin = ConnectionOrigin(
                client: Wire.client, server: Wire.server, isClientKnown: true, source: .packets)
            wire.reader.opened(Wire.id, origin, at: Wire.now)
            wire.append(keyLog: String(text.prefix(cut)))
            let steps = conversation(peers)
            wire.see(steps)
            wire.append(keyLog: String(text.dropFirst(cut)))
            wire.reader.resume()
            wire.end(fromClient: false)
            wire.close()
            expectWhole(wire, "cut at \(cut)")
        }
    }
}
