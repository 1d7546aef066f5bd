import CallModel
import Packets
import Testing

struct FragmentTests {
    private static let text = String((0..<200).map { Character(UnicodeScalar(UInt8(97 + $0 % 26))) })
    private static let segment = Build.tcp(
        Build.client, Build.server, sequence: 1, acknowledged: 1, .ack, Array(text.utf8))

    /// - Parameter cuts: offsets in eights.
    private func fragments(_ cuts: [Int], identification: UInt16 = 7) -> [[UInt8]] {
        let ends = cuts.map { $0 * 8 } + [Self.segment.count]
        var start = 0
        return ends.map { end in
            defer { start = end }
            let field = UInt16(start / 8) | (end == Self.segment.count ? 0 : 0x2000)
            return Build.ipv4(
                Build.client, Build.server, 6, Array(Self.segment[start..<end]), identification: identification,
                fragmentation: field)
        }
    }

    private func seen(_ packets: [[UInt8]]) -> Replay {
        var replay = Replay()
        replay.see(packets, linkType: .rawIP)
        return replay
    }

    @Test func `fragments in any order make the datagram`() {
        let pieces = fragments([5, 12, 20])
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
            #expect(seen(order.map { pieces[$0] }).seen.connections.first?.toServer.text == Self.text)
        }
    }

    /// Found with Zeek's own test captures: the bytes of the datagram were taken for those of the next packet.
    @Test func `a datagram of which nothing follows is forgotten before the next packet`() {
        let datagram = Build.udp(5_060, 5_060, [UInt8](repeating: 7, count: 64))
        let pieces = [(0, 0x2000), (32, 4)].map { start, field in
            Build.ipv4(
                Build.client, Build.server, 17, Array(datagram[start...].prefix(start == 0 ? 32 : 64)),
                identification: 9, fragmentation: UInt16(field))
        }
        let whole = Build.ipv4(Build.client, Build.server, 6, Self.segment)
        #expect(seen(pieces + [whole]).seen.connections.first?.toServer.text == Self.text)
    }

    @Test func `a fragment that came twice, or overlaps, leaves the first copy`() {
        let pieces = fragments([5, 12])
        var forged = fragments([4, 12])[1]
        for index in 20..<forged.count { forged[index] = 0 }
        let replay = seen([pieces[0], pieces[0], forged, pieces[1], pieces[2]])
        let text = replay.seen.connections.first?.toServer.text ?? ""
        // What the forged fragment covers alone is its own; what was there before stays.
        #expect(text.prefix(20) == Self.text.prefix(20) && text.count == Self.text.count)
    }

    @Test func `a missing fragment yields nothing, and is given up in time`() {
        var replay = Replay()
        let pieces = fragments([5, 12])
        replay.see(pieces[0], pieces[2], linkType: .rawIP)
        #expect(replay.seen.connections.isEmpty)
        replay.now = replay.now + .seconds(31)
        replay.see(pieces[1], linkType: .rawIP)
        #expect(replay.seen.connections.isEmpty)
        #expect(replay.counters.abandonedDatagrams == 1)
    }

    @Test func `unfinished datagrams are bounded in number and bytes`() {
        var configuration = PacketConfiguration()
        configuration.fragmentedDatagramsMax = 4
        var replay = Replay(configuration)
        for identification in 0..<100 {
            replay.see(fragments([5], identification: UInt16(identification))[0], linkType: .rawIP)
        }
        #expect(replay.counters.abandonedDatagrams == 96)
    }

    @Test func `IPv6 fragments are put together, and overlapping ones are given up`() {
        let client = SocketEndpoint(high: 1 << 56, low: 1, port: 40_000)
        let server = SocketEndpoint(high: 1 << 56, low: 2, port: 80)
        func piece(_ start: Int, _ end: Int) -> [UInt8] {
            let field = UInt16(start) | (end == Self.segment.count ? 0 : 1)
            return Build.ipv6(
                client, server, 44, [6, 0] + Build.bigEndian(field) + [0, 0, 0, 9] + Self.segment[start..<end])
        }
        #expect(seen([piece(40, 220), piece(0, 40)]).seen.connections.first?.toServer.text == Self.text)
        #expect(seen([piece(0, 48), piece(40, 220)]).seen.connections.isEmpty)
    }

    @Test func `a fragment past the end of any datagram spoils it`() {
        let last = Build.ipv4(
            Build.client, Build.server, 6, [UInt8](repeating: 1, count: 100), fragmentation: 0x1fff)
        #expect(seen([fragments([5])[0], last]).seen.connections.isEmpty)
    }
}
