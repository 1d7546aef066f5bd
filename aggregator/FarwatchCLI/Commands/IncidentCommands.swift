import ArgumentParser
import Documents
import Runtime

struct IncidentsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "incidents", abstract: "What went wrong, open incidents first.")

    enum State: String, CaseIterable, ExpressibleByArgument {
        case open, acknowledged, resolved, unresolved
    }

    @OptionGroup var server: ServerOptions
    @Option(name: .long, help: "Those in this state; unresolved is open or acknowledged.") var state: State?
    @Flag(name: .long, help: "Only those that are not over: --state unresolved.") var open = false
    @Option(name: .long, help: "Those that concern this partner.") var partner: String?
    @Option(name: .long, help: "Those that were not over before: RFC 3339, or a span before now such as 7d.")
    var since: String?
    @Option(name: .long, help: "How many at most, up to 100.") var limit = 50

    func validate() throws {
        guard (1...100).contains(limit) else { throw ValidationError("limit must be from 1 to 100") }
        guard !open || state == nil else { throw ValidationError("--open and --state say the same: give one") }
    }

    func run() async throws {
        let parameters = [
            ("state", open ? State.unresolved.rawValue : state?.rawValue), ("partner", partner), ("since", since),
            ("limit", String(limit)),
        ]
        try await server.show(path("/api/v1/incidents", parameters), incidentsScreen)
    }
}

struct WhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Why incidents were opened, not opened, or merged: what was decided lately.")

    @OptionGroup var server: ServerOptions
    @Option(name: .long, help: "About this partner.") var partner: String?

    func run() async throws { try await server.show(path("/api/v1/why", [("partner", partner)]), whyScreen) }
}

struct IncidentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "incident", abstract: "One incident: see it, and say what is done about it.",
        subcommands: [
            Show.self, Why.self, Acknowledge.self, Assign.self, Note.self, Resolve.self, PartnerCase.self,
            PartnerSays.self,
        ],
        defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cause, extent, what happened, and who was told.")

        @OptionGroup var server: ServerOptions
        @Argument(help: "The incident's id.") var id: String

        func run() async throws { try await server.show("/api/v1/incidents/" + encoded(id), incidentScreen) }
    }

    struct Why: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Why it was opened, and what else was decided about its partners.")

        @OptionGroup var server: ServerOptions
        @Argument(help: "The incident's id.") var id: String

        func run() async throws { try await server.show("/api/v1/incidents/\(encoded(id))/why", whyScreen) }
    }

    struct Acknowledge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ack", abstract: "You look after it: no more reminders.")

        @OptionGroup var server: ServerOptions
        @Argument(help: "The incident's id.") var id: String
        @Option(name: .long, help: "A remark for its timeline.") var note: String?

        func run() async throws { try await server.act("acknowledge", on: id, "note", note) }
    }

    struct Assign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes somebody else its owner.")

        @OptionGroup var server: ServerOptions
        @Argument(help: "The incident's id.") var id: String
        @Argument(help: "An owner's name.") var owner: String

        func run() async throws { try await server.act("assign", on: id, "to", owner) }
    }

    struct Note: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Adds to its timeline.")

        @OptionGroup var server: ServerOptions
        @Argument(help: "The incident's id.") var id: String
        @Argument(help: "What to remember.") var text: String

        func run() async throws { try await server.act("note", on: id, "text", text) }
    }

    struct Resolve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Closes it by hand. Where calls still fail by it, it opens anew.")

        @OptionGroup var server: ServerOptions
        @Argument(help: "The incident's id.") var id: String
        @Option(name: .long, help: "A remark for its timeline.") var note: String?

        func run() async throws { try await server.act("resolve", on: id, "note", note) }
    }

    struct PartnerCase: AsyncParsableCommand {
        enum Step: String, ExpressibleByArgument, CaseIterable {
            case sent, acknowledged
        }

        static let configuration = CommandConfiguration(
            commandName: "case",
            abstract: "The partner was told of it, or has acknowledged it: until then its owner is reminded.")

        @OptionGroup var server: ServerOptions
        @Argument(help: "The incident's id.") var id: String
        @Argument(help: "sent or acknowledged.") var step: Step
        @Option(name: .long, help: "A remark for its timeline: the number of their ticket, say.") var note: String?

        func run() async throws { try await server.act("case-\(step.rawValue)", on: id, "note", note) }
    }
}

extension IncidentCommand {
    struct PartnerSays: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "partner-says",
            abstract: "What the partner's own status page says, where the aggregator cannot read it itself.")

        @OptionGroup var server: ServerOptions
        @Argument(help: "The incident's id.") var id: String
        @Argument(help: "In their words, at most 200 characters.") var words: String

        func run() async throws { try await server.act("partner-says", on: id, "words", words) }
    }
}

extension ServerOptions {
    /// Sends what somebody wants done, and shows the incident as it then is.
    fileprivate func act(_ what: String, on id: String, _ field: String, _ value: String?) async throws {
        var writer = JSONWriter()
        writer.object { if let value { $0.member(field, value) } }
        let (status, body) = try await change("POST", "/api/v1/incidents/\(encoded(id))/\(what)", writer.bytes)
        if status == 202 {
            printError("farwatch: written down; no aggregator has come to it yet, it takes effect when one does")
        }
        try show(body, incidentScreen)
    }
}
