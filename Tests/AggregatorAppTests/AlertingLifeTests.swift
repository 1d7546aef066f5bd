import CallModel
import Testing

@testable import AggregatorApp

/// The heartbeat speaks for alerting, not for the process.
struct AlertingLifeTests {
    private let now = Instant(secondsSinceEpoch: 1_795_000_000)

    private func stall(
        deciding ago: Int64 = 3_600, decided: Int64? = 0, read: Int64? = 0, untold: Int64? = nil, pending: Int64? = nil
    ) -> String? {
        func time(_ ago: Int64?) -> Instant? { ago.map { now - .seconds($0) } }
        let life = AlertingLife(
            decidingSince: now - .seconds(ago), decidedAt: time(decided), outboxReadAt: time(read),
            untoldSince: time(untold), oldestPendingAt: time(pending))
        return life.stall(staleAfter: .seconds(60), undeliveredAfter: .seconds(600), at: now)
    }

    @Test func `it goes on while decisions and deliveries do`() {
        #expect(stall(decided: 59, read: 59, pending: 599) == nil)
    }

    @Test func `it stops when deciding stands still, when the outbox is not read, and when nobody takes a message`() {
        #expect(stall(decided: 61) == "nothing was decided for 61 s")
        #expect(stall(read: 90) == "the outbox was not read for 90 s")
        #expect(stall(pending: 700) == "a message has waited for 700 s, and no channel took it")
    }

    @Test func `what has never happened is due from when this aggregator decides`() {
        #expect(stall(deciding: 60, decided: nil, read: nil) == nil)
        #expect(stall(deciding: 61, decided: nil) == "nothing was decided for 61 s")
        #expect(stall(deciding: 61, read: nil) == "the outbox was not read for 61 s")
        #expect(stall(deciding: 10, decided: 500) == nil, "that was another's turn")
    }

    @Test func `it stops while there is trouble of which nobody was told`() {
        #expect(stall(untold: 5)?.contains("nobody was told") == true)
    }
}
