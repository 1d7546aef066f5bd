import Attribution
import CallModel
import Documents
import Logging
import Privileges
import Probes
import Protocols
import Runtime
import Spool
import Synchronization

/// From probes to the spool: the bytes of TLS libraries through the protocols, the calls through the pipeline.
///
/// Where probes cannot run, the agent runs without them and says why: on its status page, in its metrics, with its heartbeats.
final class ProbeCapture: Sendable {
    /// What the probes' thread counted a second ago.
    private final class Shown: Sendable {
        let latest = Mutex(ConnectionCounts())
    }

    private let shown: Shown
    private let probes: Probes?
    private let refusal: ProbeReport

    /// - Parameter take: Names, judges, redacts and keeps calls, each with what is known of its process.
    init(
        _ settings: AgentSettings, _ part: PrivilegedPart, metrics: MetricsRegistry, logger: Logger,
        take: @escaping @Sendable ([APICall], [ProcessFacts?], Instant) -> Void
    ) {
        var refusal = ProbeReport(mode: settings.capture.probes)
        let shown = Shown()
        self.shown = shown
        do {
            probes =
                try settings.capture.probes == .off ? nil : Self.start(settings, part, metrics, logger, shown, take)
        } catch {
            probes = nil
            refusal.problem = "\(error)"
            logger.error("no probes: the agent goes on without", metadata: ["error": "\(error)"])
        }
        self.refusal = refusal
        registerProbeMetrics(metrics) { [probes, refusal] in probes?.state ?? refusal }
    }

    private static func start(
        _ settings: AgentSettings, _ part: PrivilegedPart, _ metrics: MetricsRegistry, _ logger: Logger, _ shown: Shown,
        _ take: @escaping @Sendable ([APICall], [ProcessFacts?], Instant) -> Void
    ) throws -> Probes {
        let counters = CaptureCounters(metrics)
        let (hostName, isWanted) = (settings.hostName, settings.attribution.asksProcesses)
        return try Probes(
            settings.capture.probeConfiguration(stateDirectory: settings.stateDirectory), part, logger: logger,
            makeConsumer: {
                let processes = ProcessBook(isWanted: isWanted)
                let sink = CaptureSink(hostName: hostName, counters: counters, processes: processes)
                return ProbeConsumer(reader: CallReader(sink: sink, source: .probe))
            },
            passed: { consumer, now, report in
                let reader = consumer.reader
                reader.sink.sampler.weight = report.level.successWeight
                reader.timePassed(to: now)
                if let connections = reader.sink.connectionsToShow(at: now) {
                    shown.latest.withLock { $0 = connections }
                }
                guard let calls = reader.sink.takeCalls(at: now, isLast: report.isStopping) else { return }
                if !calls.calls.isEmpty { take(calls.calls, calls.processes, now) }
            })
    }

    var state: ProbeReport { probes?.state ?? refusal }

    /// Outbound connections that carried a call.
    var connections: ConnectionCounts { shown.latest.withLock { $0 } }

    /// Whether each connection of this host that fails is told by probes. They tell it also of programs whose TLS they cannot read;
    /// not of those outside the listed units, which are then told by nobody.
    var tellFailures: Bool {
        let state = state
        return state.mode == .on && state.problem == nil && state.level != .detached
    }

    /// Detaches, within a second.
    func stop() async { await probes?.stop() }
}

/// What capture does with the calls it sees, counted.
struct CaptureCounters: Sendable {
    let seen: Counter
    let unknown: Counter
    let sampledOut: Counter
    let dropped: Counter

    init(_ metrics: MetricsRegistry) {
        seen = metrics.counter("farwatch_capture_calls_total", help: "Calls seen by the agent itself.")
        unknown = metrics.counter(
            "farwatch_capture_unknown_answer_calls_total",
            help: "Calls of which it was not seen whether they were answered; let go.")
        sampledOut = metrics.counter(
            "farwatch_capture_sampled_out_calls_total",
            help: "Successful calls another one stands for, by its weight.")
        dropped = metrics.counter(
            "farwatch_capture_dropped_calls_total", help: "Calls dropped because too many came at once.")
    }
}

/// Collects calls between two passes of the probes.
struct CaptureSink: CallSink {
    /// A pass takes twenty milliseconds: this is 400,000 calls a second, or a loop gone wild.
    private static let callCountMax = 8_192
    private static let handOnInterval = Duration.milliseconds(250)
    private static let handOnCountMax = 512

    var sampler = SuccessSampler()
    private let hostName: String
    private let counters: CaptureCounters
    var processes: ProcessBook
    /// Outbound connections that carried a call.
    private(set) var connections = ConnectionCounts()
    private var shownAt = Instant.epoch
    private var takenAt = Instant.epoch
    private var calls: [APICall] = []
    private var facts: [ProcessFacts?] = []

    init(hostName: String, counters: CaptureCounters, processes: ProcessBook) {
        self.hostName = hostName
        self.processes = processes
        self.counters = counters
    }

    mutating func observed(_ observed: ObservedCall) {
        counters.seen.add()
        guard !observed.isAnswerUnknown else { return counters.unknown.add() }
        let direction: Direction = ProbeStreams.isServer(observed.connection.id) ? .inbound : .outbound
        if direction == .outbound { connections.read(observed) }
        let isSuccess = observed.error == nil && observed.status < 400
        guard let weight = sampler.weight(isSuccess: isSuccess) else { return counters.sampledOut.add() }
        guard calls.count < Self.callCountMax else { return counters.dropped.add() }
        var call = observed.makeCall(direction)
        call.host = hostName
        call.weight = weight
        call.adoptTraceParent()
        calls.append(call)
        facts.append(processes.facts(of: observed.connection.origin.processID, at: call.time))
    }

