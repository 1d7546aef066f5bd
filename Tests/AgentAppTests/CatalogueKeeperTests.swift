import CatalogueSettings
import Forwarder
import Logging
import NIOCore
import NIOPosix
import PartnerCatalog
import Runtime
import Synchronization
import Testing
import Transport

@testable import AgentApp

/// What an agent does with whatever an aggregator answers when it is asked for its catalogue; over real HTTP, through the forwarder.
@Suite(.serialized) struct CatalogueKeeperTests {
    private final class StandIn: RequestHandler {
        private let answer = Mutex(Response(status: 404, headers: [:], body: ByteBuffer()))
        let tagsAsked = Mutex<[String?]>([])

        func admit(_ head: RequestHead) -> Admission { .collect(byteCountMax: 1 << 20) }

        func handle(_ request: Request, _ responder: Responder) {
            if request.head.path == "/v1/catalogue" {
                tagsAsked.withLock { $0.append(request.head.headers[first: "if-none-match"]) }
            }
            responder.respond(answer.withLock { $0 })
        }

        func answers(_ status: Int, _ body: [UInt8] = [], tag: String? = nil) {
            var headers: Headers = ["content-type": "application/json"]
            if let tag { headers.add("etag", tag) }
            answer.withLock { $0 = Response(status: status, headers: headers, body: ByteBuffer(bytes: body)) }
        }
    }

    private final class InUse: Sendable {
        let documents = Mutex<[PublishedCatalogue]>([])
    }

    private struct World {
        let standIn: StandIn
        let keeper: CatalogueKeeper
        let used: InUse
        let settings: AgentSettings
        let server: HTTPServer
    }

    /// A keeper that has the catalogue of one partner, `first`, from an aggregator that is asked by a real forwarder.
    private func withWorld(_ body: (World) async throws -> Void) async throws {
        let directory = try temporaryDirectory()
        defer { removeDirectory(directory) }
        let (group, logger, standIn) = (MultiThreadedEventLoopGroup.singleton, Logger(label: "test"), StandIn())
        let server = HTTPServer(
            configuration: ServerConfiguration(address: "127.0.0.1", port: 0), handler: standIn, group: group,
            logger: logger)
        let bound = try await server.start()
        var way = ForwarderConfiguration(endpoints: [Endpoint(isTLS: false, host: "127.0.0.1", port: bound.port)])
        way.heartbeatInterval = .seconds(120)  // So long an answer is waited for; nothing here is to fail by it.
        let forwarder = Forwarder(
            way,
            source: ForwarderSource(
                pending: { _, _ in [] }, read: { _ in .damaged }, acknowledge: { _ in }, setAside: { _ in },
                floor: { 1 }, spoolID: { nil }), agentID: "a", token: nil, heartbeat: nil,
            metrics: ForwarderMetrics(registry: MetricsRegistry()), group: group, logger: logger)
        let forwarding = Task { await forwarder.run() }
        let document = SettingsDocument(yaml: "state_directory: \(directory)\n", file: "agent.yaml")
        let settings = AgentSettings(document.root, ownHostName: "a")
        let used = InUse()
        let keeper = CatalogueKeeper(
            settings, nil, metrics: MetricsRegistry(), logger: logger,
            fetch: { try await forwarder.fetch(path: "/v1/catalogue", entityTag: $0) },
            use: { document in used.documents.withLock { $0.append(document) } })
        let world = World(standIn: standIn, keeper: keeper, used: used, settings: settings, server: server)
        do {
            let first = try catalogue("first")
            standIn.answers(200, first.json, tag: first.entityTag)
            #expect(await keeper.turn() == .new)
            try await body(world)
        } catch {
            await server.shutdown(grace: .zero)
            throw error
        }
        forwarding.cancel()
        await forwarding.value
        await server.shutdown(grace: .zero)
    }

