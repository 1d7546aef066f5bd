import ArgumentParser
import CallModel
import Glibc
import Postgres
import Runtime
import Storage
import Transport

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks at settings, disk, database, tokens and agents, and says what to do.",
        discussion: "Ends with 1 when something is broken (✗), else with 0.")

    @OptionGroup var options: SettingsOptions

    func run() async throws {
        let settings = try options.load()
        let freeBytes = try? Files.availableByteCount(at: settings.stateDirectory)  // An error is a finding.
        var findings = [Finding.good("\(options.config) is valid")]
        findings += Doctor.certificateFindings(settings, at: currentInstant()) { file, kind in
            TLSFiles.endsAt(file, kind).map(Instant.init(secondsSinceEpoch:))
        }
        findings += Doctor.settingsFindings(settings) + Doctor.diskFindings(settings, freeBytes: freeBytes)
        let data = settings.stateDirectory + "/postgres/data"
        guard settings.databaseURL != nil || Files.exists(data) else {
            findings.append(.warning("there is no database yet", "farwatch-aggregator run makes it"))
            return try report(findings)
        }
        do {
            let state = try await withDatabase(settings) { try DatabaseState($0, at: currentInstant()) }
            findings += Doctor.findings(state, settings, freeBytes: freeBytes, at: currentInstant())
        } catch let error as StorageError {
            findings.append(.bad("\(error)", "install a later farwatch-aggregator"))
        } catch {
            findings.append(
                .bad(
                    "the database does not answer: \(error)",
                    settings.databaseURL == nil
                        ? "start the aggregator and read its log" : "check database.url, the server and the network"))
        }
        try report(findings)
    }

    private func report(_ findings: [Finding]) throws {
        let isColoured =
            isatty(STDOUT_FILENO) == 1 && ThisProcess.environment["NO_COLOR"]?.isEmpty != false
        for finding in findings { print(finding.line(isColoured: isColoured)) }
        if findings.contains(where: { $0.mark == .bad }) { throw ExitCode.failure }
    }
}

extension Finding {
    fileprivate func line(isColoured: Bool) -> String {
        let colour = mark == .good ? "32" : mark == .warning ? "33" : "31"
        let shown = isColoured ? "\u{1B}[\(colour)m\(mark.rawValue)\u{1B}[0m" : mark.rawValue
        return "\(shown) \(text)" + (remedy.map { "\n    → \($0)" } ?? "")
    }
}

extension DatabaseState {
    /// Reads without changing anything: also a database that was never migrated has a state.
    fileprivate init(_ connection: PostgresConnection, at now: Instant) throws {
        self.init()
        serverVersion = connection.serverVersion
        programVersion = Migrator.programVersion
        schemaVersion = try Migrator.version(connection)
        guard schemaVersion > 0 else { return }
        size = try StorageSize.read(connection)
        tokens = try TokenStore.list(connection)
        agents = try AgentStore(names: Names()).load(since: now - .seconds(86_400), connection)
        unfoldedBlocks = try RollupStore.unfoldedCount(connection)
        newestStatus = try StateStore.published("status", connection)?.at
    }
}
