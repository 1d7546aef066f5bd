import ArgumentParser
import Glibc
import Logging
import Runtime
import Transport

/// `farwatch-agent` and its commands.
public struct AgentCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "farwatch-agent",
        abstract: "Sees the calls between this host and its partners, and forwards them, redacted.",
        subcommands: [
            RunCommand.self, ValidateCommand.self, DoctorCommand.self, StatusCommand.self, TapCommand.self,
            SentCommand.self, RedactCommand.self, PartnersCommand.self, ReadCommand.self, ReplayCommand.self,
            VersionCommand.self,
        ])

    public init() {}
}

/// Where the settings are: shared by all commands.
struct SettingsOptions: ParsableArguments {
    @Option(name: .long, help: "The settings file.")
    var config = "/etc/farwatch/agent.yaml"

    /// Reads and checks; prints every problem and ends with 78 (EX_CONFIG) when there is one.
    func load() throws -> AgentSettings {
        do {
            let document = try SettingsDocument.load(
                file: config, environment: ThisProcess.environment,
                allowedVariables: ["FARWATCH_TOKEN", "FARWATCH_URL"])
            var settings = AgentSettings(document.root, ownHostName: AgentIdentity.hostName())
            let problems = document.problems()
            guard problems.isEmpty else {
                for problem in problems { printError(problem.rendered()) }
                throw ExitCode(EX_CONFIG)
            }
            for (index, endpoint) in settings.endpoints.enumerated() {
                settings.proxies[index] = try Proxy.named(by: ThisProcess.environment, for: endpoint)
            }
            return settings
        } catch let error as ProxySettingError {
            printError("farwatch-agent: \(error)")
            throw ExitCode(EX_CONFIG)
        } catch let error as SettingsError {
            printError("farwatch-agent: \(error)")
            throw ExitCode(EX_CONFIG)
        }
    }
}

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Runs the agent until it is stopped.")

    @OptionGroup var options: SettingsOptions
    @Option(help: .hidden)
    var privilegedSocket: Int32?

    func run() async throws {
        let settings = try options.load()
        if PrivilegeSeparation.isDue(settings) { try partPrivileges(settings) }
        let environment = ThisProcess.environment
        ProcessSignal.ignoreBrokenPipes()
        _ = ThisProcess.forbidCoreDumps()
        let output = bootstrapLogging(level: level(settings.logLevel), environment: environment)
        let logger = Logger(label: "farwatch-agent")
        let signals = try ProcessSignal.arrivals(of: [.terminate, .interrupt, .hangUp])
        let notification = ServiceNotification(environment: environment)
        let agent: Agent
        do {
            agent = try await Agent.start(
                settings, PrivilegeSeparation.part(over: privilegedSocket), logger: logger)
        } catch {
            printError("farwatch-agent: \(error)")
            throw ExitCode.failure
        }
        _ = notification.ready()
        for await signal in signals {
            guard signal == .hangUp else { break }
            await reload(agent, output, logger)
        }
        _ = notification.stopping()
        await agent.stop()
    }

    private func partPrivileges(_ settings: AgentSettings) throws -> Never {
        do {
            try PrivilegeSeparation.begin(settings)
        } catch {
            printError("farwatch-agent: \(error)")
            throw ExitCode.failure
        }
    }

    /// Whole or not at all: a file with anything wrong in it changes nothing. What needs another start is named in the log.
    private func reload(_ agent: Agent, _ output: LogOutput, _ logger: Logger) async {
        let settings: AgentSettings
        do {
            settings = try options.load()
        } catch {
            agent.settingsWereRefused()
            return logger.error("the new settings are not valid; the old ones stay", metadata: ["error": "\(error)"])
        }
        output.level = level(settings.logLevel)
        let waiting = await agent.use(settings)
        guard !waiting.isEmpty else { return logger.notice("settings read again, and in force") }
        logger.warning(
            "settings read again, and in force but for some that wait for the next start",
            metadata: ["waiting": "\(waiting.joined(separator: ", "))"])
    }
}

private func level(_ name: String) -> Logger.Level { Logger.Level(rawValue: name) ?? .info }

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "validate", abstract: "Checks the settings.")

    @OptionGroup var options: SettingsOptions

    func run() throws {
        let settings = try options.load()
        print("\(options.config): valid")
        if let note = settings.unansweredRules { print("note: \(note.detail); \(note.remedy)") }
    }
}

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Sends recorded calls, with their own times and hosts.",
        discussion: """
            Calls go through redaction, spool and forwarder like any others. Interrupted and started again it goes on where it
            was. A file that was replayed is not replayed again: copy it, or remove its directory under state_directory.
            """)

    @OptionGroup var options: SettingsOptions
    @Argument(help: "Calls in the native form, one a line.")
    var file: String
    @Option(name: .long, help: "Calls a second, or max.")
    var speed = "max"

    func validate() throws {
        guard speed == "max" || Double(speed).map({ $0 > 0 && $0.isFinite }) == true else {
            throw ValidationError("speed is a number of calls a second, or max")
        }
    }

    func run() async throws {
        let settings = try options.load()
        ProcessSignal.ignoreBrokenPipes()
        let output = bootstrapLogging(level: level(settings.logLevel), environment: ThisProcess.environment)
        let replay = Replay(
            settings: settings, path: file, speed: Double(speed), logger: output.logger("farwatch-agent"))
        let showsProgress = ThisProcess.errorOutputIsTerminal
        do {
            let report = try await replay.run { report in
                if showsProgress { printError("line \(report.lineCount)") }
            }
            printError(
                """
                \(report.lineCount) lines\(report.resumedAtLine > 0 ? " (from \(report.resumedAtLine) on in this run)" : ""): \
                \(report.acceptedCount) calls sent, \(report.suppressedCount) seen before, \(report.notOursCount) of no \
                partner, \(report.rejectedCount) not readable
                """)
        } catch {
            printError("farwatch-agent: \(error)")
            throw ExitCode.failure
        }
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Says which version this is.")

    func run() {
        print("farwatch-agent \(Agent.version)")
    }
}
