import ArgumentParser
import Documents
import Runtime

/// `farwatch`: the operator's client of the query API.
public struct FarwatchCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "farwatch", abstract: "Which partner is failing, since when, and for whom.",
        discussion: """
            The address and the token come from --url and --token, or from FARWATCH_URL and FARWATCH_TOKEN.
            `farwatch --generate-completion-script bash` (or zsh, fish) prints completions for the shell.
            Exit codes: 0, 1 (failed), 64 (usage), 78 (settings).
            """,
        subcommands: [
            StatusCommand.self, PartnersCommand.self, IncidentsCommand.self, IncidentCommand.self,
            WhyCommand.self, NotificationsCommand.self,
            SilenceCommand.self, MaintenanceCommand.self, OwnersCommand.self, SearchCommand.self, TailCommand.self,
            TraceCommand.self, ExplainCommand.self, CompareCommand.self, ImpactCommand.self, DriftCommand.self,
            EvidenceCommand.self, ShareCommand.self, HostsCommand.self, VersionCommand.self,
        ], defaultSubcommand: StatusCommand.self)

    public init() {}
}

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "The outage status of every partner.")

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await server.show("/api/v1/status", statusScreen)
    }
}

struct PartnersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partners",
        abstract: "Every partner's figures, or one partner's routes, hosts, customers and outages.")

    @OptionGroup var server: ServerOptions
    @Argument(help: "A partner's id.")
    var id: String?
    @Flag(name: .long, help: "Its uptime, outages, time to detect and to recover over 24 hours, 7, 30 and 90 days.")
    var history = false
    @Flag(name: .long, help: "How much of its rate limits is used, as its latest answers tell it.")
    var limits = false

    func validate() throws {
        guard !history && !limits || id != nil else {
            throw ValidationError("--\(history ? "history" : "limits") needs a partner's id")
        }
        guard !history || !limits else { throw ValidationError("either --history or --limits") }
    }

    func run() async throws {
        if let id {
            let path = "/api/v1/partners/" + encoded(id)
            if history {
                try await server.show(path + "/history", historyScreen)
            } else if limits {
                try await server.show(path + "/rate-limits", limitsScreen)
            } else {
                try await server.show(path, partnerScreen)
            }
        } else {
            try await server.show("/api/v1/partners", partnersScreen)
        }
    }
}

struct HostsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "hosts", abstract: "Every agent, and how it is.")

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await server.show("/api/v1/hosts?limit=10000", hostsScreen)
    }
}

struct TraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace", abstract: "The calls of a trace: what came in, what went out, what each returned.")

    @OptionGroup var server: ServerOptions
    @Argument(help: "A trace id, a call's id, a webhook's delivery id or an idempotency key.") var id: String

    func run() async throws {
        try await server.show("/api/v1/traces/" + encoded(id), traceScreen)
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Says which version this is.")

    func run() {
        print("farwatch 0.1.0")
    }
}
