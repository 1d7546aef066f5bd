import ArgumentParser
import Documents
import Runtime

struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Stored calls, newest first.",
        discussion: "With --json, one call a line in the native form.")

    @OptionGroup var server: ServerOptions
    @Option(name: .long, help: "From this time on: RFC 3339, or a span before now such as 15m.") var since = "1h"
    @Option(name: .long, help: "Before this time.") var until: String?
    @Option(name: .long) var partner: String?
    @Option(name: .long) var route: String?
    @Option(name: .long) var service: String?
    @Option(name: .long) var host: String?
    @Option(name: .long) var region: String?
    @Option(name: .long) var customer: String?
    @Option(name: .long, help: "inbound or outbound.") var direction: String?
    @Option(name: .long, help: "success, rejected, server_error, no_answer …") var outcome: String?
    @Option(name: .long, help: "Why no answer came: connect_refused, response_timeout …") var failure: String?
    @Flag(name: .long, help: "Only calls that count as failures.") var failed = false
    @Option(name: .long, help: "A status such as 404, or a class such as 5xx.") var status: String?
    @Option(name: .long) var traceID: String?
    @Option(name: .long, help: "How many at most.") var limit = 100

    func validate() throws {
        guard limit > 0 else { throw ValidationError("limit must be at least 1") }
    }

    func run() async throws {
        var table = CallTable()
        var cursor: String?
        var remaining = limit
        repeat {
            let body = try await server.fetch(path(cursor, min(remaining, 1_000)))
            do {
                cursor = try JSONParser().parse(body) { page in
                    page.member("data")?.forEachElement { call in
                        remaining -= 1
                        if server.json {
                            var bytes: [UInt8] = []
                            call.serialize(into: &bytes)
                            print(String(decoding: safeJSON(bytes), as: UTF8.self))
                        } else {
                            table.add(call)
                        }
                    }
                    return page.member("next_cursor")?.string
                }
            } catch {
                printError("farwatch: \(safeText(server.url)) does not answer as an aggregator does: \(error)")
                throw ExitCode.failure
            }
        } while cursor != nil && remaining > 0
        guard !server.json else { return }
        for line in table.lines(server.style) { print(line) }
    }

    private func path(_ cursor: String?, _ limit: Int) -> String {
        let parameters: [(String, String?)] = [
            ("since", since), ("until", until), ("partner", partner), ("route", route), ("service", service),
            ("host", host), ("region", region), ("customer", customer), ("direction", direction), ("outcome", outcome),
            ("failure", failure), ("failed", failed ? "true" : nil), ("status", status), ("trace_id", traceID),
            ("limit", String(limit)), ("cursor", cursor),
        ]
        let query = parameters.compactMap { name, value in value.map { "\(name)=\(encoded($0))" } }
        return "/api/v1/calls?" + query.joined(separator: "&")
    }
}
