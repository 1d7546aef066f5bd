import CallModel
import Incidents
import Testing

@testable import Alerting

/// A restart in the middle of anything changes nothing that is told.
struct RestartTests {
    @Test(arguments: 1...60)
    func `encoded and read back at any time, the rest of the night is told the same`(_ seed: Int) throws {
        var dice = RandomNight.Dice(seed)
        var core = AlertingCore(configuration: RandomNight.configuration)
        var restarted: AlertingCore?
        var now = Timeline.start
        let restartAt = 5 + dice.roll(60)
        var count = 0
        for turn in 0..<120 {
            if turn == restartAt {
                restarted = try #require(
                    AlertingCore(encoded: core.encoded(), configuration: RandomNight.configuration))
                restarted?.replace(quiets: core.quiets)
                // Handing in the quiet times looks at all incidents again, which the other must do, too.
                core.replace(quiets: core.quiets)
            }
            var same = dice
            let sent = RandomNight.step(&core, &dice, at: now)
            if restarted != nil {
                #expect(RandomNight.step(&restarted!, &same, at: now) == sent, "seed \(seed), turn \(turn)")
            }
            let end = now + .seconds([1, 30, 400, 4_000][dice.roll(4)])
            while now < end {
                now = min(end, core.nextDeadline(after: now) ?? end)
                let sent = core.advance(to: now)
                count += sent.count
                if restarted != nil { #expect(restarted!.advance(to: now) == sent, "seed \(seed), turn \(turn)") }
            }
        }
        #expect(count > 0)
        #expect(restarted?.encoded() == core.encoded(), "seed \(seed)")
    }

    @Test func `damage is refused, wherever it is, and so is another version`() throws {
        var core = AlertingCore(configuration: RandomNight.configuration)
        _ = core.handle(AlertEvent(kind: .opened, report: outage()), at: Timeline.start)
        let encoded = core.encoded()
        #expect(AlertingCore(encoded: encoded, configuration: RandomNight.configuration) != nil)
        for place in encoded.indices {
            var damaged = encoded
            damaged[place] ^= 1
            #expect(AlertingCore(encoded: damaged, configuration: RandomNight.configuration) == nil, "byte \(place)")
            #expect(AlertingCore(encoded: Array(encoded[..<place]), configuration: RandomNight.configuration) == nil)
        }
    }
}
