import Logging
import Privileges
import Runtime

/// Sees whether the process with the privileges is still there, and says so where it is not.
///
/// Nobody can start it anew: the agent gave its privileges up for good, and that is what it is for. So the agent goes on with what it
/// was given (its probes stay attached, its packet socket open, receivers and forwarding need nothing) and tells what it lacks: in
/// the log once, in `status`, `doctor` and metrics as long as it lasts.
struct PrivilegeWatch: Sendable {
    private let part: PrivilegedPart
    private let logger: Logger

    private static let interval = Duration.seconds(1)

    init(_ part: PrivilegedPart, _ metrics: MetricsRegistry, logger: Logger) {
        self.part = part
        self.logger = logger
        metrics.gauge(
            "farwatch_agent_privileged_part_gone", help: "1 once the process with the privileges has ended.",
            read: { part.isGone ? 1 : 0 })
    }

    /// Nil while nothing is wrong.
    var problem: String? {
        part.isGone
            ? "the process with the privileges is gone: what is attached is read on, programs that start and libraries that are new "
                + "are not, and a capture that ends is not opened again"
            : nil
    }

    /// Until it is gone, or this is cancelled.
    func run() async {
        while (try? await Task.sleep(for: Self.interval)) != nil {
            guard let problem else { continue }
            return logger.error("\(problem)", metadata: ["hint": "restart the agent"])
        }
    }
}
