import CallModel
import Logging
import Probes
import Runtime

/// Keeps what packets cost under the agent's ceiling (`capture.limits.agent_cpu_percent`), by the steps of the probes' `Governor`:
/// bodies cut short, successes sampled, no bodies, and for some minutes nothing. Reads the process's own time, so that whatever the
/// agent does with what was captured counts.
struct PacketGovernor {
    private(set) var governor: Governor
    private var nextReading: Int64
    private let lookingCPU: @Sendable () -> Duration
    private let logger: Logger

    private static let interval = Duration.milliseconds(250)

    /// The agent's own start is not what is governed.
    private static let firstReadingAfter = Duration.seconds(10)

    /// - Parameter lookingCPU: What looking for libraries to probe has used, which has a budget of its own.
    init(_ settings: CaptureSettings, lookingCPU: @escaping @Sendable () -> Duration, logger: Logger) {
        var configuration = Governor.Configuration()
        configuration.agentShareMax = settings.agentShareMax
        governor = Governor(configuration: configuration)
        nextReading = MonotonicClock.now() + Self.firstReadingAfter.nanoseconds
        self.lookingCPU = lookingCPU
        self.logger = logger
    }

    var isDetached: Bool { governor.level == .detached }

    /// Takes a reading where one is due.
    mutating func timePassed(to now: Instant, at time: Int64) {
        guard time >= nextReading else { return }
        nextReading = time + Self.interval.nanoseconds
        let used = max(.zero, ProcessorTime.ofThisProcess() - lookingCPU())
        let reading = Governor.Reading(agentCPU: used, applicationCPU: .zero, probeCost: .zero)
        guard let step = governor.measured(reading, at: now) else { return }
        logger.warning(
            "packets: step",
            metadata: ["from": "\(step.from.name)", "to": "\(step.to.name)", "reason": "\(step.reason)"])
    }
}

extension Governor.Level {
    /// Of a body in packets. Cut ones keep their exact size.
    var packetBodyByteCountMax: Int {
        switch self {
        case .full: .max
        case .shortBodies, .sampled: 4 << 10
        case .metadata, .detached: 0
        }
    }
}

/// One successful call of so many is kept, and weighs as much as all of them; what fails is always kept.
struct SuccessSampler {
    var weight: UInt32 = 1
    private var successes: UInt32 = 0

    /// Nil for a success that another one stands for.
    mutating func weight(isSuccess: Bool) -> UInt32? {
        guard weight > 1, isSuccess else { return 1 }
        successes &+= 1
        return successes % weight == 0 ? weight : nil
    }
}
