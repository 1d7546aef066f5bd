import CallModel
import Packets
import Testing

/// The same segment under every header a capture may put around it.
struct LinkLayerTests {
    private static let segment = Build.tcp(
        Build.client, Build.server, sequence: 1, acknowledged: 1, .ack, Array("hello".utf8))
    private static let ip = Build.ipv4(Build.client, Build.server, 6, segment)
    private static let client6 = SocketEndpoint(high: 0x2001_0db8_0000_0000, low: 1, port: 40_000)
    private static let server6 = SocketEndpoint(high: 0x2001_0db8_0000_0000, low: 2, port: 80)
    private static let ip6 = Build.ipv6(
        client6, server6, 6, Build.tcp(client6, server6, sequence: 1, acknowledged: 1, .ack, Array("hello".utf8)))

    private func expectHello(
        _ frame: [UInt8], _ linkType: LinkType = .ethernet, _ comment: Comment? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var replay = Replay()
        replay.see(frame, linkType: linkType)
        let connection = replay.seen.connections.first
        #expect(connection?.toServer.text == "hello", comment, sourceLocation: sourceLocation)
        #expect(connection?.origin.server.port == 80, comment, sourceLocation: sourceLocation)
        // Cut anywhere, nothing breaks, and nothing is made up.
        for cut in 0..<frame.count {
            var cutReplay = Replay()
            cutReplay.see(Array(frame.prefix(cut)), linkType: linkType)
            let text = cutReplay.seen.connections.first?.toServer.text ?? ""
            #expect("hello".hasPrefix(text.prefix { $0 != "[" }), "cut at \(cut)", sourceLocation: sourceLocation)
            #expect(cutReplay.seen.complaints == [], sourceLocation: sourceLocation)
        }
    }

    @Test func `Ethernet, with padding behind short packets`() {
        expectHello(Build.ethernet(0x0800, Self.ip))
        expectHello(Build.ethernet(0x0800, Self.ip) + [UInt8](repeating: 0, count: 20))
        expectHello(Build.ethernet(0x86dd, Self.ip6))
    }

    @Test func `tags, one, two, three, of every type in use`() {
        expectHello(Build.ethernet(0x8100, [0, 42] + [0x08, 0x00] + Self.ip))
        expectHello(Build.ethernet(0x88a8, [0, 1, 0x81, 0, 0, 2, 0x08, 0x00] + Self.ip))
        expectHello(Build.ethernet(0x9100, [0, 1, 0x81, 0, 0, 2, 0x81, 0, 0, 3, 0x86, 0xdd] + Self.ip6))
    }

    @Test func `more tags than a packet may have are counted as malformed`() {
        var replay = Replay()
        replay.see(
            Build.ethernet(0x8100, [UInt8](repeating: 0, count: 0) + (0..<400).flatMap { _ in [0, 1, 0x81, 0] }))
        #expect(replay.counters.malformedPackets == 1)
    }

    @Test func `802_3 with LLC and SNAP`() {
        let length = UInt16(Self.ip.count + 8)
        expectHello(
            [UInt8](repeating: 2, count: 12) + Build.bigEndian(length) + [0xaa, 0xaa, 3, 0, 0, 0, 8, 0] + Self.ip)
    }

    @Test func `Linux cooked, version 1 and 2`() {
        expectHello([UInt8](repeating: 0, count: 14) + [8, 0] + Self.ip, .linuxCooked)
        expectHello([8, 0] + [UInt8](repeating: 0, count: 18) + Self.ip, .linuxCookedV2)
        expectHello([0x86, 0xdd] + [UInt8](repeating: 0, count: 18) + Self.ip6, .linuxCookedV2)
        expectHello([UInt8](repeating: 0, count: 14) + [0x81, 0, 0, 5, 8, 0] + Self.ip, .linuxCooked, "tagged")
    }

    @Test func `loopback, in both byte orders and with each system's number for IPv6`() {
        expectHello([2, 0, 0, 0] + Self.ip, .null)
        expectHello([0, 0, 0, 2] + Self.ip, .null)
        expectHello([0, 0, 0, 2] + Self.ip, .loop)
        for family: UInt8 in [10, 24, 28, 30] { expectHello([family, 0, 0, 0] + Self.ip6, .null) }
    }

    @Test func `raw IP under each of its numbers`() {
        for number: UInt32 in [12, 14, 101, 228] { expectHello(Self.ip, LinkType(rawValue: number)) }
        for number: UInt32 in [12, 14, 101, 229] { expectHello(Self.ip6, LinkType(rawValue: number)) }
    }

