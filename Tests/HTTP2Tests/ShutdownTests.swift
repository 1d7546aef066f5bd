import HTTP2
import Testing

struct ShutdownTests {
    @Test func `a server going away finishes what it saw and refuses the rest by name`() throws {
        let client = try Side(.client)
        let server = try Side(.server)
        try converse(client, server)
        let seen = try client.request("/seen")
        try converse(client, server)
        let unseen = try client.request("/unseen")
        let onItsWay = try client.output()
        server.session.goAway()
        try client.receive(try server.output())
        #expect(client.closed[unseen] == .refusedStream)
        #expect(client.closed[seen] == nil)
        #expect(throws: HTTP2Error.sessionClosing) {
            _ = try client.request("/later")
            _ = try client.output()
            if client.closed.values.filter({ $0 == .refusedStream }).count > 1 { throw HTTP2Error.sessionClosing }
        }
        try server.receive(onItsWay)
        #expect(server.heads[unseen] == nil)
        try server.respond(seen, body: [1, 2, 3])
        try converse(client, server)
        #expect(client.bodies[seen] == [1, 2, 3])
        #expect(server.session.isFinished)
    }

    @Test func `an announced shutdown still takes what is on its way`() throws {
        let client = try Side(.client)
        let server = try Side(.server)
        try converse(client, server)
        server.onEnded = { side, id in try? side.respond(id) }
        let onItsWay = try client.request("/")
        let bytes = try client.output()
        server.session.announceShutdown()
        try client.receive(try server.output())
        try server.receive(bytes)
        server.session.goAway()
        try converse(client, server)
        #expect(client.closed[onItsWay] == .noError)
        #expect(client.heads[onItsWay]?.first?.value == "200")
        #expect(server.session.isFinished)
    }

    @Test func `termination is the last word`() throws {
        let client = try Side(.client)
        let server = try Side(.server)
        _ = try client.request("/")
        try converse(client, server)
        server.session.terminate(.enhanceYourCalm)
        try client.receive(try server.output())
        #expect(client.log.contains("go away 1 \(HTTP2ErrorCode.enhanceYourCalm)"))
        #expect(server.session.isFinished)
    }

    @Test func `cancelling frees the stream on both sides`() throws {
        let client = try Side(.client)
        let server = try Side(.server)
        try converse(client, server)
        let id = try client.request("/")
        try converse(client, server)
        client.session.cancel(id, code: .cancel)
        try converse(client, server)
        #expect(server.closed[id] == .cancel)
        #expect(throws: HTTP2Error.streamClosed) { try server.respond(id) }
        #expect(client.session.openStreamCount == 0)
        #expect(server.session.abandonedStreamCount == 1)
    }

    @Test func `a request that never left is cancelled in silence`() throws {
        let client = try Side(.client)
        let server = try Side(.server) { $0.streamsMax = 1 }
        try converse(client, server)
        let first = try client.request("/")
        let second = try client.request("/")
        try converse(client, server)
        client.session.cancel(second, code: .cancel)
        try converse(client, server)
        // It still stands in the queue, to be dropped when its turn comes.
        try server.respond(first)
        try converse(client, server)
        #expect(client.closed[second] != nil)
        #expect(server.heads.count == 1)
        #expect(client.session.openStreamCount == 0)
    }
}
