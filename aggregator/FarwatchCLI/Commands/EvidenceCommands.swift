import ArgumentParser
import Documents

/// Calls to hand over ("tell me what you sent me").
struct EvidenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evidence", abstract: "Calls that were set aside to be handed over, and setting more aside.",
        subcommands: [EvidenceList.self, EvidenceAdd.self, EvidenceShow.self, EvidenceRemove.self],
        defaultSubcommand: EvidenceList.self)
}

struct EvidenceList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "All there is, newest first.")

    @OptionGroup var server: ServerOptions

    func run() async throws { try await server.show("/api/v1/evidence", evidenceScreen) }
}

struct EvidenceAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Sets calls aside: of a delivery, a trace, an incident, or a partner and a time.")

    @OptionGroup var server: ServerOptions
    @Argument(help: "What it is about.") var title: String
    @Option(name: .long, help: "Attempts of this webhook delivery.") var deliveryID: String?
    @Option(name: .long, help: "Calls of this trace.") var traceID: String?
    @Option(name: .long, help: "Calls that failed by this incident.") var incident: String?
    @Option(name: .long, help: "Calls of this partner alone: wanted where there are those of several.")
    var partner: String?
    @Flag(name: .long, help: "Calls of all partners, and requests of our own: not for one of them to see.")
    var allPartners = false
    @Option(name: .long, help: "From this time on; a day ago when absent.") var since: String?
    @Option(name: .long, help: "Before this time.") var until: String?

    func run() async throws {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("title", title)
            for (name, value) in [
                ("delivery_id", deliveryID), ("trace_id", traceID), ("incident", incident), ("partner", partner),
                ("partners", allPartners ? "all" : nil), ("since", since), ("until", until),
            ] {
                if let value { writer.member(name, value) }
            }
        }
        let (_, body) = try await server.change("POST", "/api/v1/evidence", writer.bytes)
        try server.show(body) { evidence, _ in
            [
                "\(safeText(evidence.member("id")?.string ?? absent)): \(count(evidence.member("calls"))) calls, "
                    + "SHA-256 \(safeText(evidence.member("sha256")?.string ?? absent))"
            ]
                + (evidence.member("complete")?.bool == false
                    ? ["not complete: the newest of those that were asked for; ask for a shorter time for the rest"]
                    : [])
        }
    }
}

struct EvidenceShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "The bundle itself, on standard output: HAR, or a page to read.")

    @OptionGroup var server: ServerOptions
    @Argument(help: "The evidence's id.") var id: String
    @Flag(name: .long, help: "The page instead of HAR.") var html = false

    func run() async throws {
        let body = try await server.fetch("/api/v1/evidence/\(encoded(id))?format=\(html ? "html" : "har")")
        // Into a file, or into another program; a terminal gets it without what could command it.
        print(html ? safeLines(body) : String(decoding: safeJSON(body), as: UTF8.self))
    }

    private func safeLines(_ body: [UInt8]) -> String {
        String(decoding: body, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .map { safeText(String($0)) }.joined(separator: "\n")
    }
}

struct EvidenceRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Removes evidence, and every link to it.")

    @OptionGroup var server: ServerOptions
    @Argument(help: "The evidence's id.") var id: String

    func run() async throws { try await server.end("/api/v1/evidence/\(encoded(id))", saying: "removed") }
}

/// Links by which a partner reads one piece of evidence.
struct ShareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "share", abstract: "Links by which an outsider reads one piece of evidence.",
        discussion: "Off until the aggregator's settings say api.shares: true.",
        subcommands: [ShareList.self, SharePreview.self, ShareAdd.self, ShareEnd.self],
        defaultSubcommand: ShareList.self)
}

struct ShareList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "All links, newest first.")

    @OptionGroup var server: ServerOptions

    func run() async throws { try await server.show("/api/v1/shares", sharesScreen) }
}

struct SharePreview: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview", abstract: "What a link would show, and the mark that making it wants.")

    @OptionGroup var server: ServerOptions
    @Argument(help: "The evidence's id.") var evidence: String

    func run() async throws {
        try await server.show("/api/v1/evidence/\(encoded(evidence))/preview", previewScreen)
    }
}

struct ShareAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Makes a link. Its address is told here only.",
        discussion: "Look at `farwatch share preview EVIDENCE` first: its mark says that you did.")

    @OptionGroup var server: ServerOptions
    @Argument(help: "The evidence's id.") var evidence: String
    @Option(name: .long, help: "Whom it is for, such as 'Stripe support'.") var recipient: String
    @Option(name: .long, help: "The mark of the preview.") var preview: String
    @Option(name: .long, help: "How many hours it holds, 168 at most.") var hours = 72

    func validate() throws {
        guard (1...168).contains(hours) else { throw ValidationError("hours must be from 1 to 168") }
    }

    func run() async throws {
        var writer = JSONWriter()
        writer.object {
            $0.member("evidence", evidence)
            $0.member("recipient", recipient)
            $0.member("preview", preview)
            $0.member("expires_in_hours", hours)
        }
        let (_, body) = try await server.change("POST", "/api/v1/shares", writer.bytes)
        try server.show(body) { share, _ in
            [
                safeText(server.url + (share.member("path")?.string ?? absent)),
                "until \(moment(share.member("expires_at")?.string)); `farwatch share end \(safeText(share.member("id")?.string ?? absent))` ends it",
            ]
        }
    }
}

struct ShareEnd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "end", abstract: "Ends a link at once.")

    @OptionGroup var server: ServerOptions
    @Argument(help: "The link's id.") var id: String

    func run() async throws { try await server.end("/api/v1/shares/\(encoded(id))") }
}
