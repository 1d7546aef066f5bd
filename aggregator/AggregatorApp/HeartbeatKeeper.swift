import CallModel
import Logging
import NIOCore
import Notifiers
import Runtime
import Synchronization
import Transport

/// Calls an address outside as long as this aggregator decides (a dead man's switch): who hears nothing knows that
/// nobody would be told of an outage.
///
/// Whatever answers with 2xx has heard it. It says nothing while another aggregator decides, because that one calls; and it
/// says nothing while deciding or delivering stands still (`AlertingLife`), because then nobody would be told though the process lives.
final class HeartbeatKeeper: Sendable {
    private let target: Mutex<(settings: HeartbeatSettings, client: WebClient)?>
    private let group: any EventLoopGroup
    private let isDeciding: @Sendable () -> Bool
    private let life: @Sendable (_ decidingSince: Instant) -> AlertingLife
    private let logger: Logger
    private let sent: Counter
    private let failed: Counter
    private let withheld: Counter

    /// - Parameter life: what deciding and delivering have come to.
    init(
        _ settings: HeartbeatSettings?, isDeciding: @escaping @Sendable () -> Bool,
        life: @escaping @Sendable (_ decidingSince: Instant) -> AlertingLife, group: any EventLoopGroup,
        _ metrics: MetricsRegistry, logger: Logger
    ) {
        self.isDeciding = isDeciding
        self.life = life
        self.group = group
        self.logger = logger
        target = Mutex(settings.map { ($0, Self.client($0, group)) })
        func counter(_ result: String) -> Counter {
            metrics.counter(
                "farwatch_heartbeat_calls_total", help: "Calls of the heartbeat's address.",
                labels: [("result", result)])
        }
        sent = counter("sent")
        failed = counter("failed")
        withheld = counter("withheld")
    }

    /// Nil: there is nobody to call from now on.
    func use(_ settings: HeartbeatSettings?) {
        let target = settings.map { ($0, Self.client($0, group)) }
        self.target.withLock { $0 = target }
    }

    private static func client(_ settings: HeartbeatSettings, _ group: any EventLoopGroup) -> WebClient {
        var web = settings.web
        web.proxy = outgoingProxy(ThisProcess.environment)
        return WebClient(web, group: group)
    }

    func run() async {
        var error: String?
        var stalled: String?
        var decidingSince: Instant?
        while !Task.isCancelled {
            let target = target.withLock { $0 }
            // Looked at often where nobody is to be called: the settings can change.
            var wait = target?.settings.every ?? .seconds(1)
            let now = currentInstant()
            decidingSince = isDeciding() ? decidingSince ?? now : nil
            let stall = target.flatMap { target in
                decidingSince.flatMap { life($0).stall(target.settings, at: now) }
            }
            if (stall == nil) != (stalled == nil) { log(stall: stall) }
            stalled = stall
            if stall != nil {
                withheld.add()
                wait = min(wait, .seconds(5))
            } else if let target, decidingSince != nil {
                let outcome = await beat(target.settings, target.client)
                if outcome != error { log(outcome) }
                error = outcome
                // One lost call should not sound an alarm.
                if error != nil { wait = min(wait, .seconds(10)) }
            } else {
                wait = min(wait, .seconds(1))
            }
            do {
                try await Task.sleep(for: wait)
            } catch {
                return  // Cancelled.
            }
        }
    }

    /// What went wrong.
    private func beat(_ settings: HeartbeatSettings, _ client: WebClient) async -> String? {
        do throws(TransportError) {
            let response = try await client.send(WebRequest(method: settings.method, settings.address))
            if 200..<300 ~= response.status {
                sent.add()
                return nil
            }
            failed.add()
            return "HTTP \(response.status)"
        } catch {
            failed.add()
            return "\(error)"
        }
    }

    private func log(stall: String?) {
        if let stall {
            logger.error("the heartbeat is withheld", metadata: ["reason": "\(stall)"])
        } else {
            logger.notice("the heartbeat goes on")
        }
    }

    private func log(_ error: String?) {
        if let error {
            logger.error("the heartbeat is not heard", metadata: ["error": "\(error)"])
        } else {
            logger.notice("the heartbeat is heard again")
        }
    }
}
