import CallModel
import Packets
import Testing

struct HandshakeTests {
    @Test func `a connection in order opens, hands out both directions, and finishes`() {
        var replay = Replay()
        var talk = Conversation()
        replay.see(talk.handshake())
        replay.see(talk.send("ask"), talk.answer("reply"), talk.clientFin(), talk.serverFin(), talk.clientAck())
        #expect(replay.seen.connections.count == 1)
        let connection = replay.seen.connections[0]
        #expect(connection.origin.client == Build.client && connection.origin.server == Build.server)
        #expect(connection.origin.isClientKnown)
        #expect(connection.toServer.text == "ask" && connection.toClient.text == "reply")
        #expect(connection.toServer.isEnded && connection.toClient.isEnded)
        #expect(connection.reason == .finished)
        #expect(replay.seen.complaints == [])
    }
}
