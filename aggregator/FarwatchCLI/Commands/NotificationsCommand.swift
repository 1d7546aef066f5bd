import ArgumentParser

struct NotificationsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notifications",
        abstract: "What was told of all incidents, newest first; --dead: what was given up.")

    enum State: String, CaseIterable, ExpressibleByArgument {
        case pending, delivered, dead, superseded
    }

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
