import ArgumentParser
import Contrast
import Documents
import Glibc
import Runtime

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "What made calls fail: one call, or all of a population.",
        discussion: """
            With --calls or --counts no server is needed. Without them the aggregator is asked: for one call by its id, or for \
            the failures of a partner, route or customer since a time, or by an incident.
            """)

    @OptionGroup var server: ServerOptions
    @Argument(help: "A call's id, on the server.") var call: String?
    @Option(name: .long, help: "On the server: the failures of this partner.") var partner: String?
    @Option(name: .long, help: "On the server: the failures of this route.") var route: String?
    @Option(name: .long, help: "On the server: the failures of this customer.") var customer: String?
    @Option(name: .long, help: "On the server: the failures by this incident; its time when none is given.")
    var incident: String?
    @Option(name: .long, help: "On the server: from this time on, RFC 3339 or a span such as 15m.") var since: String?
    @Option(name: .long, help: "On the server: before this time.") var until: String?
    @Option(name: .long, help: "A file of calls in the native form, one a line.") var calls: String?
    @Flag(name: .long, help: "One line of JSON for each failed call.") var perCall = false
    @Flag(name: .long, help: "Judge each call by those before it.") var online = false
    @Option(name: .long, help: "\(BodyForm.meanings)")
    var bodies = BodyForm.full
    @Option(name: .long, help: "A CSV file: dimensions, failed and total counts.") var counts: String?
    @Option(name: .long, help: "A CSV file of the same rows on normal days.") var baseline: String?
    @Option(name: .long, help: "The column of failed counts.") var failed = "failed"
    @Option(name: .long, help: "The column of total counts.") var total = "total"

    func validate() throws {
        guard calls == nil || counts == nil else { throw ValidationError("--calls and --counts do not go together") }
        guard counts != nil || baseline == nil else { throw ValidationError("--baseline belongs to --counts") }
        guard calls != nil || !perCall && !online else {
            throw ValidationError("--per-call and --online belong to --calls")
        }
        guard !online || perCall else { throw ValidationError("--online belongs to --per-call") }
    }

    func run() async throws {
        if let counts { return try explainCounts(counts) }
        if let calls { return try explainCalls(calls) }
        if let call { return try await server.show("/api/v1/calls/\(encoded(call))/explain", callScreen) }
        let conditions = [
            ("partner", partner), ("route", route), ("customer", customer), ("incident", incident), ("since", since),
            ("until", until),
        ]
        let query = conditions.compactMap { name, value in value.map { "\(name)=\(encoded($0))" } }
            .joined(separator: "&")
        let document = try await server.fetchWithProgress(
            "/api/v1/explain?progress=true" + (query.isEmpty ? "" : "&" + query), "explaining")
        try server.show(document, causesScreen)
        if !server.json { try await showSamples(of: document) }
    }

    /// Of the first causes a call that failed and one that did not, side by side.
    private func showSamples(of document: [UInt8]) async throws {
        for cause in try JSONParser().parse(document, { SampledCause.first(of: $0) }) {
            let failing = try await sample(cause.failing[0])
            for id in cause.succeeding.prefix(SampledCause.candidatesMax) {
                let succeeding = try await sample(id)
                guard
                    let sides = SampleSides(
                        path: cause.path, failing: (cause.failing[0], failing), succeeding: (id, succeeding))
                else { continue }
                for line in [""] + sides.lines(server.style) { print(line) }
                break
            }
        }
    }

    private func sample(_ id: String) async throws -> SamplePlaces {
        let body = try await server.fetch("/api/v1/calls/\(encoded(id))")
        do {
            return try JSONParser().parse(body) { SamplePlaces($0) }
        } catch {
            printError("farwatch: \(safeText(server.url)) does not answer as an aggregator does: \(error)")
            throw ExitCode.failure
        }
    }

    private func explainCalls(_ path: String) throws {
        let file = ExplainFile(path: path, isOnline: online, bodies: bodies)
        do {
            if perCall { return try file.perCall() }
            let population = try file.population()
            try show { ExplanationJSON.append(population, to: &$0) }
        } catch let error as CallLinesError {
            printError("farwatch: \(safeText("\(error)"))")
            throw ExitCode.failure
        }
    }

    private static let countsByteCountMax = 1 << 30

    private func explainCounts(_ path: String) throws {
        let table = try table(path)
        let before = try baseline.map { try self.table($0) }
        let findings = Contrast().causes(in: table.contrastRows(baseline: before))
        try show { ExplanationJSON.append(findings, to: &$0) }
    }

    private func table(_ path: String) throws -> CountsTable {
        var configuration = CountsTable.Configuration()
        configuration.failedColumn = failed
        configuration.totalColumn = total
        do {
            let table = try CountsTable(Files.read(path, byteCountMax: Self.countsByteCountMax), configuration)
            if table.refusedCount > 0 {
                let first = safeText(table.firstRefusal ?? "")
                printError("farwatch: \(table.refusedCount) rows of \(safeText(path)) were left out; \(first)")
            }
            return table
        } catch {
            printError("farwatch: \(safeText(path)): \(safeText("\(error)"))")
            throw ExitCode.failure
        }
    }

    /// As JSON, or as a screen made of that same JSON.
    private func show(_ write: (inout [UInt8]) -> Void) throws {
        try showDocument(write, server, causesScreen)
    }
}

