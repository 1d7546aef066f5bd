import CallModel
import Documents
import Forwarder
import Glibc
import Logging
import NIOCore
import Runtime
import Transport

/// Tells somebody by itself when no aggregator has answered for long: those who tell people of everything else are on
/// the other side. Runs the operator's command and calls the operator's URL when that is so, again while it stays so,
/// and once when it is over.
struct AggregatorAlarm: Sendable {
    struct Configuration: Sendable {
        /// Silence for so long is told.
        var after: Duration = .seconds(300)
        /// And told again so often.
        var repeatInterval: Duration = .seconds(3_600)
        /// An absolute path and its arguments. With neither it nor a URL it is logged and shown as a metric, nothing
        /// more.
        var command: [String] = []
        /// Gets the same document by POST. The host's own operator names it, so that private addresses are as good as
        /// others.
        var url: WebAddress?
        var ca: String?
        /// Of either.
        var timeout: Duration = .seconds(30)
        /// By what receivers know that all agents of one aggregator tell of the same trouble.
        var subject = ""

        init() {}
    }

    enum Event: String, Sendable {
        case lost, stillLost = "still_lost", back
    }

    /// When to tell what: without clock or effects.
    struct Core: Sendable {
        var configuration: Configuration
        /// Added to `after`, so that a fleet whose aggregator is gone does not tell of it in one second.
        private let delay: Double
        private(set) var isLost = false
        private var toldAt: Int64 = 0

        /// - Parameter host: by which each agent has its own part of the tenth of `after` over which a fleet is spread.
        init(_ configuration: Configuration, host: String) {
            self.configuration = configuration
            // FNV-1a, so that it is the same after a restart; names that differ in their last digit alone are spread by what follows.
            var hash = host.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
            hash = (hash ^ hash >> 32) &* 0x9e37_79b9_7f4a_7c15
            hash ^= hash >> 29
            delay = 0.1 * Double(hash >> 11) * 0x1p-53
        }

        private var patience: Int64 {
            configuration.after.nanoseconds + Int64(delay * Double(configuration.after.nanoseconds))
        }

        /// - Parameters:
        ///   - lastAnswer: of any aggregator, or when the agent started; nanoseconds of the clock `now` is of.
        mutating func look(lastAnswer: Int64, at now: Int64) -> Event? {
            guard now - lastAnswer >= patience else {
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

    /// Between two looks; and a call that failed is tried again with the next of them.
    private static let period: Duration = .seconds(5)
    private static let callsMax = 3
    private static let outputByteCountMax = 4 << 10

    let configuration: @Sendable () -> Configuration
    let host: String
    /// Nanoseconds of the monotonic clock.
    let lastAnswer: @Sendable () -> Int64
    let waitingCalls: @Sendable () -> Int
    let logger: Logger
    let runs: @Sendable (String) -> Counter
    let calls: @Sendable (String) -> Counter
    private let group: any EventLoopGroup

    init(
        _ configuration: @escaping @Sendable () -> Configuration, host: String,
        lastAnswer: @escaping @Sendable () -> Int64, waitingCalls: @escaping @Sendable () -> Int,
        group: any EventLoopGroup, _ metrics: MetricsRegistry, logger: Logger
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
        calls = { result in
            metrics.counter(
                "farwatch_forwarder_alarm_calls_total", help: "Calls of forward.alarm.url.",
                labels: [("result", result)])
        }
        for result in ["ok", "failed"] { _ = (runs(result), calls(result)) }
        self.group = group
    }

    /// Runs until cancelled.
    func run() async {
        var core = Core(configuration(), host: host)
        while !Task.isCancelled {
            var configuration = configuration()
            // Who heard of it by one key hears of its end by the same, whatever the endpoints are by then.
            if core.isLost { configuration.subject = core.configuration.subject }
            core.configuration = configuration
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
        async let calling: Void = call(configuration, document(event, configuration, seconds: seconds))
        await runCommand(configuration, event, seconds: seconds)
        await calling
    }

    /// Tried a few times: it is called because something is wrong with the network.
    private func call(_ configuration: Configuration, _ document: [UInt8]) async {
        guard let url = configuration.url else { return }
        let client = client(configuration)
        var problem = ""
        for attempt in 1...Self.callsMax {
            do throws(TransportError) {
                let request = WebRequest(url, headers: ["content-type": "application/json"], body: document)
                let response = try await client.send(request)
                if 200..<300 ~= response.status { return calls("ok").add() }
                problem = "HTTP \(response.status)"
            } catch {
                problem = "\(error)"
            }
            calls("failed").add()
            // Cancelled: nothing more is tried.
            guard attempt < Self.callsMax, (try? await Task.sleep(for: Self.period)) != nil else { break }
        }
        logger.error("forward.alarm.url was not told", metadata: ["error": "\(problem)"])
    }

    private func client(_ configuration: Configuration) -> WebClient {
        var web = WebClient.Configuration()
        web.timeout = configuration.timeout
        web.addresses.allowsPrivate = true
        web.tls = ClientTLS(caFile: configuration.ca)
        return WebClient(web, group: group)
    }

    private func runCommand(_ configuration: Configuration, _ event: Event, seconds: Int64) async {
        guard let program = configuration.command.first else { return }
        var process = ProcessConfiguration(
            program, Array(configuration.command.dropFirst()),
            environment: [
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
                "FARWATCH_EVENT": event.rawValue, "FARWATCH_HOST": host,
            ], directory: "/")
        process.input = .bytes(document(event, configuration, seconds: seconds))
        process.output = .head(byteCountMax: Self.outputByteCountMax)
        process.errorOutput = .tail(byteCountMax: Self.outputByteCountMax)
        process.parentDeathSignal = SIGKILL
        do {
            let result = try await ChildProcess.run(process, timeout: configuration.timeout)
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

    func document(_ event: Event, _ configuration: Configuration, seconds: Int64) -> [UInt8] {
        var writer = JSONWriter()
        writer.object {
            $0.member("event", event.rawValue)
            $0.member("host", host)
            $0.member("dedup_key", "farwatch-unanswered " + configuration.subject)
            $0.member("unanswered_s", seconds)
            $0.member("waiting_calls", waitingCalls())
        }
        return writer.bytes
    }
}
