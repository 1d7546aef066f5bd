import ArgumentParser

struct ImpactCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "impact",
        abstract: "Which of our own requests failed or were slow because of a partner's call inside.",
        discussion: "Since the beginning of the partner's open outage, or for the last hour.")

    @OptionGroup var server: ServerOptions
    @Option(name: .long) var partner: String?
    @Option(name: .long, help: "Of our own requests, those of this route.") var route: String?
    @Option(name: .long, help: "Of our own requests, those of this customer.") var customer: String?
    @Option(name: .long, help: "From this time on: RFC 3339, or a span before now such as 15m.") var since: String?
    @Option(name: .long, help: "Before this time.") var until: String?

    func run() async throws {
        let parameters = [
            ("partner", partner), ("route", route), ("customer", customer), ("since", since), ("until", until),
        ]
        try await server.show(path("/api/v1/impact", parameters), impactScreen)
    }
}

struct DriftCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift", abstract: "What partners changed without telling, and how much of the fleet sees it.")

    @OptionGroup var server: ServerOptions
    @Option(name: .long) var partner: String?
    @Option(name: .long) var route: String?
    @Option(
        name: .long, help: "key_appeared, type_changed, sunset …",
        completion: .list([
            "key_appeared", "key_vanished", "type_changed", "header_appeared", "header_vanished", "version_changed",
            "deprecation", "sunset", "latency_step",
        ])) var kind: String?
    @Option(name: .long, help: "Seen since: RFC 3339, or a span before now such as 7d.") var since: String?
    @Option(name: .long, help: "How many at most.") var limit = 100

    func validate() throws {
        guard (1...500).contains(limit) else { throw ValidationError("limit must be from 1 to 500") }
    }

    func run() async throws {
        let parameters = [
            ("partner", partner), ("route", route), ("kind", kind), ("since", since), ("limit", String(limit)),
        ]
        try await server.show(path("/api/v1/drift", parameters), driftScreen)
    }
}