    /// Once a second at most: showing them costs the next change a copy.
    mutating func connectionsToShow(at now: Instant) -> ConnectionCounts? {
        guard now - shownAt >= .seconds(1) || now < shownAt else { return nil }
        shownAt = now
        return connections
    }

    /// What was collected, and of each call the process; nil while it is to become more. A pass takes a few milliseconds, and what
    /// follows costs less a call the more of them come together.
    mutating func takeCalls(at now: Instant, isLast: Bool) -> (calls: [APICall], processes: [ProcessFacts?])? {
        let isDue = now - takenAt >= Self.handOnInterval || now < takenAt
        guard isLast || isDue || calls.count >= Self.handOnCountMax else { return nil }
        takenAt = now
        defer { (calls, facts) = ([], []) }
        return (calls, facts)
    }
}

private func registerProbeMetrics(_ metrics: MetricsRegistry, _ state: @escaping @Sendable () -> ProbeReport) {
    let gauges: [(String, String, @Sendable (ProbeReport) -> Double)] = [
        ("attached", "Probes attached.", { Double($0.attachedProbes) }),
        ("files", "Files that probes stand on.", { Double($0.probedFiles) }),
        ("level", "The governor's level: 0 everything, 4 detached.", { Double($0.level.rawValue) }),
        ("agent_cpu_ratio", "Of one core, what the agent uses.", { $0.agentShare }),
        ("application_cpu_ratio", "Of their own time, what probes cost applications.", { $0.applicationShare }),
        ("sessions", "TLS sessions open.", { Double($0.sessionsOpen) }),
        ("blind_processes", "Processes that speak TLS and are not read.", { Double($0.coverage.blindProcesses.count) }),
    ]
    for (name, help, value) in gauges {
        metrics.gauge("farwatch_probes_\(name)", help: help, read: { value(state()) })
    }
    let counters: [(String, String, @Sendable (ProbeReport) -> UInt64)] = [
        ("calls", "Calls into TLS libraries.", { $0.counters.calls &+ $0.counters.dearCalls }),
        ("copied_bytes", "Bytes copied from applications.", { $0.counters.copiedBytes }),
        ("dropped_events", "Records that found no room in the ring.", { $0.counters.droppedEvents }),
        ("dropped_bytes", "Bytes such records stood for.", { $0.counters.droppedBytes }),
        ("faults", "Memory of applications that could not be read.", { $0.counters.faults }),
        ("nested_calls", "Calls too deep inside others to be followed.", { $0.counters.nestedCalls }),
        ("full_maps", "Sessions or threads a full map had no room for.", { $0.counters.fullMaps }),
        ("gap_bytes", "Bytes of streams that were not seen.", { $0.streams.gapBytes }),
        ("evicted_sessions", "Sessions given up to keep within bounds.", { $0.streams.sessionsEvicted }),
        ("addressless_sessions", "Sessions whose connection was not found.", { $0.streams.openedWithoutAddress }),
        ("connects", "TCP connects of this host.", { $0.streams.connectsSeen }),
        ("failed_connects", "Those that failed.", { $0.streams.connectsFailed }),
        ("tls_connects", "Connections to the usual TLS ports.", { $0.coverage.tlsConnects }),
        ("read_sessions", "TLS sessions whose bytes were read.", { $0.coverage.sessions }),
        ("steps", "Steps of the governor.", { UInt64($0.stepCounts.reduce(0, +)) }),
    ]
    for (name, help, value) in counters {
        metrics.counter("farwatch_probes_\(name)_total", help: help, read: { Double(value(state())) })
    }
}

extension ProbeReport {
    /// For the status page, as one JSON object.
    var json: [UInt8] {
        var bytes = Array("{".utf8)
        func key(_ name: String) {
            if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
            JSONText.appendString(name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
        }
        func text(_ name: String, _ value: String?) {
            key(name)
            if let value { JSONText.appendString(value, to: &bytes) } else { bytes += Array("null".utf8) }
        }
        func number(_ name: String, _ value: some Numeric) {
            key(name)
            bytes += Array("\(value)".utf8)
        }
        func list<Element>(_ name: String, _ elements: [Element], _ body: (Element) -> Void) {
            key(name)
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                bytes += Array((index > 0 ? ",{" : "{").utf8)
                body(element)
                bytes.append(UInt8(ascii: "}"))
            }
            bytes.append(UInt8(ascii: "]"))
        }
        text("mode", mode.rawValue)
        text("problem", problem)
        text("level", level.name)
        number("attached", attachedProbes)
        number("agent_cpu_ratio", agentShare)
        number("application_cpu_ratio", applicationShare)
        number("dropped_events", counters.droppedEvents)
        number("call_cost_ns", cost.cheapCall.nanoseconds)
        number("dear_call_cost_ns", cost.dearCall.nanoseconds)
        list("features", features) { feature in
            text("name", feature.name)
            text("refused", feature.refusal)
            text("loss", feature.refusal == nil ? nil : feature.lossWhenMissing)
        }
        list("processes", coverage.processes.values.filter(\.isOfInterest).sorted { $0.id < $1.id }) { process in
            number("pid", process.id)
            text("command", process.command)
            text("read_by", process.readBy.isEmpty ? nil : process.readBy.joined(separator: ", "))
            text("not_read", process.blindness?.rawValue)
            number("sessions", process.sessions)
            number("connects", process.connects)
            number("tls_connects", process.tlsConnects)
            number("failed_connects", process.failedConnects)
            number("quic", process.speaksQUIC ? 1 : 0)
        }
        list("steps", steps) { step in
            text("at", step.at.rfc3339)
            text("from", step.from.name)
            text("to", step.to.name)
            text("reason", step.reason)
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}
