import CallModel
import Protocols
import Testing

struct KeyLogTests {
    private func read(_ text: String, pieces: Int = .max) -> KeyLog {
        var log = KeyLog()
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            log.append(Array(rest.prefix(pieces)).span)
            rest = rest.dropFirst(pieces)
        }
        return log
    }

    @Test func `comments, empty lines and labels of no concern are skipped`() {
        let random = String(repeating: "ab", count: 32)
        let secret = String(repeating: "01", count: 48)
        let log = read(
            "# comment\n\r\nCLIENT_RANDOM \(random) \(secret)\r\nEXPORTER_SECRET \(random) \(secret)\nnonsense\n")
        #expect(log.lineCount == 1 && log.unreadLineCount == 2)
    }

    @Test func `lines that are too long, or not hexadecimal, are counted and harmless`() {
        let random = String(repeating: "ab", count: 32)
        let log = read(
            "CLIENT_RANDOM \(random) \(String(repeating: "0", count: 5_000))\nCLIENT_RANDOM \(random) xyz\n"
                + "CLIENT_RANDOM abcd 0102\nCLIENT_RANDOM \(random) 012\n")
        #expect(log.lineCount == 0 && log.unreadLineCount == 4 && log.isEmpty)
    }

    @Test func `a log read byte by byte is the same log, in either case`() {
        let peers = Peers(suite: Suite.modern[0])
        var talk = Talk.modern(peers)
        talk.send("hi")
        for text in [peers.keyLog, peers.keyLog.uppercased()] {
            var wire = Wire()
            for byte in text.utf8 { wire.reader.keyLog([byte].span) }
            wire.see(talk.steps)
            #expect(wire.heard.toServer == "hi")
        }
    }

    @Test func `a last line without its end counts`() {
        let peers = Peers(suite: Suite.legacy[0])
        var talk = Talk.legacy(peers)
        talk.send("hi")
        var wire = Wire(String(peers.keyLog.dropLast()))
        wire.see(talk.steps)
        #expect(wire.heard.toServer == "hi")
    }

    @Test(arguments: [Suite.modern[0], Suite.legacy[0]]) func `secrets that come late open what waited for them`(
        suite: Suite
    ) {
        let peers = Peers(suite: suite)
        var talk = Talk.make(peers)
        talk.send("early ")
        talk.answer("reply")
        var configuration = TLSConfiguration()
        configuration.waitsForKeys = true
        var wire = Wire("", configuration)
        wire.see(talk.steps)
        #expect(wire.heard.toServer == "")
        wire.append(keyLog: peers.keyLog)
        let before = talk.steps.count
        talk.send("late")
        wire.see(Array(talk.steps[before...]))
        wire.close()
        #expect(wire.heard.toServer == "early late" && wire.heard.toClient == "reply")
        #expect(wire.heard.complaints == [])
    }

    @Test(arguments: [Suite.modern[0], Suite.legacy[0]]) func `what waits goes on as soon as its secrets are there`(
        suite: Suite
    ) {
        let peers = Peers(suite: suite)
        var talk = Talk.make(peers)
        talk.send("early ")
        talk.answer("reply")
        var configuration = TLSConfiguration()
        configuration.waitsForKeys = true
        var wire = Wire("", configuration)
        wire.see(talk.steps)
        wire.append(keyLog: peers.keyLog)
        wire.reader.resume()
        #expect(wire.heard.toServer == "early " && wire.heard.toClient == "reply")
    }

    @Test(arguments: [Suite.modern[0], Suite.legacy[0]]) func `when secrets are forgotten nothing more is opened`(
        suite: Suite
    ) {
        let peers = Peers(suite: suite)
        var talk = Talk.make(peers)
        talk.send("before")
        var configuration = TLSConfiguration()
        configuration.waitsForKeys = true
        var wire = Wire(peers.keyLog, configuration)
        wire.see(talk.steps)
        #expect(wire.heard.toServer == "before")
        wire.reader.forgetSecrets(at: Wire.now)
        #expect(wire.reader.keys.isEmpty)
        let seen = talk.steps.count
        talk.send("after")
        talk.answer("reply")
        wire.see(Array(talk.steps[seen...]))
        wire.close()
        #expect(!(wire.heard.toServer + wire.heard.toClient).contains(/after|reply/))
    }

    @Test func `what waits for secrets is bounded`() {
        let peers = Peers(suite: Suite.legacy[0])
        var talk = Talk.legacy(peers)
        for _ in 0..<20 { talk.send(String(repeating: "x", count: 1_000)) }
        var configuration = TLSConfiguration()
        configuration.waitsForKeys = true
        configuration.waitingByteCountMax = 10_000
        var wire = Wire("", configuration)
        wire.see(talk.steps)
        wire.append(keyLog: peers.keyLog)
        wire.close()
        #expect(wire.heard.toServer == "" && wire.reader.counters.unreadableConnections == 1)
    }

    @Test func `the oldest secrets give way when there are too many`() {
        var log = KeyLog(entryCountMax: 3)
        for index in 0..<10 {
            let line =
                "CLIENT_RANDOM \(String(repeating: "0\(index)", count: 32)) \(String(repeating: "01", count: 48))\n"
            log.append(Array(line.utf8).span)
        }
        #expect(log.lineCount == 10)
        var peers = Peers(suite: Suite.legacy[0])
        peers.clientRandom = [UInt8](repeating: 9, count: 32)
        var wire = Wire()
        wire.reader = TLSReader(consumer: Listener(), keys: log)
        wire.reader.opened(
            Wire.id, ConnectionOrigin(client: Wire.client, server: Wire.server, isClientKnown: true, source: .packets),
            at: Wire.now)
        wire.see(true, peers.clientHello)
        #expect(wire.heard.origin?.source == .keylog)
    }
}
