import CallModel

/// How the probes are: for the status page, `doctor`, metrics and the heartbeat.
public struct ProbeReport: Sendable {
    public var mode: ProbeConfiguration.Mode
    /// Why nothing runs although the mode would have it; nil where it runs.
    public var problem: String?
    /// They are being ended: what is handed on now is the last.
    public var isStopping = false
    public var features: [ProbeFeature] = []
    public var level = Governor.Level.full
    public var steps: [Governor.Step] = []
    public var stepCounts: [Int] = []
    /// Of one core; and of the watched applications' own time.
    public var agentShare = 0.0
    public var applicationShare = 0.0
    public var cost = ProbeCost()
    /// Of the agent's own time: looking for libraries, which has a budget of its own.
    public var lookingCPU = Duration.zero
    public var attachedProbes = 0
    public var probedFiles = 0
    public var counters = ProbeCounters()
    public var streams = ProbeStreams.Counters()
    public var sessionsOpen = 0
    /// Connects to TLS's usual ports, by the name looked up.
    public var connectsByName: [String: Int] = [:]
    public var coverage: Coverage

    public init(mode: ProbeConfiguration.Mode) {
        self.mode = mode
        coverage = Coverage(processCountMax: 0)
    }

    /// One line a fact, for people.
    public var lines: [String] {
        var lines = ["probes: \(mode.rawValue)\(problem.map { ", not running: \($0)" } ?? ", level \(level.name)")"]
        lines += features.map { "  \($0.line)" }
        lines += coverage.processes.values.filter(\.isOfInterest).sorted { $0.id < $1.id }.map { "  \($0.line)" }
        lines += steps.map { "  \($0.at.rfc3339) \($0.from.name) -> \($0.to.name): \($0.reason)" }
        return lines
    }
}

extension Coverage.Process {
    /// `curl (1234): read by OpenSSL …, 3 sessions` or `app (99): not read: Go …`.
    public var line: String {
        var words = "\(command) (\(id)): "
        if !readBy.isEmpty {
            words += "read by \(readBy.joined(separator: ", ")), \(sessions) sessions"
        } else if !readableBy.isEmpty {
            words += "can be read by \(readableBy.joined(separator: ", "))"
        } else if let blindness {
            words += "not read: \(blindness.rawValue)"
        } else {
            words += "no TLS that we know of"
        }
        if speaksQUIC { words += "; speaks QUIC, which no probe can read" }
        return words + "; \(connects) connects, \(tlsConnects) to TLS ports, \(failedConnects) failed"
    }
}
