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

        func admit(_ head: RequestHead) -> Admission { .collect(byteCountMax: 16 << 20) }

        func handle(_ request: Request, _ responder: Responder) {
            if request.head.path == "/v1/batches" { batches.withLock { $0.append(Array(buffer: request.body)) } }
            responder.respond(Response(status: 200, headers: [:], body: ByteBuffer()))
        }
    }

    private func post(_ address: ListenAddress, _ path: String, _ body: String, _ group: MultiThreadedEventLoopGroup)
        async throws -> Int
    {
        let client = HTTPClient(endpoint: Endpoint(isTLS: false, host: address.host, port: address.port), group: group)
        let response = try await client.send(
            ClientRequest(
                method: "POST", path: path, headers: ["content-type": "application/json"],
                body: ByteBuffer(string: body)))
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
        for _ in 0..<400 where standIn.batches.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(25)) }
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
}
