import CallModel
import Glibc
import Logging
import NIOCore
import NIOPosix
import Runtime
import Transport

/// The token by which the agent's own commands prove that they may read its files: whoever can read it could read the spool.
enum LocalToken {
    private static func path(_ stateDirectory: String) -> String { stateDirectory + "/local.token" }

    /// Makes a new one at each start, readable by the agent's user alone. Where the disk refuses, the agent runs all the same.
    static func make(in stateDirectory: String, _ logger: Logger) -> String {
        let token = (0..<4).map { _ in hexText(UInt64.random(in: .min ... .max)) }.joined()
        do {
            try Files.writeAtomically(Array((token + "\n").utf8), to: path(stateDirectory), mode: 0o600)
        } catch {
            logger.warning(
                "`farwatch-agent tap` will be refused until the next start: its token cannot be written",
                metadata: ["reason": "\(error)"])
        }
        return token
    }

    static func read(in stateDirectory: String) throws -> String {
        let bytes = try Files.read(path(stateDirectory), byteCountMax: 256)
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}

/// The running agent on this host, as its commands ask it.
struct LocalAgent {
    private let client: HTTPClient
    private let group: MultiThreadedEventLoopGroup
    private let address: ListenAddress

    init(_ settings: AgentSettings) {
        address = settings.healthAddress
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        client = HTTPClient(endpoint: Endpoint(url: "http://\(settings.healthAddress)")!, group: group)
    }

    func get(_ path: String, token: String? = nil) async throws(TransportError) -> ClientResponse {
        var headers = Headers()
        if let token { headers.add("authorization", "Bearer " + token) }
        return try await client.send(
            ClientRequest(method: "GET", path: path, headers: headers, timeout: .seconds(5)))
    }

    func close() async {
        await client.shutdown()
        try? await group.shutdownGracefully()  // The process ends next.
    }
}

extension AgentSettings {
    var sentDirectory: String { stateDirectory + "/sent" }
    var spoolDirectory: String { stateDirectory + "/spool" }
}
