import Runtime
import Testing

@testable import AgentApp

struct AggregatorAlarmTests {
    private let second: Int64 = 1_000_000_000

    @Test func `five minutes without an answer are told once, again every hour, and once when it is over`() {
        var core = AggregatorAlarm.Core(AggregatorAlarm.Configuration())
        var told: [(minute: Int64, event: AggregatorAlarm.Event)] = []
        for now in stride(from: 0, through: 10_000, by: 5) as StrideThrough<Int64> {
            let lastAnswer: Int64 = now < 8_000 ? 60 : now
            if let event = core.look(lastAnswer: min(lastAnswer, now) * second, at: now * second) {
                told.append((now / 60, event))
            }
        }
        #expect(told.map(\.event) == [.lost, .stillLost, .stillLost, .back])
        #expect(told.map(\.minute) == [6, 66, 126, 133])
    }

    @Test func `an aggregator that answers now and then is not lost`() {
        var core = AggregatorAlarm.Core(AggregatorAlarm.Configuration())
        for now in 0..<5_000 as Range<Int64> {
            #expect(core.look(lastAnswer: now / 200 * 200 * second, at: now * second) == nil)
        }
    }
}
