import ArgumentParser
import CallModel
import Glibc
import Logging
import Postgres
import Runtime
import Storage

/// Runs `body` with a connection to the database of the settings: an outside one, or the embedded one of a running aggregator;
/// where none runs, the embedded server is started for as long as it takes.
func withDatabase<R: Sendable>(
    _ settings: AggregatorSettings, _ body: @escaping @Sendable (PostgresConnection) throws -> R
) async throws -> R {
    let logger = Logger(label: "farwatch-aggregator") { _ in SwiftLogNoOpLogHandler() }
    let environment = ThisProcess.environment
    let running = settings.databaseURL == nil ? runningServer(settings, environment) : nil
    let embedded: EmbeddedServer?
    let address: PostgresSettings
    if let running {
        (embedded, address) = (nil, running)
    } else {
        (embedded, address) = try await DatabaseAccess.connectTo(settings, environment: environment, logger: logger)
    }
    let result: Result<R, any Error>
    do {
        let pool = try PostgresPool(address, .dedicated(name: "command"), logger: logger)
        do {
            result = .success(try await pool.run(body))
        } catch {
            result = .failure(error)
        }
        await pool.close()
    } catch {
        result = .failure(error)
    }
    await embedded?.stop()
    return try result.get()
}

/// How to reach the embedded server while an aggregator runs it; nil when none does.
private func runningServer(_ settings: AggregatorSettings, _ environment: [String: String]) -> PostgresSettings? {
    let configuration = DatabaseAccess.embeddedConfiguration(settings, environment)
    guard let command = try? EmbeddedServer.psqlCommand(configuration),  // An error says that none runs.
        let host = command.firstIndex(of: "--host").map({ command[$0 + 1] })
    else { return nil }
    return PostgresSettings(socketDirectory: host, database: configuration.database, user: configuration.user)
}

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Brings the database to this program's schema.")

    @OptionGroup var options: SettingsOptions
    @Flag(name: .long, help: "Only say what would be done.")
    var dryRun = false

    func run() async throws {
        let dryRun = dryRun
        let report = try await withDatabase(try options.load()) { try Migrator.migrate($0, dryRun: dryRun) }
        if report.steps.isEmpty { print("the schema is at version \(report.from) already") }
        for step in report.steps { print(dryRun ? "would apply \(step)" : "applied \(step)") }
    }
}

struct PsqlCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "psql", abstract: "Opens the database in psql; arguments after -- go to it.")

    @OptionGroup var options: SettingsOptions
    @Argument(parsing: .captureForPassthrough, help: "Arguments for psql.")
    var arguments: [String] = []

    func run() throws {
        let settings = try options.load()
        let command: [String]
        do {
            command = try settings.databaseURL.map(Self.command(for:)) ?? Self.embeddedCommand(settings)
        } catch {
            printError("farwatch-aggregator: \(error)")
            throw ExitCode.failure
        }
        var theirs = arguments
        if let separator = theirs.firstIndex(of: "--") { theirs.remove(at: separator) }
        var pointers = (command + theirs).map { strdup($0) } + [nil]
        execvp(command[0], &pointers)
        printError("farwatch-aggregator: psql cannot be started: \(systemMessage(errno))")
        throw ExitCode.failure
    }

    /// For an outside database. The password goes by the environment, which psql takes over.
    private static func command(for url: Secret) throws -> [String] {
        let access = try PsqlAccess(address: url.reveal)
        if let password = access.password { setenv("PGPASSWORD", password.reveal, 1) }
        return ["psql", "--dbname", access.connection]
    }

    private static func embeddedCommand(_ settings: AggregatorSettings) throws -> [String] {
        try EmbeddedServer.psqlCommand(DatabaseAccess.embeddedConfiguration(settings, ThisProcess.environment))
    }
}

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Makes, lists and revokes access tokens.",
        subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a token and prints it, once.")

        @OptionGroup var options: SettingsOptions
        @Option(
            name: .long,
            help: "What it may do: \(TokenScope.allCases.map(\.rawValue).joined(separator: ", ")). Repeatable.")
        var scope: [String] = ["ingest"]
        @Option(name: .long, help: "Whom it is for.")
        var name = "unnamed"
        @Option(name: .long, help: "Days until it expires; never when absent.")
        var days: Int?

        func validate() throws {
            for name in scope where TokenScope(rawValue: name) == nil {
                throw ValidationError(
                    "unknown scope `\(name)`: known are \(TokenScope.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            if let days, !(1...3_650).contains(days) { throw ValidationError("days must be from 1 to 3650") }
        }

        func run() async throws {
            let (token, hash) = AccessTokens.make()
            let scopes = scope.compactMap(TokenScope.init)
            let expiresAt = days.map { currentInstant() + .seconds($0 * 86_400) }
            let name = name
            let id = try await withDatabase(try options.load()) { connection in
                _ = try Migrator.migrate(connection)
                return try TokenStore.create(name: name, scopes: scopes, hash: hash, expiresAt: expiresAt, connection)
            }
            printError("token \(id) (\(scopes.map(\.rawValue).joined(separator: ", "))); it is shown only now:")
            print(token)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists tokens, never the tokens themselves.")

        @OptionGroup var options: SettingsOptions

        func run() async throws {
            let records = try await withDatabase(try options.load()) { connection in
                _ = try Migrator.migrate(connection)
                return try TokenStore.list(connection)
            }
            let now = currentInstant()
            for record in records {
                let state = record.isValid(at: now) ? "valid" : record.revokedAt == nil ? "expired" : "revoked"
                let scopes = record.scopes.map(\.rawValue).joined(separator: ",")
                print("\(record.id)\t\(state)\t\(scopes)\t\(record.createdAt.rfc3339)\t\(record.name)")
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Revokes a token; takes effect within seconds.")

        @OptionGroup var options: SettingsOptions
        @Argument(help: "The token's number, as `list` shows it.")
        var id: Int32

        func run() async throws {
            let id = id
            let isRevoked = try await withDatabase(try options.load()) { try TokenStore.revoke(id: id, $0) }
            guard isRevoked else {
                printError("there is no valid token \(id)")
                throw ExitCode.failure
            }
        }
    }
}
