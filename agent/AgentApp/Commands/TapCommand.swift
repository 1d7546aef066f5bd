import ArgumentParser
import Glibc
import NIOCore
import Runtime
import Transport

struct TapCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tap", abstract: "Shows calls as they pass, redacted, one JSON object a line.",
        discussion: """
            Of many calls a sample is shown: looking never slows the agent. It needs the right to read the agent's state
            directory.
            """)

    @OptionGroup var options: SettingsOptions
    @Option(name: .long, help: "Only calls of this partner.")
    var partner: String?
    @Option(name: .long, help: "Stop after so many calls.")
    var limit: Int?
    @Option(name: .long, help: "Stop after so many seconds.")
    var duration: Int?

    func validate() throws {
        guard limit ?? 1 > 0, duration ?? 1 > 0 else { throw ValidationError("limit and duration are at least 1") }
    }

    func run() async throws {
        let settings = try options.load()
        let token: String
        do {
            token = try LocalToken.read(in: settings.stateDirectory)
        } catch {
            printError("farwatch-agent: \(error); run it as the agent's own user, or as root")
            throw ExitCode.failure
        }
        let agent = LocalAgent(settings)
        do throws(TransportError) {
            try await follow(agent, token)
        } catch {
            await agent.close()
            printError("farwatch-agent: none answers at \(settings.healthAddress): \(error.cause)")
            throw ExitCode.failure
        }
        await agent.close()
    }

    private func follow(_ agent: LocalAgent, _ token: String) async throws(TransportError) {
        let began = MonotonicClock.now()
        var after: UInt64 = 0
        var shown = 0
        while true {
            let response = try await agent.get("/tap?after=\(after)", token: token)
            guard response.status == 200 else {
                return printError("farwatch-agent: the agent answers \(response.status); was it started again?")
            }
            after = response.headers[first: "farwatch-next"].flatMap { UInt64($0) } ?? after
            for line in Array(buffer: response.body).split(separator: UInt8(ascii: "\n")) {
                let text = String(decoding: line, as: UTF8.self)
                if let partner, !text.contains("\"partner\":\"\(partner)\"") { continue }
                print(text)
                shown += 1
                if let limit, shown >= limit { return }
            }
            fflush(nil)  // All streams: whoever reads the pipe wants each call now.
            if let duration, MonotonicClock.now() - began >= Int64(duration) * 1_000_000_000 { return }
            // Cancelled: the process is about to end.
            guard (try? await Task.sleep(for: .milliseconds(500))) != nil else { return }
        }
    }
}
