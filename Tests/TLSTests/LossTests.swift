import CallModel
import Protocols
import SimulationKit
import Testing

/// Records that were not captured: what follows is read, and nothing is made up.
struct LossTests {
    private static let suites = [
        Suite.modern[0], Suite.modern[2], Suite.legacy[0], Suite.legacy[2], Suite.legacy[4], Suite.legacy[5],
        Suite.legacy[7],
    ]

    /// - Returns: a wire past its handshake, and sealed answers.
    private func open(_ suite: Suite, _ texts: [String]) -> (Wire, [[UInt8]]) {
        let peers = Peers(suite: suite)
        var talk = Talk.make(peers)
        var wire = Wire(peers.keyLog)
        wire.see(talk.steps)
        return (wire, texts.map { talk.server.seal(23, Array($0.utf8)) })
    }

    @Test(arguments: suites) func `a record with a hole is a gap, and the next one is read`(suite: Suite) {
        var (wire, records) = open(suite, ["one ", "two, which is longer ", "three"])
        wire.see(false, records[0] + Array(records[1].prefix(20)))
        wire.lose(7, fromClient: false)
        wire.see(false, Array(records[1].dropFirst(27)) + records[2])
        #expect(wire.heard.toClient == "one [?]three")
    }

    @Test(arguments: suites) func `whole records lost are a gap, and the next one is found by its number`(suite: Suite)
    {
        var (wire, records) = open(suite, ["one ", "two ", "three ", "four ", "five"])
        wire.see(false, records[0])
        wire.lose(records[1].count + records[2].count, fromClient: false)
        wire.see(false, records[3] + records[4])
        #expect(wire.heard.toClient == "one [?]four five")
    }

    @Test(arguments: suites) func `a gap that ends inside another record is skipped to the next`(suite: Suite) {
        var (wire, records) = open(suite, ["one ", "two ", "three ", "four"])
        wire.see(false, records[0] + Array(records[1].prefix(9)))
        wire.lose(records[1].count - 9 + 11, fromClient: false)
        wire.see(false, Array(records[2].dropFirst(11)) + Array(records[3].prefix(8)))
        wire.see(false, Array(records[3].dropFirst(8)))
        #expect(wire.heard.toClient == "one [?]four")
    }

    @Test func `a gap of unknown length is searched across as well`() {
        var (wire, records) = open(Suite.modern[0], ["one ", "two ", "three"])
        wire.see(false, records[0])
        wire.lose(nil, fromClient: false)
        wire.see(false, records[2])
        #expect(wire.heard.toClient == "one [?]three")
    }

    @Test func `more records lost than are searched for end the direction`() {
        var (wire, records) = open(Suite.legacy[0], (0..<100).map { "\($0) " })
        wire.see(false, records[0])
        wire.lose(records[1..<99].reduce(0) { $0 + $1.count }, fromClient: false)
        wire.see(false, records[99])
        #expect(wire.heard.toClient == "0 [?]")
    }

    @Test func `a lost certificate does not matter, a lost hello does`() {
        let peers = Peers(suite: Suite.legacy[0])
        var talk = Talk.legacy(peers)
        talk.send("GET /secret")
        let hello = peers.serverHello.count
        for isHelloLost in [false, true] {
            var wire = Wire(peers.keyLog)
            wire.see(Array(talk.steps[..<1]))
            let flight = talk.steps[1].bytes
            if isHelloLost {
                wire.lose(hello, fromClient: false)
                wire.see(false, Array(flight[hello...]))
            } else {
                wire.see(false, Array(flight[..<(hello + 100)]))
                wire.lose(500, fromClient: false)
                wire.see(false, Array(flight[(hello + 600)...]))
            }
            wire.see(Array(talk.steps[2...]))
            #expect(wire.heard.toServer == (isHelloLost ? "" : "GET /secret"))
        }
    }

    @Test func `bytes that are no record end what can be read of a direction`() {
        var (wire, records) = open(Suite.modern[0], ["one ", "two"])
        wire.see(false, records[0] + Array("garbage, and more of it".utf8) + records[1])
        #expect(wire.heard.toClient == "one [?]")
    }

    @Test(arguments: suites) func `a byte changed on its way yields no byte`(suite: Suite) {
        var (wire, records) = open(suite, ["one ", "two", "three"])
        records[1][records[1].count - 3] ^= 1
        wire.see(false, records[0] + records[1] + records[2])
        #expect(wire.heard.toClient == "one [?]")
        #expect(wire.reader.counters.refusedRecords == 1)
    }

    @Test(arguments: 0..<150) func `random damage makes nothing up`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let suite = Self.suites.randomElement(using: &generator)!
        let peers = Peers(suite: suite)
        var talk = Talk.make(peers)
        for index in 0..<12 { talk.answer("<\(index)>") }
        var wire = Wire(peers.keyLog)
        for step in talk.steps {
            var bytes = step.bytes
            switch Int.random(in: 0..<12, using: &generator) {
            case 0: bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
            case 1:
                let lost = Int.random(in: 1...bytes.count, using: &generator)
                let from = Int.random(in: 0...(bytes.count - lost), using: &generator)
                if from > 0 { wire.see(step.fromClient, Array(bytes[..<from])) }
                wire.lose(lost, fromClient: step.fromClient)
                bytes = Array(bytes[(from + lost)...])
            case 2: bytes += (0..<9).map { _ in UInt8.random(in: 0...255, using: &generator) }
            default: break
            }
            if !bytes.isEmpty { wire.see(step.fromClient, bytes) }
        }
        wire.close()
        #expect(wire.heard.complaints == [], "seed \(seed)")
        // If even the first record is no longer one, the connection counts as clear.
        guard !wire.heard.sessions.isEmpty else { return }
        // What came out is what was sent, in order, less what was lost.
        var rest = (0..<12).map { "<\($0)>" }.joined()[...]
        for piece in wire.heard.toClient.components(separatedBy: "[?]") {
            let found = rest.ranges(of: piece).first
            #expect(found != nil || piece.isEmpty, "seed \(seed): \(wire.heard.toClient)")
            if let found { rest = rest[found.upperBound...] }
        }
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}
