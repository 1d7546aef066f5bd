import CallModel
import Packets
import Testing

/// Conversations whose segments come late, twice, overlapping, or never.
struct ReassemblyTests {
    private func connection(_ replay: Replay) throws -> Recorder.Connection {
        #expect(replay.seen.complaints == [])
        #expect(replay.seen.connections.count == 1)
        return try #require(replay.seen.connections.first)
    }

    @Test func `segments out of order are put in order`() throws {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        let (a, b, c) = (talk.send("one "), talk.send("two "), talk.send("three"))
        replay.see(c, b, a)
        #expect(try connection(replay).toServer.text == "one two three")
        #expect(replay.counters.heldSegments == 2)
    }

    @Test func `a retransmission is handed out once`() throws {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        let a = talk.send("once")
        replay.see(a, a, talk.answer("yes"), a)
        #expect(try connection(replay).toServer.text == "once")
        #expect(replay.counters.duplicateBytes == 8)
    }

    @Test func `of overlapping bytes the first copy wins, handed out or still held`() throws {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        let start = talk.clientNext
        replay.see(
            talk.clientBytes("abcd", at: start), talk.clientBytes("XXXXef", at: start),
            talk.clientBytes("ij", at: start + 8), talk.clientBytes("YhZZkl", at: start + 6),
            talk.clientBytes("gWWWWWWW", at: start + 6))
        #expect(try connection(replay).toServer.text == "abcdefYhijkl" + "WW")
    }

    @Test func `a segment that fills one hole between held ones is cut to it`() throws {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        let start = talk.clientNext
        replay.see(
            talk.clientBytes("cc", at: start + 4), talk.clientBytes("gg", at: start + 12),
            talk.clientBytes("0123456789012345", at: start))
        #expect(try connection(replay).toServer.text == "0123cc678901" + "gg" + "45")
    }

    @Test func `sequence numbers wrap`() throws {
        var replay = Replay()
        var talk = Conversation(clientNext: .max - 3, serverNext: .max)
        replay.see(talk.handshake())
        let (a, b, c) = (talk.send("abc"), talk.send("def"), talk.send("ghi"))
        replay.see(a, c, b, talk.answer("reply"), talk.clientFin(), talk.serverFin())
        #expect(try connection(replay).toServer.text == "abcdefghi")
        #expect(try connection(replay).toClient.text == "reply")
        #expect(try connection(replay).reason == .finished)
    }

    @Test func `a connection whose beginning was not seen starts at its first bytes, and says so`() throws {
        var (replay, talk) = (Replay(), Conversation())
        _ = talk.handshake()
        replay.see(talk.answer("tail"), talk.send("next"), talk.answer("reply"))
        let connection = try connection(replay)
        #expect(!connection.origin.isClientKnown)
        #expect(connection.origin.server == Build.server)
        #expect(connection.toClient.text == "tailreply" && connection.toServer.text == "next")
    }

    @Test func `a SYN-ACK alone tells the client`() throws {
        var replay = Replay()
        var talk = Conversation(client: Build.server, server: Build.client)
        _ = talk.syn()
        replay.see(talk.synAck(), talk.send("hi"))
        #expect(try connection(replay).origin.isClientKnown)
        #expect(try connection(replay).origin.server == Build.client)
        #expect(try connection(replay).toServer.text == "hi")
    }

    @Test func `a SYN that comes after its answer changes nothing`() throws {
        var (replay, talk) = (Replay(), Conversation())
        let syn = talk.syn()
        replay.see(talk.synAck(), syn, talk.clientAck(), talk.send("hi"), talk.answer("ho"), syn)
        #expect(try connection(replay).toServer.text == "hi")
        #expect(try connection(replay).toClient.text == "ho")
    }

    @Test func `keep-alives and window probes are no bytes`() throws {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        replay.see(talk.send("ask"))
        replay.see(talk.clientBytes("", at: talk.clientNext - 1), talk.clientBytes("k", at: talk.clientNext - 1))
        replay.see(talk.serverAck(), talk.answer("ok"))
        #expect(try connection(replay).toServer.text == "ask")
        #expect(try connection(replay).toServer.gaps.isEmpty)
    }

