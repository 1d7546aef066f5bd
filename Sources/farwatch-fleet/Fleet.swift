import ArgumentParser
import BatchFormat
import CallModel
import NIOCore
import NIOPosix
import Runtime
import SimulationKit
import Transport

/// Plays many agents at once against one aggregator, each over a connection of its own and the client code of the real ones.
///
/// Every agent sends one batch a period, evenly spread over it, and waits for its answer; it keeps no spool and does not send
/// again. What a batch holds is made once an agent, so that little time goes into making it. Not installed: for measuring only
/// (`deploy/benchmark fleet`).
@main
struct Fleet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "farwatch-fleet")

    @Option(help: "The aggregator, as http://HOST:PORT.") var endpoint: String
    @Option(help: "A token with the scope `ingest`.") var token: String
    @Option(help: "Agents connected at once.") var agents = 10_000
    @Option(help: "Calls in each batch.") var calls = 4
    @Option(help: "Seconds between two batches of an agent.") var period = 2
    @Option(help: "Batches each agent sends; 0 connects all with a heartbeat and then waits.") var batches = 15
    @Option(help: "Seconds to stay connected after the last one.") var linger = 0

    func run() async throws {
        guard let endpoint = Endpoint(url: endpoint) else { throw ValidationError("not an address: \(endpoint)") }
        ThisProcess.raiseOpenFileLimit()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let began = MonotonicClock.now()
        let score = await withTaskGroup(of: Score.self) { tasks in
            for number in 0..<agents {
                let agent = FleetAgent(number, of: self, HTTPClient(endpoint: endpoint, group: group))
                tasks.addTask { await agent.run(from: began) }
            }
            return await tasks.reduce(into: Score()) { $0.add($1) }
        }
        print(score.json(agents: agents, seconds: Double(MonotonicClock.now() - began) / 1e9))
        try await group.shutdownGracefully()
    }
}

/// One of them.
struct FleetAgent: Sendable {
    private let fleet: Fleet
    private let client: HTTPClient
    private let batch: ByteBuffer
    private let headers: Headers
    /// Where in the period it sends, so that the agents do not come as one.
    private let offsetNs: Int64

    init(_ number: Int, of fleet: Fleet, _ client: HTTPClient) {
        self.fleet = fleet
        self.client = client
        var made = GeneratedCalls(hostNumber: number, seed: UInt64(number) + 1)
        var builder = BatchBuilder(catalogueVersion: "1")
        let now = Instant(nanosecondsSinceEpoch: WallClock.now())
        for _ in 0..<fleet.calls { builder.append(made.next(at: now)) }
        batch = ByteBuffer(bytes: builder.sealed())
        var random = SystemRandomNumberGenerator()
        var headers = Headers()
        headers.add("authorization", "Bearer " + fleet.token)
        headers.add("farwatch-agent", "fleet-\(number)")
        headers.add("farwatch-spool", SpoolID(using: &random).hex)
        self.headers = headers
        offsetNs = Int64(fleet.period) * 1_000_000_000 * Int64(number) / Int64(max(1, fleet.agents))
    }

    func run(from began: Int64) async -> Score {
        var score = Score()
        let start = began + offsetNs
        if fleet.batches == 0 { await send(path: "/v1/heartbeat", sequence: 1, ByteBuffer(string: "{}"), &score) }
        for sequence in 1...max(1, fleet.batches) where fleet.batches > 0 {
            await sleep(until: start + Int64(sequence - 1) * Int64(fleet.period) * 1_000_000_000)
            await send(path: "/v1/batches", sequence: sequence, batch, &score)
        }
        await sleep(until: MonotonicClock.now() + Int64(fleet.linger) * 1_000_000_000)
        await client.shutdown()
        return score
    }

    private func send(path: String, sequence: Int, _ body: ByteBuffer, _ score: inout Score) async {
        var headers = headers
        headers.add("farwatch-sequence", String(sequence))
        headers.add("farwatch-sent", String(WallClock.now() / 1_000_000))
        let began = MonotonicClock.now()
        do {
            let answer = try await client.send(
                ClientRequest(method: "POST", path: path, headers: headers, body: body))
            if (200...299).contains(answer.status) {
                score.latenciesNs.append(MonotonicClock.now() - began)
            } else {
                score.refused += 1
            }
        } catch {
            score.failed += 1
        }
    }

    private func sleep(until deadline: Int64) async {
        let left = deadline - MonotonicClock.now()
        if left > 0 { try? await Task.sleep(for: .nanoseconds(left)) }
    }
}

/// What became of the requests.
struct Score: Sendable {
    var latenciesNs: [Int64] = []
    /// Answered with anything but a success.
    var refused = 0
    /// Not answered.
    var failed = 0

    mutating func add(_ other: Score) {
        latenciesNs += other.latenciesNs
        refused += other.refused
        failed += other.failed
    }

    func json(agents: Int, seconds: Double) -> String {
        let sorted = latenciesNs.sorted()
        func milliseconds(_ share: Double) -> Double {
            sorted.isEmpty ? 0 : Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] / 10_000) / 100
        }
        return """
            {"agents": \(agents), "answered": \(sorted.count), "refused": \(refused), "failed": \(failed), \
            "p50_ms": \(milliseconds(0.5)), "p99_ms": \(milliseconds(0.99)), "seconds": \(Int(seconds))}
            """
    }
}