    @Test func `PPP, PPPoE and HDLC`() {
        let session: [UInt8] = [0x11, 0, 0, 7] + Build.bigEndian(UInt16(Self.ip.count + 2))
        expectHello(Build.ethernet(0x8864, session + [0, 0x21] + Self.ip))
        expectHello(Build.ethernet(0x8100, [0, 7, 0x88, 0x64] + session + [0, 0x21] + Self.ip))
        expectHello(session + [0, 0x21] + Self.ip, .pppOverEthernet)
        expectHello([0xff, 3, 0, 0x21] + Self.ip, .ppp)
        expectHello([0x21] + Self.ip, .ppp, "compressed protocol field")
        expectHello([0, 0x57] + Self.ip6, .pppWithHDLC)
        expectHello([0x0f, 0, 8, 0] + Self.ip, .ciscoHDLC)
    }

    @Test func `MPLS labels, to IP and to a pseudowire`() {
        expectHello(Build.ethernet(0x8847, [0, 1, 0, 64, 0, 2, 1, 64] + Self.ip))
        expectHello(Build.ethernet(0x8847, [0, 2, 1, 64, 0, 0, 0, 0] + Build.ethernet(0x0800, Self.ip)))
    }

    @Test func `802_11 data frames, bare and behind each radio's header`() {
        let logical: [UInt8] = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0]
        let plain = [8, 2] + [UInt8](repeating: 0, count: 22) + logical + Self.ip
        let quality = [0x88, 1] + [UInt8](repeating: 0, count: 22) + [0, 0] + logical + Self.ip
        let relayed = [0x88, 0x83] + [UInt8](repeating: 0, count: 28) + [0, 0, 0, 0, 0, 0] + logical + Self.ip
        for frame in [plain, quality, relayed] { expectHello(frame, .wireless) }
        expectHello([0, 0, 10, 0, 0, 0, 0, 0, 0, 0] + plain, .radiotap)
        expectHello([UInt8](repeating: 0, count: 144) + plain, .prism)
        expectHello([0, 0, 8, 0, 105, 0, 0, 0] + plain, .perPacketInformation)
        var replay = Replay()
        replay.see([8, 0x42] + plain.dropFirst(2), linkType: .wireless)
        #expect(replay.seen.connections.isEmpty && replay.counters.unreadPackets == 1)
    }

    @Test func `provider backbones, FabricPath and VN-Tag`() {
        let inner = Build.ethernet(0x0800, Self.ip)
        expectHello(Build.ethernet(0x88e7, [0, 0, 0, 9] + inner))
        expectHello(Build.ethernet(0x8903, [0, 1] + inner))
        expectHello(Build.ethernet(0x8926, [0, 1, 2, 3, 8, 0] + Self.ip))
    }

    @Test func `BSD's own link types`() {
        expectHello([61] + [UInt8](repeating: 0, count: 63) + Self.ip, .packetFilterLog)
        expectHello([UInt8](repeating: 0, count: 12) + Self.ip, .openBSDEncapsulation)
    }

    @Test func `a netfilter log's payload attribute`() {
        let mark: [UInt8] = [5, 0, 10, 0, 0x78, 0, 0, 0]
        let payload = Build.littleEndian(UInt16(Self.ip.count + 4)) + [9, 0] + Self.ip
        expectHello([2, 0, 0, 1] + mark + payload, .netfilterLog)
    }

    @Test func `IPv4 with options, and with no length because the card does the segmenting`() {
        expectHello(Build.ipv4(Build.client, Build.server, 6, Self.segment, options: [7, 4, 4, 0]), .rawIP)
        expectHello(Build.ipv4(Build.client, Build.server, 6, Self.segment, declared: 0), .rawIP)
        expectHello(Build.ipv6(Self.client6, Self.server6, 6, Array(Self.ip6.dropFirst(40)), declared: 0), .rawIP)
    }

    @Test func `IPv6 with extension headers`() {
        let inner = Array(Self.ip6.dropFirst(40))
        let hopByHop: [UInt8] = [60, 0, 1, 4, 0, 0, 0, 0]
        let options: [UInt8] = [43, 1] + [UInt8](repeating: 0, count: 14)
        let routing: [UInt8] = [51, 0, 0, 0, 0, 0, 0, 0]
        let authentication: [UInt8] = [6, 4] + [UInt8](repeating: 0, count: 22)
        expectHello(
            Build.ipv6(Self.client6, Self.server6, 0, hopByHop + options + routing + authentication + inner), .rawIP)
        let atomic: [UInt8] = [6, 0, 0, 0, 0, 0, 0, 9]
        expectHello(Build.ipv6(Self.client6, Self.server6, 44, atomic + inner), .rawIP)
    }

    @Test func `tunnels: IP in IP, GRE, VXLAN, GENEVE, GTP, AYIYA, Teredo`() {
        let frame = Build.ethernet(0x0800, Self.ip)
        let a = SocketEndpoint(ipv4: 0xc000_0201, port: 0)
        let b = SocketEndpoint(ipv4: 0xc000_0202, port: 0)
        func outer(_ number: UInt8, _ payload: [UInt8]) -> [UInt8] { Build.ipv4(a, b, number, payload) }
        func over(_ port: UInt16, _ payload: [UInt8]) -> [UInt8] { outer(17, Build.udp(50_000, port, payload)) }
        expectHello(outer(4, Self.ip), .rawIP, "IP in IP")
        expectHello(outer(41, Self.ip6), .rawIP, "6in4")
        expectHello(outer(47, [0, 0, 8, 0] + Self.ip), .rawIP, "GRE")
        expectHello(
            outer(47, [0xb0, 0, 8, 0] + [UInt8](repeating: 1, count: 12) + Self.ip), .rawIP, "GRE with all fields")
        expectHello(outer(47, [0, 0, 0x65, 0x58] + frame), .rawIP, "GRE with Ethernet")
        expectHello(
            outer(47, [0x30, 0x81, 0x88, 0x0b] + [UInt8](repeating: 1, count: 12) + [0x21] + Self.ip), .rawIP, "PPTP")
        expectHello(outer(47, [0x10, 0, 0x88, 0xbe] + [UInt8](repeating: 1, count: 12) + frame), .rawIP, "ERSPAN")
        let wireless = [0x08, 0x01] + [UInt8](repeating: 0, count: 22) + [0xaa, 0xaa, 3, 0, 0, 0, 8, 0] + Self.ip
        expectHello(outer(47, [0, 0, 0x82, 0] + wireless), .rawIP, "GRE of an access point")
        expectHello(over(4789, [8, 0, 0, 0, 0, 0, 1, 0] + frame), .rawIP, "VXLAN")
        expectHello(over(8472, [8, 0, 0, 0, 0, 0, 1, 0] + frame), .rawIP, "VXLAN on Linux's old port")
        expectHello(
            over(6081, [2, 0, 0x65, 0x58, 0, 0, 1, 0] + [UInt8](repeating: 0, count: 8) + frame), .rawIP, "GENEVE")
        expectHello(over(4754, [0, 0, 8, 0] + Self.ip), .rawIP, "GRE in UDP")
        expectHello(over(2152, [0x30, 0xff, 0, 9, 0, 0, 0, 1] + Self.ip), .rawIP, "GTP-U")
        expectHello(
            over(2152, [0x34, 0xff, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 0, 0] + Self.ip), .rawIP, "GTP-U extended")
        expectHello(over(5072, [0x40, 0x52, 0x01, 41] + [UInt8](repeating: 3, count: 40) + Self.ip6), .rawIP, "AYIYA")
        expectHello(over(3544, Self.ip6), .rawIP, "Teredo")
        expectHello(over(6635, [0, 1, 1, 64] + Self.ip), .rawIP, "MPLS in UDP")
        expectHello(over(1701, [0x40, 2, 0, 9, 0, 1, 0, 1, 0xff, 3, 0, 0x21] + Self.ip), .rawIP, "L2TP")
        expectHello(outer(97, [0x30, 0] + frame), .rawIP, "EtherIP")
        expectHello(outer(137, [0, 1, 1, 64] + Self.ip), .rawIP, "MPLS in IP")
        expectHello(over(3544, [0, 1, 0, 0] + [UInt8](repeating: 0, count: 9) + Self.ip6), .rawIP, "Teredo with nonce")
    }

    @Test func `tunnels in tunnels end at a bound`() {
        let a = SocketEndpoint(ipv4: 1, port: 0)
        var packet = Self.ip
        for _ in 0..<40 { packet = Build.ipv4(a, a, 4, packet) }
        var replay = Replay()
        replay.see(packet, linkType: .rawIP)
        #expect(replay.counters.malformedPackets == 1)
        #expect(replay.seen.connections.isEmpty)
    }

    @Test func `DNS answers are datagrams, other UDP is not`() {
        var replay = Replay()
        let a = SocketEndpoint(ipv4: 1, port: 53)
        let b = SocketEndpoint(ipv4: 2, port: 40_000)
        replay.see(Build.ipv4(a, b, 17, Build.udp(53, 40_000, [1, 2, 3])), linkType: .rawIP)
        replay.see(Build.ipv4(a, b, 17, Build.udp(443, 40_000, [1, 2, 3])), linkType: .rawIP)
        #expect(replay.seen.datagrams.map(\.bytes) == [[1, 2, 3]])
        #expect(replay.seen.datagrams.first?.from == a && replay.seen.datagrams.first?.to == b)
    }

    @Test func `what is not read is counted`() {
        var replay = Replay()
        replay.see(Build.ethernet(0x0806, [UInt8](repeating: 0, count: 28)))
        replay.see(Self.ip, linkType: LinkType(rawValue: 9_999))
        replay.see(Build.ethernet(0x0800, [0x45, 0]))
        #expect(replay.counters.unreadPackets == 2 && replay.counters.malformedPackets == 1)
    }
}
