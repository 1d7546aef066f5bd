import CallModel
import Documents
import Forwarder
import Glibc
import Logging
import Runtime

/// Tells somebody by itself when no aggregator has answered for long: those who tell people of everything else are on the other
/// side. Runs the operator's command when that is so, again while it stays so, and once when it is over.
struct AggregatorAlarm: Sendable {
    struct Configuration: Sendable {
        /// Silence for so long is told.
        var after: Duration = .seconds(300)
        /// And told again so often.
        var repeatInterval: Duration = .seconds(3_600)
        /// An absolute path and its arguments; empty: it is logged and shown as a metric, nothing more.
        var command: [String] = []
        var commandTimeout: Duration = .seconds(30)

        init() {}
    }

    enum Event: String, Sendable {
        case lost, stillLost = "still_lost", back
    }

    /// When to tell what: without clock or effects.
    struct Core: Sendable {
        var configuration: Configuration
        private(set) var isLost = false
        private var toldAt: Int64 = 0

        init(_ configuration: Configuration) { self.configuration = configuration }

        /// - Parameters:
        ///   - lastAnswer: of any aggregator, or when the agent started; nanoseconds of the clock `now` is of.
        mutating func look(lastAnswer: Int64, at now: Int64) -> Event? {
            guard now - lastAnswer >= configuration.after.nanoseconds else {
                defer { isLost = false }
                return isLost ? .back : nil
            }
            guard isLost else {
                (isLost, toldAt) = (true, now)
                return .lost
            }
            guard now - toldAt >= configuration.repeatInterval.nanoseconds else { return nil }
            toldAt = now
            return .stillLost
        }
    }

    private static let period: Duration = .seconds(5)
    private static let outputByteCountMax = 4 << 10

    let configuration: @Sendable () -> Configuration
    let host: String
    /// Nanoseconds of the monotonic clock.
    let lastAnswer: @Sendable () -> Int64
    let waitingCalls: @Sendable () -> Int
    let logger: Logger
    let runs: @Sendable (String) -> Counter

    init(
        _ configuration: @escaping @Sendable () -> Configuration, host: String,
        lastAnswer: @escaping @Sendable () -> Int64,
        waitingCalls: @escaping @Sendable () -> Int, _ metrics: MetricsRegistry, logger: Logger
    ) {
        self.configuration = configuration
        self.host = host
        self.lastAnswer = lastAnswer
        self.waitingCalls = waitingCalls
        self.logger = logger
        metrics.gauge(
            "farwatch_forwarder_unanswered_seconds", help: "Since an aggregator last answered well.",
            read: { Double(MonotonicClock.now() - lastAnswer()) / 1e9 })
        runs = { result in
            metrics.counter(
                "farwatch_forwarder_alarm_runs_total", help: "Runs of forward.alarm.command.",
                labels: [("result", result)])
        }
    }

    /// Runs until cancelled.
    func run() async {
        var core = Core(configuration())
        while !Task.isCancelled {
            core.configuration = configuration()
            if let event = core.look(lastAnswer: lastAnswer(), at: MonotonicClock.now()) {
                await tell(event, core.configuration)
            }
            do {
                try await Task.sleep(for: Self.period)
            } catch {
                return  // Cancelled.
            }
        }
    }

    private func tell(_ event: Event, _ configuration: Configuration) async {
        let seconds = (MonotonicClock.now() - lastAnswer()) / 1_000_000_000
        switch event {
        case .lost, .stillLost:
            logger.error(
                "no aggregator has answered: what fails now is told to nobody",
                metadata: ["seconds": "\(seconds)", "waiting_calls": "\(waitingCalls())"])
        case .back: logger.notice("an aggregator answers again")
        }
        guard let program = configuration.command.first else { return }
        var process = ProcessConfiguration(
            program, Array(configuration.command.dropFirst()),
            environment: [
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
                "FARWATCH_EVENT": event.rawValue, "FARWATCH_HOST": host,
            ], directory: "/")
        process.input = .bytes(document(event, seconds: seconds))
        process.output = .head(byteCountMax: Self.outputByteCountMax)
        process.errorOutput = .tail(byteCountMax: Self.outputByteCountMax)
        process.parentDeathSignal = SIGKILL
        do {
            let result = try await ChildProcess.run(process, timeout: configuration.commandTimeout)
            runs(result.succeeded ? "ok" : "failed").add()
            if !result.succeeded {
                logger.error(
                    "forward.alarm.command failed",
                    metadata: ["ending": "\(result.ending)", "said": "\(result.errorText.prefix(300))"])
            }
        } catch {
            runs("failed").add()
            logger.error("forward.alarm.command could not be run", metadata: ["error": "\(error)"])
        }
    }

    func document(_ event: Event, seconds: Int64) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("event", event.rawValue)
            $0.member("host", host)
            $0.member("unanswered_s", seconds)
            $0.member("waiting_calls", waitingCalls())
        }
        return writer.bytes
    }
}
