import Glibc
import Runtime

/// How PostgreSQL's programs are started: as the server's user, from a directory anyone may enter, without our
/// environment.
enum ServerProgram {
    static func configuration(_ command: [String], as user: UserIdentity?) -> ProcessConfiguration {
        var configuration = ProcessConfiguration(
            command[0], Array(command.dropFirst()),
            environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"], directory: "/")
        configuration.output = .tail(byteCountMax: 8192)
        configuration.errorOutput = .tail(byteCountMax: 8192)
        configuration.user = user
        return configuration
    }

    /// Runs one to its end.
    static func run(
        _ command: [String], as user: UserIdentity? = nil, timeout: Duration
    ) throws(EmbeddedServerError) -> ProcessResult {
        var configuration = configuration(command, as: user)
        configuration.parentDeathSignal = SIGKILL
        do throws(ProcessError) {
            return try ChildProcess.runBlocking(configuration, timeout: timeout)
        } catch {
            throw EmbeddedServerError(error)
        }
    }

    /// Starts the server, its messages going to `log`. When we die without stopping it the kernel sends SIGINT, its
    /// fast shutdown.
    static func startServer(
        _ command: [String], as user: UserIdentity, log: ServerLog
    ) throws(EmbeddedServerError) -> ChildProcess {
        var configuration = configuration(command, as: user)
        configuration.output = .discarded
        configuration.errorOutput = .lines { log.append($0) }
        configuration.parentDeathSignal = SIGINT
        do throws(ProcessError) {
            return try ChildProcess.startBlocking(configuration)
        } catch {
            throw EmbeddedServerError(error)
        }
    }
}
