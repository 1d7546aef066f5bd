import CallModel
import Packets
import SimulationKit
import Testing

/// Random wires: streams cut, shuffled, repeated and lost, and bytes that are no packets at all.
struct HostileTests {
    /// Every byte of a stream has its place in it as its value, so a test can tell where each one belongs.
    private static func text(_ range: Range<Int>) -> String {
        String(range.map { Character(UnicodeScalar(UInt8(33 + $0 * 7 % 90))) })
    }

    @Test(arguments: 0..<200) func `any cutting, order and repetition gives the same stream`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var (replay, talk) = (Replay(), Conversation(clientNext: .random(in: 0...(.max), using: &generator)))
        replay.see(talk.handshake())
        let start = talk.clientNext
        let total = 600
        var frames: [[UInt8]] = []
        var place = 0
        while place < total {
            let end = min(total, place + Int.random(in: 1...60, using: &generator))
            // Some begin before where they should.
            let from = max(0, place - Int.random(in: 0...20, using: &generator))
            frames.append(talk.clientBytes(Self.text(from..<end), at: start &+ UInt32(from)))
            if Int.random(in: 0..<4, using: &generator) == 0 { frames.append(frames.randomElement(using: &generator)!) }
            place = end
        }
        frames.shuffle(using: &generator)
        replay.see(frames)
        #expect(replay.seen.connections.first?.toServer.text == Self.text(0..<total), "seed \(seed)")
        #expect(replay.seen.complaints == [], "seed \(seed)")
    }

    @Test(arguments: 0..<200) func `with losses, what is handed out is right and what is missing is a gap`(seed: UInt64)
    {
        var generator = SeededGenerator(seed: seed)
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        let start = talk.clientNext
        let total = 800
        var frames: [[UInt8]] = []
        for place in stride(from: 0, to: total, by: 20) where Int.random(in: 0..<5, using: &generator) > 0 {
            frames.append(talk.clientBytes(Self.text(place..<place + 20), at: start + UInt32(place)))
        }
        frames.shuffle(using: &generator)
        replay.see(frames)
        talk.clientNext = start + UInt32(total)
        replay.see(talk.clientFin(), talk.serverFin())
        replay.finish()
        let stream = replay.seen.connections[0].toServer
        var (place, handedOut) = (0, 0)
        var rest = stream.text[...]
        // Text and gaps together must cover the stream, each byte at its place.
        while let next = rest.first {
            if next == "[", let close = rest.firstIndex(of: "]"),
                let missing = Int(rest[rest.index(after: rest.startIndex)..<close])
            {
                place += missing
                rest = rest[rest.index(after: close)...]
            } else {
                #expect(String(next) == Self.text(place..<place + 1), "seed \(seed), place \(place)")
                place += 1
                handedOut += 1
                rest = rest.dropFirst()
            }
        }
        #expect(place == total, "seed \(seed)")
        #expect(handedOut == frames.count * 20, "seed \(seed)")
        #expect(stream.isEnded && replay.seen.complaints == [], "seed \(seed)")
    }

    @Test(arguments: 0..<60) func `mutated packets neither trap nor break the promises to the consumer`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var configuration = PacketConfiguration()
        configuration.connectionsMax = 20
        configuration.heldBytesTotalMax = 4_000
        configuration.fragmentedDatagramsMax = 4
        var replay = Replay(configuration)
        let links: [LinkType] = [
            .ethernet, .linuxCooked, .linuxCookedV2, .null, .rawIP, .ppp, .netfilterLog, .ciscoHDLC,
        ]
        for _ in 0..<40 {
            var talk = Conversation(client: SocketEndpoint(ipv4: .random(in: 1...6, using: &generator), port: 9))
            var frames =
                talk.handshake() + [talk.send("abcdef"), talk.answer("ghij"), talk.clientFin(), talk.serverFin()]
            for index in frames.indices {
                for _ in 0..<Int.random(in: 0...4, using: &generator) {
                    let place = Int.random(in: 0..<frames[index].count, using: &generator)
                    frames[index][place] = .random(in: 0...255, using: &generator)
                }
                if Int.random(in: 0..<5, using: &generator) == 0 {
                    frames[index].removeLast(Int.random(in: 0...frames[index].count, using: &generator))
                }
                let link =
                    Int.random(in: 0..<6, using: &generator) == 0 ? links.randomElement(using: &generator)! : .ethernet
                let now = replay.now + .milliseconds(Int.random(in: -5_000...5_000, using: &generator))
                let frame = frames[index]
                replay.reassembler.packet(
                    frame.span, originalByteCount: .random(in: 0...70_000, using: &generator), linkType: link,
                    at: now)
            }
            replay.wait(.milliseconds(Int.random(in: 0...3_000, using: &generator)))
        }
        replay.finish()
        #expect(replay.seen.complaints == [], "seed \(seed)")
        #expect(replay.seen.connections.allSatisfy { $0.reason != nil }, "seed \(seed)")
    }

    @Test(arguments: 0..<60) func `mutated files neither trap nor hang`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var talk = Conversation()
        let frames = talk.handshake() + [talk.send("abcdef"), talk.answer("ghij")]
        let packets = frames.map { (time: Instant(secondsSinceEpoch: 1_700_000_000), bytes: $0) }
        let blocks = frames.flatMap {
            Build.block(
                6,
                [UInt8](repeating: 0, count: 12) + Build.littleEndian(UInt32($0.count))
                    + Build.littleEndian(UInt32($0.count)) + $0)
        }
        let section: [UInt8] =
            Build.littleEndian(UInt32(0x1a2b_3c4d)) + [1, 0, 0, 0] + [UInt8](repeating: 0xff, count: 8)
        let pcapng = Build.block(0x0a0d_0d0a, section) + Build.block(1, [1, 0, 0, 0, 0, 0, 0, 0]) + blocks
        for file in [Build.pcap(packets), pcapng] {
            for _ in 0..<50 {
                var mutated = file
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    mutated[Int.random(in: 0..<mutated.count, using: &generator)] = .random(
                        in: 0...255, using: &generator)
                }
                var reader = CaptureFileReader()
                var reassembler = PacketReassembler(consumer: Recorder())
                let cut = Int.random(in: 0...mutated.count, using: &generator)
                do throws(CaptureFileError) {
                    try reader.read(mutated.span.extracting(0..<cut), into: &reassembler)
                    try reader.read(mutated.span.extracting(cut..<mutated.count), into: &reassembler)
                    try reader.finish()
                } catch {
                    #expect(!error.description.isEmpty)
                }
                reassembler.finish()
                #expect(reassembler.consumer.complaints == [], "seed \(seed)")
            }
        }
    }
}
