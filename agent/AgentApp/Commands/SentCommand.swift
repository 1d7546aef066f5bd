import ArgumentParser
import BatchFormat
import CallJSON
import CallModel
import Glibc
import Runtime
import Spool

struct SentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sent", abstract: "Shows what exactly left this host, one JSON object a call.",
        discussion: """
            It reads the copies of the batches that the aggregator acknowledged (`sent` in the settings says how many are kept).
            --waiting shows instead what lies in the spool and has not left yet.
            """)

    @OptionGroup var options: SettingsOptions
    @Option(name: .long, help: "How far back: 30s, 15m, 1h, 2d.")
    var since = "1h"
    @Option(name: .long, help: "Only calls of this partner.")
    var partner: String?
    @Flag(name: .long, help: "What waits to be sent.")
    var waiting = false

    func validate() throws {
        guard duration(since) != nil else { throw ValidationError("--since is a time such as 15m or 1h") }
    }

    func run() throws {
        let settings = try options.load()
        do {
            let report = try waiting ? printWaiting(settings) : printSent(settings)
            printError(report)
        } catch {
            printError("farwatch-agent: \(error)")
            throw ExitCode.failure
        }
    }

    private func printSent(_ settings: AgentSettings) throws -> String {
        let earliest = Instant(nanosecondsSinceEpoch: WallClock.now()) - (duration(since) ?? .zero)
        var (batchCount, byteCount, callCount) = (0, 0, 0)
        for entry in try SentLog.entries(in: settings.sentDirectory) where entry.sentAt >= earliest {
            let bytes = try Files.read(
                settings.sentDirectory + "/" + entry.name, byteCountMax: BatchLimits().byteCountMax)
            callCount += try printCalls(bytes)
            byteCount += bytes.count
            batchCount += 1
        }
        return "\(callCount) calls in \(batchCount) batches of \(byteCount) bytes left this host in the last \(since)"
    }

    private func printWaiting(_ settings: AgentSettings) throws -> String {
        guard Files.isDirectory(settings.spoolDirectory) else { return "nothing waits: there is no spool yet" }
        let found = try WaitingBatches.read(in: settings.spoolDirectory)
        var callCount = 0
        for batch in found.batches { callCount += try printCalls(batch.bytes) }
        return "\(callCount) calls in \(found.batches.count) batches wait to be sent"
            + (found.unreadableCount > 0 ? "; \(found.unreadableCount) batches cannot be read" : "")
    }

    private func printCalls(_ bytes: [UInt8]) throws -> Int {
        var count = 0
        for call in try BatchReader(bytes).calls() where partner == nil || call.partner == partner {
            var json: [UInt8] = []
            CallJSONWriter.append(call, id: nil, to: &json)
            print(String(decoding: json, as: UTF8.self))
            count += 1
        }
        return count
    }
}

private func duration(_ text: String) -> Duration? {
    guard let unit = text.last, let number = Int64(text.dropLast()), (1...1_000_000).contains(number) else {
        return nil
    }
    switch unit {
    case "s": return .seconds(number)
    case "m": return .seconds(number * 60)
    case "h": return .seconds(number * 3_600)
    case "d": return .seconds(number * 86_400)
    default: return nil
    }
}
