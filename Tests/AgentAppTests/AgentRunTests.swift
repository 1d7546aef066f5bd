import BatchFormat
import CallModel
import Logging
import NIOCore
import NIOPosix
import Runtime
import Synchronization
import Testing
import Transport

@testable import AgentApp

/// A whole agent in this process, with an aggregator that takes every batch and remembers it.
@Suite(.serialized) struct AgentRunTests {
    private final class StandIn: RequestHandler {
        let batches = Mutex<[[UInt8]]>([])
        let tokens = Mutex<[String?]>([])

        func admit(_ head: RequestHead) -> Admission { .collect(byteCountMax: 16 << 20) }

        func handle(_ request: Request, _ responder: Responder) {
            if request.head.path == "/v1/batches" {
                batches.withLock { $0.append(Array(buffer: request.body)) }
                tokens.withLock { $0.append(request.head.headers[first: "authorization"]) }
            }
            responder.respond(Response(status: 200, headers: [:], body: ByteBuffer()))
        }

        func calls() throws -> [APICall] { try batches.withLock { $0 }.flatMap { try BatchReader($0).calls() } }

        func waitForCalls(_ count: Int) async throws -> [APICall] {
            for _ in 0..<4_800 where try calls().count < count { try await Task.sleep(for: .milliseconds(25)) }
            return try calls()
        }
    }

    private func settings(_ yaml: String) throws -> AgentSettings {
        let document = SettingsDocument(yaml: yaml, file: "agent.yaml")
        let settings = AgentSettings(document.root, ownHostName: "app-1")
        try #require(document.problems().isEmpty, "\(document.problems().map { $0.rendered() })")
        return settings
    }

