import Logging
import NIOCore
import NIOPosix
import Testing
import Transport

/// Answers every request with its own body; refuses bodies over a megabyte, and the path `/refused` at once.
private struct Echo: RequestHandler {
    func admit(_ head: RequestHead) -> Admission {
        head.path == "/refused"
            ? .refuse(.problem(status: 403, title: "Forbidden", detail: "no")) : .collect(byteCountMax: 1 << 20)
    }

    func handle(_ request: Request, _ responder: Responder) {
        var headers = Headers()
        headers.add("x-path", request.head.path)
        headers.add("x-query", request.head.query ?? "")
        responder.respond(Response(status: 200, headers: headers, body: request.body))
    }
}

struct ClientServerTests {
    private func withServer(_ body: (HTTPClient, HTTPServer, Endpoint) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = HTTPServer(
            configuration: ServerConfiguration(address: "127.0.0.1", port: 0), handler: Echo(), group: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let bound = try await server.start()
        let endpoint = Endpoint(isTLS: false, host: "127.0.0.1", port: bound.port)
        let client = HTTPClient(endpoint: endpoint, group: group)
        try await body(client, server, endpoint)
        await client.shutdown()
        await server.shutdown(grace: .seconds(1))
        try await group.shutdownGracefully()
    }

    @Test(arguments: [0, 1, 70_000, 1 << 20])
    func `a body comes back as it went`(count: Int) async throws {
        try await withServer { client, _, _ in
            let body = ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            let response = try await client.send(ClientRequest(method: "POST", path: "/a?b=c", body: body))
            #expect(response.status == 200)
            #expect(response.body == body)
            #expect(response.headers[first: "x-path"] == "/a")
            #expect(response.headers[first: "x-query"] == "b=c")
        }
    }

    @Test func `a body beyond the bound is answered 413 and the connection goes on`() async throws {
        try await withServer { client, server, _ in
            let body = ByteBuffer(repeating: 1, count: 1 << 20 + 1)
            let status1 = try await client.send(ClientRequest(method: "POST", path: "/", body: body)).status
            #expect(status1 == 413)
            let status2 = try await client.send(ClientRequest(method: "GET", path: "/")).status
            #expect(status2 == 200)
            #expect(server.counters[.oversizedRequests] == 1)
        }
    }

    @Test func `a refusal needs no body`() async throws {
        try await withServer { client, _, _ in
            let body = ByteBuffer(repeating: 1, count: 300_000)
            let status3 = try await client.send(ClientRequest(method: "POST", path: "/refused", body: body)).status
            #expect(status3 == 403)
        }
    }

    @Test func `hundreds of requests share one connection`() async throws {
        try await withServer { client, server, _ in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<300 {
                    group.addTask { try await client.send(ClientRequest(method: "GET", path: "/\(index)")).status }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses == Array(repeating: 200, count: 300))
            #expect(server.counters[.connectionsAccepted] == 1)
        }
    }

    @Test func `a connection that has grown old is replaced, and no request is lost by it`() async throws {
        try await withServer { _, server, endpoint in
            var configuration = ClientConfiguration()
            configuration.connectionAgeMax = .milliseconds(20)
            let client = HTTPClient(
                endpoint: endpoint, configuration: configuration, group: MultiThreadedEventLoopGroup.singleton)
            var count = 0
            while server.counters[.connectionsAccepted] < 3, count < 10_000 {
                count += 1
                let status = try await client.send(ClientRequest(method: "GET", path: "/\(count)")).status
                #expect(status == 200)
                try await Task.sleep(for: .milliseconds(1))
            }
            #expect(server.counters[.connectionsAccepted] >= 3)
            await client.shutdown()
        }
    }

    @Test func `a server that goes away tells so, and its successor on the same port is found`() async throws {
        try await withServer { client, server, endpoint in
            let first = try await client.send(ClientRequest(method: "GET", path: "/first")).status
            await server.shutdown(grace: .seconds(60))
            let successor = HTTPServer(
                configuration: ServerConfiguration(address: endpoint.host, port: endpoint.port), handler: Echo(),
                group: MultiThreadedEventLoopGroup.singleton,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            _ = try await successor.start()
            let second = try await client.send(ClientRequest(method: "GET", path: "/second")).status
            #expect(first == 200 && second == 200)
            await successor.shutdown(grace: .seconds(1))
        }
    }

    @Test func `nobody listening is an error that says so`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let client = HTTPClient(endpoint: Endpoint(isTLS: false, host: "127.0.0.1", port: 1), group: group)
        do {
            _ = try await client.send(ClientRequest(method: "GET", path: "/"))
            Issue.record("an answer from nobody")
        } catch {
            #expect(error.kind == .connectFailed && error.isUnprocessed && error.isRetryable)
        }
        await client.shutdown()
        try await group.shutdownGracefully()
    }

    @Test func `a client connects again after its server came back`() async throws {
        try await withServer { client, server, endpoint in
            let status4 = try await client.send(ClientRequest(method: "GET", path: "/")).status
            #expect(status4 == 200)
            await server.shutdown(grace: .seconds(60))
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let second = HTTPServer(
                configuration: ServerConfiguration(address: "127.0.0.1", port: endpoint.port), handler: Echo(),
                group: group,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            _ = try await second.start()
            let status5 = try await client.send(ClientRequest(method: "GET", path: "/")).status
            #expect(status5 == 200)
            await second.shutdown(grace: .seconds(1))
            try await group.shutdownGracefully()
        }
    }

    @Test func `addresses are read as they are written`() {
        #expect(Endpoint(url: "https://a.example") == Endpoint(isTLS: true, host: "a.example", port: 443))
        #expect(Endpoint(url: "http://[::1]:7443/") == Endpoint(isTLS: false, host: "::1", port: 7_443))
        for bad in ["", "a.example", "ftp://a", "http://", "http://a/b", "http://a:99999", "http://u@a"] {
            #expect(Endpoint(url: bad) == nil, "\(bad)")
        }
        #expect(ListenAddress("[::1]:80")?.host == "::1")
        #expect(ListenAddress("::1:80") == nil)
    }
}
