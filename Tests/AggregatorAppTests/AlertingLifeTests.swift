import CallModel
import Testing

@testable import AggregatorApp

/// The heartbeat speaks for alerting, not for the process.
struct AlertingLifeTests {
    private let now = Instant(secondsSinceEpoch: 1_795_000_000)

    private func stall(_ life: AlertingLife) -> String? {
        life.stall(staleAfter: .seconds(60), undeliveredAfter: .seconds(600), at: now)
    }

    @Test func `it goes on while decisions and deliveries do`() {
        let life = AlertingLife(
            decidedAt: now - .seconds(59), outboxReadAt: now, oldestPendingAt: now - .seconds(599))
        #expect(stall(life) == nil)
        #expect(stall(AlertingLife()) == nil, "nothing was to be expected yet")
    }

    @Test func `it stops when deciding stands still, when the outbox is not read, and when nobody takes a message`() {
        #expect(stall(AlertingLife(decidedAt: now - .seconds(61), outboxReadAt: now)) == "nothing was decided for 61 s")
        #expect(
            stall(AlertingLife(decidedAt: now, outboxReadAt: now - .seconds(90))) == "the outbox was not read for 90 s")
        #expect(
            stall(AlertingLife(decidedAt: now, outboxReadAt: now, oldestPendingAt: now - .seconds(700)))
                == "a message has waited for 700 s, and no channel took it")
    }
}
