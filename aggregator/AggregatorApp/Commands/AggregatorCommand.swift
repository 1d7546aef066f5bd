import ArgumentParser
import Glibc
import Logging
import Postgres
import Runtime
import Storage
import Transport

/// `farwatch-aggregator` and its commands.
public struct AggregatorCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "farwatch-aggregator",
        abstract: "Stores the calls of a fleet and works out which partner is failing.",
        subcommands: [
            RunCommand.self, ValidateCommand.self, DoctorCommand.self, MigrateCommand.self, BacktestCommand.self,
            NotifyCommand.self, PsqlCommand.self, TokenCommand.self, VersionCommand.self,
        ])

    public init() {}
}

/// Where the settings are: shared by all commands.
struct SettingsOptions: ParsableArguments {
    @Option(name: .long, help: "The settings file.")
    var config = "/etc/farwatch/aggregator.yaml"

    /// Reads and checks; prints every problem and ends with 78 (EX_CONFIG) when there is one.
    func load() throws -> AggregatorSettings { try Self.load(config) }

    static func load(_ config: String) throws -> AggregatorSettings {
        do {
            let document = try SettingsDocument.load(
                file: config, environment: ThisProcess.environment,
                allowedVariables: ["FARWATCH_TOKEN", "FARWATCH_URL"])
            let settings = AggregatorSettings(document.root)
            let problems = document.problems()
            guard problems.isEmpty else {
                for problem in problems { printError(problem.rendered()) }
                throw ExitCode(EX_CONFIG)
            }
            return settings
        } catch let error as SettingsError {
            printError("farwatch-aggregator: \(error)")
            throw ExitCode(EX_CONFIG)
        }
    }
}

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs the aggregator until it is stopped.")

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let settings = try options.load()
        let environment = ThisProcess.environment
        ProcessSignal.ignoreBrokenPipes()
        _ = ThisProcess.forbidCoreDumps()
        _ = ThisProcess.raiseOpenFileLimit()
        let output = bootstrapLogging(level: level(settings.logLevel), environment: environment)
        let logger = Logger(label: "farwatch-aggregator")
        let signals = try ProcessSignal.arrivals(of: [.terminate, .interrupt, .hangUp])
        let notification = ServiceNotification(environment: environment)
        let aggregator: Aggregator
        do {
            aggregator = try await Aggregator.start(settings, environment: environment, logger: logger)
        } catch {
            printError("farwatch-aggregator: \(error)")
            throw ExitCode.failure
        }
        _ = notification.ready()
        for await signal in signals {
            guard signal == .hangUp else { break }
            reload(aggregator, output, logger)
        }
        _ = notification.stopping()
        await aggregator.stop()
    }

    /// Partners, who is told, how and when, and the level of the logs can change while it runs; what a process has
    /// only once (listeners, database, TLS, limits, retention, detection) takes effect at the next start, and the log
    /// says so. The whole file is checked before any of it is used.
    private func reload(_ aggregator: Aggregator, _ output: LogOutput, _ logger: Logger) {
        do {
            let settings = try options.load()
            output.level = level(settings.logLevel)
            aggregator.use(settings)
            logger.notice(
                "settings read again: partners, alerting, notifiers, certificates, log level are in force, the rest at the next start",
                metadata: ["catalogue": "\(settings.catalogue.version)"])
        } catch {
            aggregator.settingsWereRefused()
            logger.error("the new settings are not valid; the old ones stay", metadata: ["error": "\(error)"])
        }
    }

    private func level(_ name: String) -> Logger.Level { Logger.Level(rawValue: name) ?? .info }
}

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "validate", abstract: "Checks the settings.")

    @OptionGroup var options: SettingsOptions

    func run() throws {
        let settings = try options.load()
        let warnings = settings.warnings + [proxyWarning(ThisProcess.environment)].compactMap(\.self)
        for warning in warnings { printError("\(options.config): warning: \(warning)") }
        print("\(options.config): valid")
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Says which version this is.")

    func run() {
        print("farwatch-aggregator \(Aggregator.version)")
    }
}