    private func serve(_ standIn: StandIn) async throws -> (server: HTTPServer, port: Int) {
        let server = HTTPServer(
            configuration: ServerConfiguration(address: "127.0.0.1", port: 0), handler: standIn,
            group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
        return (server, try await server.start().port)
    }

    private func post(
        _ address: ListenAddress, _ path: String, _ body: String, _ group: MultiThreadedEventLoopGroup,
        _ headers: [String: String] = [:]
    ) async throws -> Int {
        let client = HTTPClient(endpoint: Endpoint(isTLS: false, host: address.host, port: address.port), group: group)
        var request = ClientRequest(
            method: "POST", path: path, headers: ["content-type": "application/json"], body: ByteBuffer(string: body))
        for (name, value) in headers { request.headers.add(name, value) }
        let response = try await client.send(request)
        await client.shutdown()
        return response.status
    }

    @Test func `what left the host is recorded as it was sent, without a secret or a call of nobody's`() async throws {
        let directory = try temporaryDirectory()
        defer { removeDirectory(directory) }
        let group = MultiThreadedEventLoopGroup.singleton
        let logger = Logger(label: "test")
        let standIn = StandIn()
        let server = HTTPServer(
            configuration: ServerConfiguration(address: "127.0.0.1", port: 0), handler: standIn, group: group,
            logger: logger)
        let aggregator = try await server.start()
        let yaml = """
            state_directory: \(directory)
            receive: {listen: "127.0.0.1:0"}
            health: {listen: "127.0.0.1:0"}
            forward:
              endpoints: ["http://127.0.0.1:\(aggregator.port)"]
              batch: {age_max: 250ms}
            customer:
              - header: x-tenant
            """
        let document = SettingsDocument(yaml: yaml, file: "agent.yaml")
        let settings = AgentSettings(document.root, ownHostName: "app-1")
        #expect(document.problems().isEmpty, "\(document.problems().map { $0.rendered() })")
        let agent = try await Agent.start(settings, logger: logger)
        let canary = "sk_live_9f8e7d6c5b4a39281706"
        let moesif =
            #"[{"request":{"time":"2026-11-24T05:00:00","uri":"https://api.stripe.com/v1/charges?key=\#(canary)","verb":"POST","#
            + #""headers":{"Authorization":"Bearer \#(canary)","X-Tenant":"acme"},"body":{"note":"\#(canary)"}},"#
            + #""response":{"time":"2026-11-24T05:00:01","status":200,"headers":{}},"direction":"Outgoing"},"#
            + #"{"request":{"time":"2026-11-24T05:00:00","uri":"https://us.example/\#(canary)","verb":"GET"},"direction":"Incoming"}]"#
        #expect(try await post(agent.receiveAddress, "/v1/events/batch", moesif, group) == 201)
        _ = try await standIn.waitForCalls(1)
        await agent.stop()
        await server.shutdown(grace: .seconds(1))

        let sent = standIn.batches.withLock { $0 }
        #expect(sent.count == 1)
        let calls = try BatchReader(sent[0]).calls()
        #expect(calls.map(\.partner) == ["stripe"])
        #expect(calls.first?.customer == "acme" && calls.first?.source == .moesif)
        let entries = try SentLog.entries(in: settings.sentDirectory)
        #expect(entries.count == 1)
        let recorded = try Files.read(settings.sentDirectory + "/" + entries[0].name, byteCountMax: 1 << 20)
        #expect(recorded == sent[0])
        #expect(!"\(calls)".contains(canary))
    }

    @Test func `settings read again are in force at once, but for those that need another start`() async throws {
        let directory = try temporaryDirectory()
        defer { removeDirectory(directory) }
        let group = MultiThreadedEventLoopGroup.singleton
        let (former, latter) = (StandIn(), StandIn())
        let (formerServer, formerPort) = try await serve(former)
        let (latterServer, latterPort) = try await serve(latter)
        func yaml(_ port: Int, _ rest: String) -> String {
            """
            state_directory: \(directory)
            receive: {listen: "127.0.0.1:0", tokens: {shop: "sixteen-bytes-or-more"}}
            health: {listen: "127.0.0.1:0"}
            forward: {endpoints: ["http://127.0.0.1:\(port)"], token: "token-of-\(port)", batch: {age_max: 250ms}}
            \(rest)
            """
        }
        let agent = try await Agent.start(settings(yaml(formerPort, "")), logger: Logger(label: "test"))
        let call =
            #"{"time":"2026-11-24T05:00:00Z","request":{"method":"POST","url":"https://api.north.example/accounts/7","#
            + #""headers":{"x-tenant":"acme","content-type":"application/json"},"body":{"word":"plain"}},"response":{"status":200}}"#
        let old = ["authorization": "Bearer sixteen-bytes-or-more"]
        #expect(try await post(agent.receiveAddress, "/v1/calls", call, group, old) == 202)
        let before = try await former.waitForCalls(1)
        #expect(before.map(\.partner) == ["north.example"] && before.map(\.customer) == [nil])
        #expect(former.tokens.withLock { $0 } == ["Bearer token-of-\(formerPort)"])

        let rest = """
            partners: {north: {hosts: ["api.north.example"]}}
            redaction: {partners: {north: {mode: full, approved_by: a test, until: 2099-01-01}}}
            customer: [{header: x-tenant}]
            spool: {max_bytes: 8MiB}
            """
        let changed = yaml(latterPort, rest).replacingTokens("another-sixteen-bytes")
        #expect(await agent.use(try settings(changed)) == [])
        #expect(try await post(agent.receiveAddress, "/v1/calls", call, group, old) == 401)
        let new = ["authorization": "Bearer another-sixteen-bytes"]
        #expect(try await post(agent.receiveAddress, "/v1/calls", call, group, new) == 202)
        let after = try await latter.waitForCalls(1)
        #expect(after.map(\.partner) == ["north"] && after.map(\.customer) == ["acme"])
        #expect(before.map(\.request.body?.form) == [.shape] && after.map(\.request.body?.form) == [.full])
        #expect(latter.tokens.withLock { $0 } == ["Bearer token-of-\(latterPort)"])
        #expect(try former.calls().count == 1, "each where it was to go, once")

        let moved = yaml(latterPort, rest + "\nhost: {name: app-2, region: north}\ncapture: {ports: [443]}")
        #expect(await agent.use(try settings(moved)) == ["host.name", "capture"])
        #expect(agent.live.current.region == "north" && agent.live.current.hostName == "app-1")
        await agent.stop()
        await formerServer.shutdown(grace: .seconds(1))
        await latterServer.shutdown(grace: .seconds(1))
    }
}

extension String {
    fileprivate func replacingTokens(_ token: String) -> String {
        split(separator: "sixteen-bytes-or-more", omittingEmptySubsequences: false).joined(separator: token)
    }
}
