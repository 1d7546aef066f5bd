import CallModel
import Packets
import SimulationKit
import Testing

/// Everything kept has a bound, and what the bound costs is counted.
struct BoundsTests {
    private func talk(_ number: Int) -> Conversation {
        Conversation(client: SocketEndpoint(ipv4: 0x0a10_0000 &+ UInt32(number), port: 9_000))
    }

    @Test func `eviction takes idle connections before busy ones`() {
        var configuration = PacketConfiguration()
        configuration.connectionsMax = 10
        var replay = Replay(configuration)
        var talks = (0..<11).map(talk)
        for index in 0..<10 { replay.see(talks[index].handshake()) }
        replay.wait(.seconds(100))
        for index in 1..<10 { replay.see(talks[index].send("busy")) }
        replay.see(talks[10].handshake())
        #expect(replay.seen.connections.map(\.reason) == [.evicted] + Array(repeating: nil, count: 10))
        #expect(replay.counters.connectionsEvicted == 1)
    }

    @Test func `a packet with a time long past does not make its connection old`() {
        var replay = Replay(PacketConfiguration())
        var (talk, other) = (talk(0), talk(1))
        replay.see(talk.handshake())
        replay.wait(.seconds(-100_000))
        replay.see(talk.send("past, "))
        replay.wait(.seconds(100_001))
        replay.see(other.handshake())
        replay.wait(.seconds(1))
        replay.see(talk.send("present"))
        #expect(replay.seen.connections[0].toServer.text == "past, present")
        #expect(replay.counters.connectionsExpired == 0)
    }

    @Test func `a flood of SYNs evicts itself, not open connections`() {
        var configuration = PacketConfiguration()
        configuration.connectionsMax = 100
        var replay = Replay(configuration)
        var open = talk(0)
        replay.see(open.handshake())
        for number in 1..<5_000 {
            var flood = talk(number)
            replay.see(flood.syn())
        }
        replay.see(open.send("still here"))
        #expect(replay.seen.connections[0].toServer.text == "still here")
        #expect(replay.seen.connections.filter { $0.reason == .connectTimeout }.isEmpty)
        #expect(replay.counters.connectionsEvicted == 4_900)
    }

    @Test func `bytes held behind a hole are bounded for a direction, and the hole is given up`() {
        var configuration = PacketConfiguration()
        configuration.heldBytesMax = 10_000
        var replay = Replay(configuration)
        var talk = talk(0)
        replay.see(talk.handshake())
        _ = talk.send("lost")
        for _ in 0..<20 { replay.see(talk.send(String(repeating: "x", count: 1_000))) }
        let stream = replay.seen.connections[0].toServer
        #expect(stream.gaps == [4] && stream.bytes.count == 20_000)
        #expect(replay.counters.heldBytesOverflows == 1)
    }

    @Test func `bytes held in all are bounded, and the oldest hole is given up first`() {
        var configuration = PacketConfiguration()
        configuration.heldBytesTotalMax = 10_000
        var replay = Replay(configuration)
        var talks = (0..<20).map(talk)
        for index in talks.indices {
            replay.see(talks[index].handshake())
            _ = talks[index].send("lost")
            replay.see(talks[index].send(String(repeating: "x", count: 1_000)))
        }
        let given = replay.seen.connections.map { $0.toServer.gaps.count }
        #expect(given == Array(repeating: 1, count: 11) + Array(repeating: 0, count: 9))
    }

    @Test func `segments held behind a hole are bounded in number`() {
        var configuration = PacketConfiguration()
        configuration.heldSegmentsMax = 50
        var replay = Replay(configuration)
        var talk = talk(0)
        replay.see(talk.handshake())
        let start = talk.clientNext
        for index in 0..<200 { replay.see(talk.clientBytes("y", at: start + UInt32(400 - 2 * index))) }
        #expect(replay.counters.heldBytesOverflows > 0)
        #expect(replay.seen.complaints == [])
    }

    @Test func `idle connections are forgotten, and closed ones sooner`() {
        var configuration = PacketConfiguration()
        configuration.idleWaitMax = .seconds(600)
        var replay = Replay(configuration)
        var talk = talk(0)
        replay.see(talk.handshake())
        replay.wait(.seconds(601))
        #expect(replay.seen.connections.map(\.reason) == [.evicted])
        #expect(replay.counters.connectionsExpired == 1)
        replay.see(talk.send("again"))
        #expect(replay.seen.connections.count == 2)
    }

    @Test func `the table finds every connection while thousands come and go`() {
        var configuration = PacketConfiguration()
        configuration.connectionsMax = 500
        var replay = Replay(configuration)
        var generator = SeededGenerator(seed: 7)
        var talks: [Int: Conversation] = [:]
        for round in 0..<5_000 {
            let number = Int.random(in: 0..<400, using: &generator)
            if var known = talks[number] {
                if Bool.random(using: &generator) {
                    replay.see(known.send("x"))
                    talks[number] = known
                } else {
                    replay.see(known.clientFin(), known.serverFin())
                    talks[number] = nil
                }
            } else {
                var fresh = talk(number)
                fresh.clientNext = UInt32(round) &* 1_000_003
                replay.see(fresh.handshake())
                talks[number] = fresh
            }
        }
        let open = replay.seen.connections.filter { $0.reason == nil }
        #expect(open.count == talks.count)
        #expect(replay.seen.complaints == [] && replay.counters.gaps == 0)
    }
}
