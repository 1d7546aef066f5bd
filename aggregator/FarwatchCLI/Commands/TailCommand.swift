import ArgumentParser
import Documents
import Glibc
import Runtime
import Synchronization

struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "Calls as they arrive.",
        discussion: """
            Where more arrive than are sent, an even sample is shown and what was left out is said on standard error. A lost \
            connection is taken up again where it was. With --json, one call a line in the native form.
            """)

    @OptionGroup var server: ServerOptions
    @OptionGroup var filter: CallFilterOptions
    @Option(name: .long, help: "End after so many calls.") var limit: Int?
    @Option(name: .long, help: "Go on after this event, at most ten minutes back.") var after: String?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("limit must be at least 1") }
    }

    func run() async throws {
        let printer = TailPrinter(style: server.style, isJSON: server.json, limit: limit, after: after)
        if !server.json { print(printer.heading) }
        while true {
            do {
                let path = path("/api/v1/calls/stream", filter.parameters + [("last_event_id", printer.lastID)])
                try await server.stream(path) { printer.print($0) }
            } catch let code as ExitCode where code == .failure && printer.hasConnected {
                // Said already. A server that was there comes back.
            }
            guard printer.hasConnected else { throw ExitCode.failure }
            try await Task.sleep(for: .seconds(1))
        }
    }
}

/// Prints events as they come. Its pieces come one after the other, on the client's loop: while it prints, nothing is read, so
/// that a slow terminal holds the server back and not our memory.
private final class TailPrinter: Sendable {
    private struct State {
        var reader = EventReader()
        let after: String?
        var hasConnected = false
        var count = 0
    }

    private let style: Style
    private let isJSON: Bool
    private let limit: Int?
    private let state: Mutex<State>

    init(style: Style, isJSON: Bool, limit: Int?, after: String?) {
        self.style = style
        self.isJSON = isJSON
        self.limit = limit
        state = Mutex(State(after: after))
    }

    var lastID: String? { state.withLock { $0.reader.lastID ?? $0.after } }
    var hasConnected: Bool { state.withLock { $0.hasConnected } }
    var heading: String { style.paint(tailHeading, .quiet) }

    func print(_ bytes: [UInt8]) {
        state.withLock { state in
            for event in state.reader.read(bytes) {
                state.hasConnected = true
                switch event.name {
                case "call":
                    show(event.data)
                    state.count += 1
                    if state.count == limit {
                        fflush(nil)
                        exit(0)
                    }
                case "sampling": showSampling(event.data)
                default: break
                }
            }
            fflush(nil)
        }
    }

    private func show(_ data: [UInt8]) {
        if isJSON { return Swift.print(String(decoding: safeJSON(data), as: UTF8.self)) }
        // What is no call is not shown; the server sends none.
        _ = try? JSONParser().parse(data) { call in
            Swift.print(tailLine(call, style))
            if let reason = tailReason(call, style) { Swift.print(reason) }
        }
    }

    private func showSampling(_ data: [UInt8]) {
        _ = try? JSONParser().parse(data) { sampling in
            let (matched, sent) = (count(sampling.member("matched")), count(sampling.member("sent")))
            let unseen = sampling.member("arrived_unseen")?.int64 ?? 0
            if sampling.member("resumed_in_part")?.bool == true {
                printError("farwatch: of what arrived meanwhile not all could be looked at")
            }
            guard matched > sent || unseen > 0 else { return }
            printError(
                "farwatch: too many to show: \(sent) of \(matched) matching calls"
                    + (unseen > 0 ? ", \(unseen) passed over" : ""))
        }
    }
}
