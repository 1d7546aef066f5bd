import ArgumentParser
import Documents
import Runtime

/// `farwatch`: the operator's client of the query API.
public struct FarwatchCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "farwatch", abstract: "Which partner is failing, since when, and for whom.",
        subcommands: [
            StatusCommand.self, PartnersCommand.self, SearchCommand.self, ExplainCommand.self, CompareCommand.self,
            HostsCommand.self, VersionCommand.self,
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

    func run() async throws {
        if let id {
            try await server.show("/api/v1/partners/" + encoded(id), partnerScreen)
        } else {
            try await server.show("/api/v1/partners", partnersScreen)
        }
    }
}

struct HostsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "hosts", abstract: "Every agent, and how it is.")

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await server.show("/api/v1/hosts", hostsScreen)
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Says which version this is.")

    func run() {
        print("farwatch 0.1.0")
    }
}
