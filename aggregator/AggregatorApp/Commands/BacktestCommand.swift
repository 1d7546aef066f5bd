import Alerting
import ArgumentParser
import Glibc
import Incidents
import Runtime

struct BacktestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtest",
        abstract: "Detection, correlation and alerting over recorded calls, in their own time, without a database.")

    @Option(
        name: .long, help: "Calls in the native form, one a line, in the order they were received; - is standard input."
    )
    var calls: String
    @Option(
        name: .long, help: "The settings file, of which `detection` and `alerting` are used; the defaults when absent.")
    var config: String?
    @Option(name: .long, help: "Where the incidents and notifications go; standard output when absent.")
    var out: String?
    @Flag(name: .long, help: "Prints why each candidate became an incident or did not, on standard error.")
    var explain = false

    func run() throws {
        let settings = try config.map { try SettingsOptions.load($0) } ?? AggregatorSettings()
        let started = clock()
        let (document, backtest): (String, Backtest)
        do {
            (document, backtest) = try runBacktest(file: calls, settings.incidents, settings.alerting)
        } catch {
            printError("farwatch-aggregator: \(error)")
            throw ExitCode.failure
        }
        if explain { printDecisions(backtest) }
        let seconds = Double(clock() - started) / Double(CLOCKS_PER_SEC)
        printError("\(backtest.callCount) calls in \(seconds) CPU seconds")
        guard let out else { return print(document, terminator: "") }
        do {
            try Files.writeAtomically(Array(document.utf8), to: out, mode: 0o644)
        } catch {
            printError("farwatch-aggregator: \(error)")
            throw ExitCode.failure
        }
    }

    private func printDecisions(_ backtest: Backtest) {
        for decision in backtest.core.decisions {
            let partner = decision.partner == 0 ? "the fleet" : backtest.calls.partners.name(decision.partner)
            printError("\(decision.at.rfc3339) \(partner): \(decision.reason)")
        }
    }
}