    private func catalogue(_ id: String) throws -> PublishedCatalogue {
        try PublishedCatalogue([
            PartnerDefinition(id: id, name: "", hosts: [try #require(HostPattern("api.\(id).example"))])
        ])
    }

    /// What is used and what is kept on disk are the first catalogue still.
    private func expectFirst(_ world: World, _ comment: Comment) throws {
        #expect(world.used.documents.withLock { $0.map { $0.partners.map(\.id) } } == [["first"]], comment)
        let kept = try #require(KeptCatalogue.load(world.settings, Logger(label: "test")))
        #expect(kept.partners.map(\.id) == ["first"], comment)
    }

    @Test func `whatever is no whole document changes nothing`() async throws {
        try await withWorld { world in
            let next = try catalogue("next")
            let text = String(decoding: next.json, as: UTF8.self)
            let cases: [(String, Int, [UInt8], CatalogueKeeper.Outcome)] = [
                ("none is published any more", 404, [], .absent), ("a fault", 500, next.json, .failed),
                ("a redirect", 302, next.json, .failed), ("a token that is refused", 401, [], .failed),
                ("empty", 200, [], .refused), ("cut off", 200, Array(next.json.dropLast(3)), .refused),
                ("HTML", 200, Array("<html>login</html>".utf8), .refused),
                ("an older format", 200, Array(text.replacing("\"format\": 1", with: "\"format\": 0").utf8), .refused),
                ("a later format", 200, Array(text.replacing("\"format\": 1", with: "\"format\": 2").utf8), .refused),
                ("a key that is not known", 200, Array(text.replacing("\"hosts\"", with: "\"mode\"").utf8), .refused),
                ("more than a mebibyte", 200, next.json + Array(repeating: 0x20, count: 1 << 20), .refused),
                ("more than the client takes", 200, Array(repeating: 0x20, count: 3 << 20), .failed),
            ]
            for (name, status, body, outcome) in cases {
                world.standIn.answers(status, body, tag: next.entityTag)
                #expect(await world.keeper.turn() == outcome, "\(name)")
                try expectFirst(world, "\(name)")
            }
            // And a whole one is used again.
            world.standIn.answers(200, next.json, tag: next.entityTag)
            #expect(await world.keeper.turn() == .new)
            #expect(world.used.documents.withLock { $0.last?.partners.map(\.id) } == ["next"])
        }
    }

    @Test func `an entity tag that is wrong is not believed`() async throws {
        try await withWorld { world in
            let (first, next) = (try catalogue("first"), try catalogue("next"))
            // The same document under another tag is no news.
            world.standIn.answers(200, first.json, tag: "\"0000000000000000\"")
            #expect(await world.keeper.turn() == .unchanged)
            try expectFirst(world, "the same under another tag")
            // A new one under the old tag is, and the next question carries what the document itself says.
            world.standIn.answers(200, next.json, tag: first.entityTag)
            #expect(await world.keeper.turn() == .new)
            world.standIn.answers(304)
            #expect(await world.keeper.turn() == .unchanged)
            let asked = world.standIn.tagsAsked.withLock { $0 }
            #expect(asked == [nil, first.entityTag, first.entityTag, next.entityTag])
        }
    }

    @Test func `an aggregator that went back publishes what it had before, and that is used`() async throws {
        try await withWorld { world in
            let (first, next) = (try catalogue("first"), try catalogue("next"))
            world.standIn.answers(200, next.json, tag: next.entityTag)
            #expect(await world.keeper.turn() == .new)
            world.standIn.answers(200, first.json, tag: first.entityTag)
            #expect(await world.keeper.turn() == .new)
            #expect(world.used.documents.withLock { $0.map { $0.partners[0].id } } == ["first", "next", "first"])
        }
    }

    @Test func `without an aggregator what is kept serves`() async throws {
        try await withWorld { world in
            await world.server.shutdown(grace: .zero)
            #expect(await world.keeper.turn() == .failed)
            try expectFirst(world, "nobody answers")
        }
    }

    @Test func `what was kept and then damaged is fetched again`() async throws {
        try await withWorld { world in
            let path = KeptCatalogue.path(world.settings)
            let whole = try Files.read(path, byteCountMax: 1 << 20)
            for damaged in [[], Array(whole.dropLast(5)), whole + whole, Array(repeating: 0xff, count: 100)] {
                try Files.writeAtomically(damaged, to: path)
                #expect(KeptCatalogue.load(world.settings, Logger(label: "test")) == nil)
            }
        }
    }
}
