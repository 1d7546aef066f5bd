import ArgumentParser
import Documents
import Runtime
import Synchronization

extension ServerOptions {
    /// The document at the end of an answer that tells how far it is; on a terminal a line says so meanwhile.
    func fetchWithProgress(_ path: String, _ what: String) async throws -> [UInt8] {
        let reader = ProgressReader(what)
        try await stream(path) { reader.read($0) }
        switch reader.result {
        case .success(let document)?: return document
        case .failure(let problem)?:
            printError("farwatch: \(safeText(url)): \(safeText(problem.detail))")
        case nil: printError("farwatch: \(safeText(url)) ended before it had answered")
        }
        throw ExitCode.failure
    }
}

/// Takes the events of such an answer, one piece after the other.
private final class ProgressReader: Sendable {
    struct Problem: Error {
        var detail: String
    }

    private struct State {
        var events = EventReader()
        var line: ProgressLine
        var result: Result<[UInt8], Problem>?
    }

    private let state: Mutex<State>

    init(_ what: String) { state = Mutex(State(line: ProgressLine(what))) }

    var result: Result<[UInt8], Problem>? { state.withLock { $0.result } }

    func read(_ bytes: [UInt8]) {
        state.withLock { state in
            for event in state.events.read(bytes) {
                switch event.name {
                case "progress": state.line.show(Self.share(event.data))
                case "result":
                    state.line.end()
                    state.result = .success(event.data)
                case "problem":
                    state.line.end()
                    state.result = .failure(Problem(detail: Self.detail(event.data)))
                default: break
                }
            }
        }
    }

    /// What is no such event shows as no progress.
    private static func share(_ data: [UInt8]) -> Double {
        let share = try? JSONParser().parse(data) { progress in
            let (read, count) = (progress.member("read")?.double ?? 0, progress.member("of")?.double ?? 0)
            // Two populations are read one after the other.
            let half = progress.member("population")?.string == "b" ? 0.5 : 0
            return half + (count > 0 ? min(1, read / count) / 2 : 0)
        }
        return share ?? 0
    }

    private static func detail(_ data: [UInt8]) -> String {
        (try? JSONParser().parse(data) { $0.member("detail")?.string }).flatMap { $0 } ?? "the question failed"
    }
}
