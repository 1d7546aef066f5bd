import CallModel
import Packets
import Testing

/// Attempts to connect that fail, and connections that end badly.
struct FailureTests {
    @Test func `a reset in answer to a SYN is a refusal`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.syn(), talk.serverReset())
        #expect(replay.seen.connections.map(\.reason) == [.refused])
    }

    @Test func `a refusal that the client did not believe is followed by what goes on`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(
            talk.syn(), talk.serverReset(), talk.synAck(), talk.clientAck(), talk.send("ask"), talk.answer("reply"))
        #expect(replay.seen.connections.map(\.reason) == [.refused, nil])
        #expect(replay.seen.connections.map(\.toServer.text) == ["", "ask"])
        #expect(replay.seen.connections.map(\.toClient.text) == ["", "reply"])
    }

    @Test func `an end that goes on behind its own reset has not sent it`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        replay.see(talk.clientReset(), talk.send("ask"), talk.answer("reply"))
        #expect(replay.seen.connections.map(\.reason) == [.reset(by: .toServer), nil])
        #expect(replay.seen.connections.map(\.toServer.text) == ["", "ask"])
        #expect(replay.seen.connections.map(\.toClient.text) == ["", "reply"])
    }

    @Test func `what was under way as the other end reset belongs to nobody`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        replay.see(talk.clientReset(), talk.answer("late"))
        #expect(replay.seen.connections.map(\.reason) == [.reset(by: .toServer)])
    }

    @Test func `a reset that answers another SYN is none`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.syn())
        var other = Conversation(clientNext: 5)
        _ = other.syn()
        replay.see(other.serverReset())
        #expect(replay.seen.connections.map(\.reason) == [nil])
    }

    @Test func `no answer to a SYN is a timeout, and its retransmissions are the same attempt`() {
        var (replay, talk) = (Replay(), Conversation())
        let syn = talk.syn()
        replay.see(syn)
        replay.wait(.seconds(1))
        replay.see(syn)
        replay.wait(.seconds(9))
        #expect(replay.seen.connections.map(\.reason) == [nil])
        replay.wait(.seconds(2))
        #expect(replay.seen.connections.map(\.reason) == [.connectTimeout])
        replay.see(syn)
        #expect(replay.seen.connections.count == 1)
    }

    @Test func `a SYN just before the capture ends is no failure, one sent three times is`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.syn())
        replay.finish()
        #expect(replay.seen.connections.map(\.reason) == [.endOfCapture])
        var (patient, other) = (Replay(), Conversation())
        let syn = other.syn()
        patient.see(syn)
        patient.wait(.seconds(1))
        patient.see(syn)
        patient.wait(.seconds(2))
        patient.see(syn)
        patient.finish()
        #expect(patient.seen.connections.map(\.reason) == [.connectTimeout])
    }

    @Test func `a client that goes on has had its answer, though nobody saw it`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.syn())
        _ = talk.synAck()
        replay.see(talk.clientAck())
        replay.wait(.seconds(30))
        #expect(replay.seen.connections.map(\.reason) == [nil])
    }

    private func unreachable(_ lost: [UInt8], code: UInt8 = 1) -> [UInt8] {
        let router = SocketEndpoint(ipv4: 0x0a00_00fe, port: 0)
        // The router returns the IP header and eight bytes.
        let body: [UInt8] = [3, code, 0, 0, 0, 0, 0, 0] + lost.dropFirst(14).prefix(28)
        return Build.ethernet(0x0800, Build.ipv4(router, Build.client, 1, body))
    }

    @Test func `ICMP unreachable ends an attempt`() {
        for code: UInt8 in [0, 1, 3, 10, 13] {
            var (replay, talk) = (Replay(), Conversation())
            let syn = talk.syn()
            replay.see(syn, unreachable(syn, code: code))
            #expect(replay.seen.connections.map(\.reason) == [.unreachable], "code \(code)")
        }
    }

    @Test func `ICMP that asks for smaller packets, or concerns an open connection, ends nothing`() {
        var (replay, talk) = (Replay(), Conversation())
        let syn = talk.syn()
        replay.see(syn, unreachable(syn, code: 4))
        replay.see(talk.synAck(), unreachable(syn))
        var other = Conversation(clientNext: 77)
        replay.see(unreachable(other.syn()))
        #expect(replay.seen.connections.map(\.reason) == [nil])
    }

    @Test func `ICMPv6 unreachable ends an attempt`() {
        let client = SocketEndpoint(high: 1 << 60, low: 9, port: 50_000)
        let server = SocketEndpoint(high: 1 << 60, low: 3, port: 443)
        var (replay, talk) = (Replay(), Conversation(client: client, server: server))
        let syn = talk.syn()
        let body: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0] + syn.dropFirst(14)
        replay.see(syn, Build.ethernet(0x86dd, Build.ipv6(server, client, 58, body)))
        #expect(replay.seen.connections.map(\.reason) == [.unreachable])
    }

    @Test func `a reset tells who reset`() {
        for isClient in [true, false] {
            var (replay, talk) = (Replay(), Conversation())
            replay.see(talk.handshake())
            replay.see(talk.send("ask"))
            replay.see(isClient ? talk.clientReset() : talk.serverReset())
            #expect(replay.seen.connections.map(\.reason) == [.reset(by: isClient ? .toServer : .toClient)])
        }
    }

    @Test func `a reset far from the connection's numbers is a stray`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        replay.see(Conversation(clientNext: 3_000_000_000).clientReset())
        #expect(replay.seen.connections.map(\.reason) == [nil])
        #expect(replay.counters.straySegments == 1)
    }

    @Test func `what is open when the capture ends says so`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        replay.see(talk.send("ask"))
        replay.finish()
        #expect(replay.seen.connections.map(\.reason) == [.endOfCapture])
        #expect(replay.counters.connectionsOpened == 1 && replay.counters.connectionsClosed == 1)
    }
}
