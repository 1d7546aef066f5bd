import Runtime
import Testing

@testable import AgentApp

struct AggregatorAlarmTests {
    private let second: Int64 = 1_000_000_000

    @Test func `five minutes without an answer are told once, again every hour, and once when it is over`() {
        var core = AggregatorAlarm.Core(AggregatorAlarm.Configuration(), host: "app-1")
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

    @Test func `a fleet tells of it over half a minute, and by one key`() throws {
        let configuration = AggregatorAlarm.Configuration()
        var told: [Int64: Int] = [:]
        for host in 0..<500 {
            var core = AggregatorAlarm.Core(configuration, host: "app-\(host)")
            let first = try #require(
                (300...335 as ClosedRange<Int64>).first { core.look(lastAnswer: 0, at: $0 * second) == .lost })
            told[first, default: 0] += 1
        }
        #expect(told.keys.min()! >= 300 && told.keys.max()! <= 330)
        #expect(told.values.max()! < 50, "about seventeen each second")
    }

    @Test func `an aggregator that answers now and then is not lost`() {
        var core = AggregatorAlarm.Core(AggregatorAlarm.Configuration(), host: "app-1")
        for now in 0..<5_000 as Range<Int64> {
            #expect(core.look(lastAnswer: now / 200 * 200 * second, at: now * second) == nil)
        }
    }
}