    @Test func `fast open: bytes in the SYN count once, accepted or not`() throws {
        var (replay, talk) = (Replay(), Conversation())
        let syn = talk.syn("GET")
        replay.see(syn, talk.synAck(), talk.clientBytes("GET", at: talk.clientNext - 3), talk.send(" /"))
        #expect(try connection(replay).toServer.text == "GET /")
    }

    @Test func `half close: the other direction goes on`() throws {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        replay.see(talk.send("ask"), talk.clientFin(), talk.answer("a"), talk.answer("b"))
        #expect(try connection(replay).toServer.isEnded && !connection(replay).toClient.isEnded)
        #expect(try connection(replay).reason == nil)
        replay.see(talk.serverFin())
        #expect(try connection(replay).toClient.text == "ab")
        #expect(try connection(replay).reason == .finished)
    }

    @Test func `a FIN that overtakes bytes waits for them`() throws {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        let a = talk.send("late")
        replay.see(talk.clientFin())
        #expect(try !connection(replay).toServer.isEnded)
        replay.see(a)
        #expect(try connection(replay).toServer.isEnded)
    }

    @Test func `bytes after the end are not handed out`() throws {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        replay.see(talk.send("ask"), talk.clientFin(), talk.clientBytes("more", at: talk.clientNext))
        #expect(try connection(replay).toServer.text == "ask")
    }

    @Test func `the same ports again are another connection`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        replay.see(talk.send("first"), talk.clientFin(), talk.serverFin(), talk.clientAck())
        var again = Conversation(clientNext: 900_000, serverNext: 70_000)
        replay.see(again.handshake())
        replay.see(again.send("second"))
        #expect(replay.seen.connections.map(\.toServer.text) == ["first", "second"])
        #expect(replay.seen.complaints == [])
    }

    @Test func `the same ports again, though the end was not seen`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        replay.see(talk.send("first"))
        var again = Conversation(clientNext: 900_000_000, serverNext: 70_000)
        replay.see(again.handshake())
        replay.see(again.send("second"), again.answer("reply"))
        #expect(replay.seen.connections.map(\.toServer.text) == ["first", "second"])
        #expect(replay.seen.connections.map(\.reason) == [.evicted, nil])
        #expect(replay.seen.connections.last?.toClient.text == "reply")
    }

    @Test func `a stray SYN in the midst of a connection breaks nothing`() throws {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        replay.see(talk.send("a"))
        var stray = Conversation(clientNext: 123_456_789)
        replay.see(stray.syn())
        replay.see(talk.serverAck(), talk.send("b"), talk.answer("c"))
        #expect(try connection(replay).toServer.text == "ab")
        #expect(try connection(replay).toClient.text == "c")
    }

    @Test func `late segments of a closed connection do not open it anew`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        let a = talk.send("ask")
        replay.see(a, talk.clientFin(), talk.serverFin(), a, talk.serverAck(), talk.clientReset())
        #expect(replay.seen.connections.count == 1)
        #expect(replay.counters.straySegments == 3)
    }

    @Test func `connections on the same ports of other hosts do not mix`() {
        var replay = Replay()
        var talks = (0..<2_000).map {
            Conversation(client: SocketEndpoint(ipv4: 0x0a01_0000 + UInt32($0), port: 5_000))
        }
        for index in talks.indices { replay.see(talks[index].handshake()) }
        for index in talks.indices { replay.see(talks[index].send("\(index)")) }
        #expect(replay.seen.connections.map(\.toServer.text) == talks.indices.map { "\($0)" })
    }

    @Test func `IPv6 connections are followed like IPv4 ones`() throws {
        var replay = Replay()
        var talk = Conversation(
            client: SocketEndpoint(high: 1 << 60, low: 9, port: 50_000),
            server: SocketEndpoint(high: 1 << 60, low: 3, port: 443))
        replay.see(talk.handshake())
        replay.see(talk.send("six"), talk.answer("ok"))
        #expect(try connection(replay).toServer.text == "six")
        #expect(try connection(replay).origin.client == talk.client)
    }
}