struct CompareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "What changed between two populations of calls.",
        discussion: """
            A population is written as conditions joined by &: since=2026-03-02T12:00:00Z&customer=acme, failed=true, status=5xx, \
            host=app-1, service_version=2.4.0. Of a file at most \(ComparedFile.callsMax) calls of each are compared, evenly spread over \
            it; the answer says how many there were.
            """)

    @OptionGroup var server: ServerOptions
    @Option(name: .long, help: "The first population.") var a: String
    @Option(name: .long, help: "The second population.") var b: String
    @Option(name: .long, help: "A file of calls in the native form, one a line; the server is asked without one.")
    var calls: String?
    @Option(name: .long, help: "\(BodyForm.meanings)")
    var bodies = BodyForm.full

    func run() async throws {
        guard let calls else {
            let document = try await server.fetchWithProgress(
                "/api/v1/compare?progress=true&a=\(encoded(a))&b=\(encoded(b))", "comparing")
            return try server.show(document, causesScreen)
        }
        do {
            try compare(calls, CallFilter(a), CallFilter(b))
        } catch let error as CallFilterError {
            throw ValidationError(safeText("\(error)"))
        } catch let error as CallLinesError {
            printError("farwatch: \(safeText("\(error)"))")
            throw ExitCode.failure
        }
    }

    private func compare(_ path: String, _ first: CallFilter, _ second: CallFilter) throws {
        let lines = try CallLines(path, bodies: bodies)
        var file = ComparedFile(lines)
        var progress = ProgressLine("comparing")
        let comparison = try file.compare(first, second) { progress.show($0) }
        progress.end()
        if lines.refusedCount > 0 {
            printError("farwatch: \(lines.refusedCount) lines are no calls; \(safeText(lines.firstRefusal ?? ""))")
        }
        try showDocument(
            {
                ExplanationJSON.append(comparison, to: &$0)
                file.appendReadings(to: &$0)
            }, server, causesScreen)
    }
}

/// Shows a document made here as the server's are shown.
func showDocument(
    _ write: (inout [UInt8]) -> Void, _ server: ServerOptions, _ screen: (JSONValue, Style) -> [String]
) throws {
    var bytes: [UInt8] = []
    write(&bytes)
    guard !server.json else { return print(String(decoding: safeJSON(bytes), as: UTF8.self)) }
    try JSONParser().parse(bytes) { document in
        for line in screen(document, server.style) { print(line) }
    }
}
