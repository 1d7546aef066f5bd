import ArgumentParser
import Documents
import Glibc
import Runtime

struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Stored calls, newest first.",
        discussion: "With --json, one call a line in the native form.")

    @OptionGroup var server: ServerOptions
    @OptionGroup var filter: CallFilterOptions
    @Option(name: .long, help: "From this time on: RFC 3339, or a span before now such as 15m.") var since = "1h"
    @Option(name: .long, help: "Before this time.") var until: String?
    @Option(name: .long, help: "The call of this id.") var id: String?
    @Option(name: .long, help: "How many at most.") var limit = 100

    func validate() throws {
        guard limit > 0 else { throw ValidationError("limit must be at least 1") }
    }

    func run() async throws {
        var table = CallTable()
        var cursor: String?
        var remaining = limit
        var scanned = 0
        repeat {
            let body = try await server.fetch(page(cursor, min(remaining, 1_000)))
            do {
                cursor = try JSONParser().parse(body) { page in
                    scanned += Int(page.member("scanned")?.int64 ?? 0)
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
            showProgress(scanned, limit - remaining, isLast: cursor == nil || remaining <= 0)
        } while cursor != nil && remaining > 0
        guard !server.json else { return }
        for line in table.lines(server.style) { print(line) }
    }

    /// On a terminal, and only where it takes long: on one line that goes again.
    private func showProgress(_ scanned: Int, _ found: Int, isLast: Bool) {
        guard filter.looksInside, ThisProcess.errorOutputIsTerminal else { return }
        let text = isLast ? "\r\u{1B}[K" : "\r\u{1B}[Klooked into \(scanned) calls, \(found) found …"
        ProgressLine.write(text)
    }

    private func page(_ cursor: String?, _ limit: Int) -> String {
        path(
            "/api/v1/calls",
            [("since", id == nil ? since : nil), ("until", until), ("id", id)] + filter.parameters
                + [("limit", String(limit)), ("cursor", cursor)])
    }
}
