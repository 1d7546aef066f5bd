import CallModel
import Packets
import Testing

/// What was not captured is reported, where it is missing and how much of it.
struct GapTests {
    @Test func `bytes the receiver acknowledged and nobody saw are a gap after a short wait`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        _ = talk.send("lost")
        replay.see(talk.send("seen"), talk.serverAck())
        replay.wait(.seconds(1))
        #expect(replay.seen.connections[0].toServer.text == "")
        replay.wait(.seconds(2))
        #expect(replay.seen.connections[0].toServer.text == "[4]seen")
        #expect(replay.counters.gaps == 1 && replay.counters.gapBytes == 4)
    }

    @Test func `bytes the receiver has not acknowledged are waited for, as they must be sent again`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        replay.see(talk.serverAck())
        let lost = talk.send("lost")
        replay.see(talk.send("seen"))
        replay.wait(.seconds(20))
        #expect(replay.seen.connections[0].toServer.text == "")
        replay.see(lost)
        #expect(replay.seen.connections[0].toServer.text == "lostseen")
        #expect(replay.counters.gaps == 0)
    }

    @Test func `at the last instant there is, holes are looked at once and not for ever`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.now = Instant(nanosecondsSinceEpoch: .max) - .milliseconds(100)
        replay.see(talk.handshake())
        _ = talk.send("lost")
        replay.see(talk.send("seen"))
        replay.wait(.seconds(1))
        replay.finish()
        #expect(replay.seen.connections[0].toServer.text == "[4]seen")
    }

    @Test func `a hole that is never filled ends with the connection`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        _ = talk.answer("lost")
        replay.see(talk.answer("seen"), talk.clientReset())
        #expect(replay.seen.connections[0].toClient.text == "[4]seen")
        #expect(replay.seen.connections[0].reason == .reset(by: .toServer))
    }

    @Test func `a capture of one side reports the other as gaps, from its acknowledgements`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.syn())
        _ = talk.synAck()
        replay.see(talk.clientAck(), talk.send("ask"))
        _ = talk.answer("0123456789")
        replay.see(talk.clientAck())
        replay.wait(.seconds(3))
        #expect(replay.seen.connections[0].toServer.text == "ask")
        #expect(replay.seen.connections[0].toClient.text == "[10]")
        replay.see(talk.clientFin())
        replay.finish()
        #expect(replay.seen.connections[0].reason == .endOfCapture)
    }

    @Test func `a packet cut by the capture is its beginning and a gap`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        let long = talk.send("0123456789")
        replay.see(long, cutTo: long.count - 6)
        replay.see(talk.send("next"))
        #expect(replay.seen.connections[0].toServer.text == "0123[6]next")
    }

    @Test func `cut packets out of order keep their holes in place`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        let (a, b) = (talk.send("aaaa"), talk.send("bbbb"))
        replay.see(b, cutTo: b.count - 3)
        replay.see(a, cutTo: a.count - 1)
        #expect(replay.seen.connections[0].toServer.text == "aaa[1]b[3]")
    }

    @Test func `a packet cut inside its headers is a gap as long as its payload`() {
        var (replay, talk) = (Replay(), Conversation())
        let syn = talk.handshake()
        replay.see(syn)
        let long = talk.send("0123456789")
        replay.see(long, cutTo: 14 + 20 + 20)
        replay.see(talk.send("next"))
        #expect(replay.seen.connections[0].toServer.text == "[10]next")
    }

    @Test func `bytes missing before a FIN are a gap, and the end is the end`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        _ = talk.answer("lost")
        replay.see(talk.serverFin(), talk.clientFin())
        replay.finish()
        #expect(replay.seen.connections[0].toClient.text == "[4]")
        #expect(replay.seen.connections[0].toClient.isEnded)
        #expect(replay.seen.connections[0].reason == .finished)
    }

    @Test func `bytes released by a gap carry the time at which they were seen`() {
        var (replay, talk) = (Replay(), Conversation())
        replay.see(talk.handshake())
        _ = talk.send("lost")
        let seenAt = replay.now
        replay.see(talk.send("seen"))
        replay.wait(.seconds(90))
        #expect(replay.seen.connections[0].chunkTimes == [seenAt])
    }
}
