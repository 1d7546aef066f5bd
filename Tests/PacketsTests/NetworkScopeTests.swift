import CallModel
import Packets
import Testing

/// Equal addresses in several virtual networks.
struct NetworkScopeTests {
    /// Between the ends of a tunnel.
    private func over(_ payload: [UInt8], port: UInt16 = 4789) -> [UInt8] {
        Build.ethernet(0x0800, Build.ipv4(Build.client, Build.server, 17, Build.udp(50_000, port, payload)))
    }

    private func vxlan(_ network: UInt8, _ frame: [UInt8]) -> [UInt8] { over([8, 0, 0, 0, 0, 0, network, 0] + frame) }

    private func geneve(_ network: UInt8, _ frame: [UInt8]) -> [UInt8] {
        over([0, 0, 0x65, 0x58, 0, 0, network, 0] + frame, port: 6081)
    }

    private func gre(_ key: UInt8, _ frame: [UInt8]) -> [UInt8] {
        Build.ethernet(
            0x0800, Build.ipv4(Build.client, Build.server, 47, [0x20, 0, 0x65, 0x58, 0, 0, 0, key] + frame))
    }

    private func vlan(_ tag: UInt8, _ frame: [UInt8]) -> [UInt8] {
        Array(frame[..<12]) + [0x81, 0, 0, tag] + Array(frame[12...])
    }

    @Test func `equal addresses in two networks are two connections, their packets mixed`() {
        for wrap in [vxlan, geneve, gre] {
            var (one, two) = (Conversation(), Conversation())
            two.clientNext = 1_010
            var replay = Replay()
            // Both ask before either is answered.
            replay.see(wrap(1, one.syn()), wrap(2, two.syn()), wrap(2, two.synAck()), wrap(1, one.synAck()))
            replay.see(wrap(1, one.send("GET /one")), wrap(2, two.send("GET /two")))
            replay.see(wrap(2, two.answer("second")), wrap(1, one.answer("first")))
            replay.finish()
            #expect(replay.counters.connectionsOpened == 2 && replay.counters.duplicateBytes == 0)
            #expect(replay.seen.complaints.isEmpty)
            let texts = replay.seen.connections.map { ($0[.toServer].text, $0[.toClient].text) }
            #expect(texts.map(\.0) == ["GET /one", "GET /two"] && texts.map(\.1) == ["first", "second"])
        }
    }

    @Test func `directions in networks, or VLANs, of their own are one connection`() {
        for wrap in [vxlan, geneve, gre, vlan] {
            var talk = Conversation()
            var replay = Replay()
            replay.see(
                wrap(1, talk.syn()), wrap(2, talk.synAck()), wrap(1, talk.send("GET /")), wrap(2, talk.answer("yes")))
            replay.finish()
            #expect(replay.counters.connectionsOpened == 1)
            #expect(replay.seen.connections.map { $0[.toClient].text } == ["yes"])
        }
    }

    @Test func `what is seen within a tunnel and outside, or in two VLANs, is seen twice and is one`() {
        let wraps: [([UInt8]) -> [UInt8]] = [{ vxlan(1, $0) }, { geneve(9, $0) }, { vlan(7, $0) }]
        for wrap in wraps {
            for isInnerFirst in [true, false] {
                var talk = Conversation()
                var replay = Replay()
                let frames = talk.handshake() + [talk.send("GET /"), talk.answer("yes")]
                for frame in frames { isInnerFirst ? replay.see(wrap(frame), frame) : replay.see(frame, wrap(frame)) }
                replay.finish()
                #expect(replay.counters.connectionsOpened == 1 && replay.counters.duplicateBytes == 8)
                #expect(replay.seen.connections.map { $0[.toServer].text } == ["GET /"])
            }
        }
    }

    @Test func `fragments of two networks are not put together`() {
        var (one, two) = (Conversation(), Conversation())
        var replay = Replay()
        replay.see((one.handshake()).map { vxlan(1, $0) })
        replay.see((two.handshake()).map { vxlan(2, $0) })
        func fragments(_ frame: [UInt8]) -> ([UInt8], [UInt8]) {
            // Behind Ethernet's 14 bytes and IP's 20, the first 24 bytes and the rest.
            let segment = Array(frame[34...])
            func piece(_ bytes: ArraySlice<UInt8>, _ field: UInt16) -> [UInt8] {
                Build.ethernet(
                    0x0800,
                    Build.ipv4(Build.client, Build.server, 6, Array(bytes), identification: 9, fragmentation: field))
            }
            return (piece(segment[..<24], 0x2000), piece(segment[24...], 3))
        }
        let (oneStart, oneEnd) = fragments(one.send("GET /one"))
        let (twoStart, twoEnd) = fragments(two.send("GET /two"))
        replay.see(vxlan(1, oneStart), vxlan(2, twoStart), vxlan(1, oneEnd), vxlan(2, twoEnd))
        replay.finish()
        #expect(replay.seen.connections.map { $0[.toServer].text } == ["GET /one", "GET /two"])
    }
}
