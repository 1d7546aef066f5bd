import ArgumentParser
import Documents
import Glibc
import NIOCore
import Runtime
import Transport

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Says what the running agent sees, keeps and sends.")

    @OptionGroup var options: SettingsOptions
    @Flag(name: .long, help: "Print the agent's JSON.")
    var json = false

    func run() async throws {
        let settings = try options.load()
        let agent = LocalAgent(settings)
        let result: Result<ClientResponse, TransportError>
        do throws(TransportError) {
            result = .success(try await agent.get("/status"))
        } catch {
            result = .failure(error)
        }
        await agent.close()
        guard case .success(let response) = result, response.status == 200 else {
            printError("farwatch-agent: none answers at \(settings.healthAddress); `farwatch-agent doctor` says why")
            throw ExitCode.failure
        }
        let bytes = Array(buffer: response.body)
        guard !json else { return print(String(decoding: bytes, as: UTF8.self)) }
        do {
            try JSONParser().parse(bytes) { status in
                for line in statusLines(status) { print(line) }
            }
        } catch {
            printError("farwatch-agent: what answers at \(settings.healthAddress) is no agent: \(error)")
            throw ExitCode.failure
        }
    }
}

/// The status for people.
func statusLines(_ status: JSONValue) -> [String] {
    func text(_ value: JSONValue?) -> String { value?.string ?? value?.int64.map(String.init) ?? "?" }
    func percent(_ value: JSONValue?) -> String { value?.double.map { "\(($0 * 1_000).rounded() / 10) %" } ?? "–" }
    let spool = status.member("spool")
    let calls = status.member("calls")
    var lines = [
        "agent      \(text(status.member("agent"))), \(text(status.member("version"))), since \(text(status.member("started_at")))",
        "forwards   to \(text(status.member("forwards_to")))",
        "spool      \(text(spool?.member("waiting_calls"))) calls wait, \(text(spool?.member("acknowledged_calls"))) acknowledged",
    ]
    if let problem = status.member("privileges_problem")?.string { lines.append("PRIVILEGES " + problem) }
    if let keyLog = status.member("key_log") {
        lines.append("KEY LOG    TLS is opened with \(text(keyLog.member("file"))): \(text(keyLog.member("state")))")
    }
    if let failure = spool?.member("failure")?.string { lines.append("           \(failure)") }
    if let aside = spool?.member("set_aside") {
        let since = aside.member("oldest_sealed_at")?.string.map { ", the oldest of \($0)" } ?? ""
        lines.append(
            "set aside  \(text(aside.member("refused"))) batches refused by the aggregator, "
                + "\(text(aside.member("damaged"))) damaged\(since), in \(text(aside.member("directory"))); "
                + "doctor says what to do")
    }
    var letGo: [String] = []
    calls?.member("not_ours")?.forEachMember { reason, count in
        if let count = count.int64, count > 0 { letGo.append("\(count) \(String(decoding: reason, as: UTF8.self))") }
    }
    lines.append(
        "calls      \(text(calls?.member("kept"))) kept; let go: \(letGo.isEmpty ? "none" : letGo.joined(separator: ", "))"
    )
    var without: [String] = []
    calls?.member("without")?.forEachMember { name, value in
        without.append("\(String(decoding: name, as: UTF8.self)) \(percent(value.member("ratio")))")
    }
    lines.append("without    " + without.joined(separator: ", "))
    var rows: [[String]] = []
    status.member("partners")?.forEachElement { partner in
        rows.append([
            text(partner.member("id")), text(partner.member("calls")), percent(partner.member("failure_ratio")),
            text(partner.member("bodies")), text(partner.member("last_call_at")),
        ])
    }
    status.member("processes")?.forEachElement { lines.append("TLS        " + text($0.member("summary"))) }
    lines.append("")
    lines += columns(["PARTNER", "CALLS", "FAILED", "BODIES", "LAST CALL"], rows)
    return lines
}

/// Rows under their titles, each column as wide as its widest text.
func columns(_ titles: [String], _ rows: [[String]]) -> [String] {
    let widths = titles.indices.map { column in ([titles] + rows).map { $0[column].count }.max() ?? 0 }
    return ([titles] + rows).map { row in
        zip(row, widths).map { text, width in text + String(repeating: " ", count: width - text.count) }
            .joined(separator: "  ").trimmingTrailingSpaces()
    }
}

extension String {
    fileprivate func trimmingTrailingSpaces() -> String {
        var end = endIndex
        while end > startIndex, self[index(before: end)] == " " { end = index(before: end) }
        return String(self[..<end])
    }
}
