import ArgumentParser
import Documents
import Runtime

struct SilenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silence", abstract: "Times in which nobody is told of some incidents.",
        subcommands: [List.self, Add.self, End.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Those that are not over, or those that are.")

        @OptionGroup var server: ServerOptions
        @Flag(name: .long, help: "Those that are over.") var past = false

        func run() async throws { try await server.show("/api/v1/silences?past=\(past)", quietsScreen) }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes one.",
            discussion: """
                An incident is silenced when it passes every matcher: DIMENSION=VALUE, DIMENSION!=VALUE, or DIMENSION=~PATTERN with \
                * for any text; several values are parted by |. For example:
                  farwatch silence add partner=stripe 'route=~POST /v1/*' --until 2h --comment 'their upgrade'
                """)

        @OptionGroup var server: ServerOptions
        @OptionGroup var quiet: QuietOptions

        func run() async throws { try await server.add(quiet, to: "/api/v1/silences", side: nil) }
    }

    struct End: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ends one now.")

        @OptionGroup var server: ServerOptions
        @Argument(help: "The silence's id.") var id: String

        func run() async throws { try await server.end("/api/v1/silences/" + encoded(id)) }
    }
}

struct MaintenanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maintenance", abstract: "Times in which we, or a partner, work on something.",
        subcommands: [List.self, Add.self, End.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Those that are not over, or those that are.")

        @OptionGroup var server: ServerOptions
        @Flag(name: .long, help: "Those that are over.") var past = false

        func run() async throws { try await server.show("/api/v1/maintenances?past=\(past)", quietsScreen) }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes one.",
            discussion:
                "Matchers as for `farwatch silence add`. During ours nobody is told; during the partner's people are.")

        enum Side: String, CaseIterable, ExpressibleByArgument {
            case ours, theirs
        }

        @OptionGroup var server: ServerOptions
        @OptionGroup var quiet: QuietOptions
        @Option(name: .long, help: "Who works.") var side: Side

        func run() async throws { try await server.add(quiet, to: "/api/v1/maintenances", side: side.rawValue) }
    }

    struct End: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ends one now.")

        @OptionGroup var server: ServerOptions
        @Argument(help: "The maintenance's id.") var id: String

        func run() async throws { try await server.end("/api/v1/maintenances/" + encoded(id)) }
    }
}

struct OwnersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "owners", abstract: "Who looks after what, and how they hear of it.")

    @OptionGroup var server: ServerOptions

    func run() async throws { try await server.show("/api/v1/owners", ownersScreen) }
}

/// What a silence or a maintenance is made of.
struct QuietOptions: ParsableArguments {
    @Argument(help: "Which incidents, such as partner=stripe: those that pass all of them.") var matchers: [MatcherText]
    @Option(name: .long, help: "From this time on: RFC 3339, or a span from now such as 30m; now when absent.")
    var from: String?
    @Option(name: .long, help: "Until this time.") var until: String
    @Option(name: .long, help: "Why.") var comment: String
}

/// A matcher as it is typed: `route=~POST /v1/*`.
struct MatcherText: ExpressibleByArgument {
    var dimension: String
    var op: String
    var values: [String]

    init?(argument: String) {
        guard let place = argument.firstIndex(where: { $0 == "=" || $0 == "!" }) else { return nil }
        let rest = argument[place...]
        guard let op = ["!=", "=~", "="].first(where: { rest.hasPrefix($0) }) else { return nil }
        dimension = Self.trimmed(argument[..<place])
        self.op = op
        values = rest.dropFirst(op.count).split(separator: "|", omittingEmptySubsequences: false).map(Self.trimmed)
        guard !dimension.isEmpty, values.allSatisfy({ !$0.isEmpty }) else { return nil }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

extension ServerOptions {
    fileprivate func add(_ quiet: QuietOptions, to path: String, side: String?) async throws {
        var writer = JSONWriter()
        writer.object { writer in
            writer.array("matchers") { writer in
                for matcher in quiet.matchers {
                    writer.object { writer in
                        writer.member("dimension", matcher.dimension)
                        writer.member("op", matcher.op)
                        if matcher.values.count == 1 { return writer.member("value", matcher.values[0]) }
                        writer.array("value") { for value in matcher.values { $0.string(value) } }
                    }
                }
            }
            if let from = quiet.from { writer.member("starts_at", from) }
            writer.member("ends_at", quiet.until)
            writer.member("comment", quiet.comment)
            if let side { writer.member("side", side) }
        }
        try show(try await change("POST", path, writer.bytes).body, quietScreen)
    }

    /// The API has nothing to say of what is gone: that is an empty object for programs.
    func end(_ path: String, saying word: String = "ended") async throws {
        _ = try await change("DELETE", path)
        print(json ? "{}" : word)
    }
}
