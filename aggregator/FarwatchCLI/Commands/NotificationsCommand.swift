import ArgumentParser
import Documents

struct NotificationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notifications",
        abstract: "What was told of all incidents, newest first; --dead: what was given up.",
        subcommands: [List.self, Retry.self], defaultSubcommand: List.self)

    enum State: String, CaseIterable, ExpressibleByArgument {
        case pending, delivered, dead, superseded
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What was told, what waits, and what was given up.")

        @OptionGroup var server: ServerOptions
        @Option(name: .long, help: "Those in this state.") var state: State?
        @Flag(name: .long, help: "Only those that no receiver took: --state dead.") var dead = false
        @Option(name: .long, help: "Those of this channel.") var channel: String?
        @Option(name: .long, help: "How many at most, up to 1000.") var limit = 50

        func validate() throws {
            guard (1...1_000).contains(limit) else { throw ValidationError("limit must be from 1 to 1000") }
            guard !dead || state == nil else { throw ValidationError("--dead and --state say the same: give one") }
        }

        func run() async throws {
            let parameters = [
                ("state", dead ? State.dead.rawValue : state?.rawValue), ("channel", channel), ("limit", String(limit)),
            ]
            try await server.show(path("/api/v1/notifications", parameters), notificationsScreen)
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sends one anew that was given up, once its channel is mended.")

        @OptionGroup var server: ServerOptions
        @Argument(help: "The message's id.") var id: String

        func run() async throws {
            let (_, body) = try await server.change(
                "POST", "/api/v1/notifications/\(encoded(id))/retry", Array("{}".utf8))
            try server.show(body, retriedScreen)
        }
    }
}
