import CallModel
import Incidents
import Testing

@testable import Alerting

/// What holds in every night, whatever happens.
struct InvariantTests {
    /// All messages of a night of 200 things that happen, in order.
    private func night(_ seed: Int) -> [Message] {
        var dice = RandomNight.Dice(seed)
        var configuration = RandomNight.configuration
        // Here numbers are given to incidents anew, which the incidents' core never does.
        configuration.forgetAfter = .seconds(365 * 86_400)
        var core = AlertingCore(configuration: configuration)
        var messages: [Message] = []
        var now = Timeline.start
        for _ in 0..<200 {
            messages += RandomNight.step(&core, &dice, at: now)
            let end = now + .seconds([0, 5, 60, 900, 9_000][dice.roll(5)])
            while now < end {
                now = min(end, core.nextDeadline(after: now) ?? end)
                messages += core.advance(to: now)
            }
        }
        return messages
    }

    @Test(arguments: 100...160)
    func `in no time are there more messages than the bucket has tokens, nor of an incident than its limit`(_ seed: Int)
    {
        let configuration = RandomNight.configuration
        let messages = night(seed)
        for first in messages.indices {
            for last in first..<messages.count {
                let hours = (messages[last].at - messages[first].at).inSeconds / 3_600
                #expect(
                    Double(last - first + 1) <= configuration.burstMax + hours * configuration.perHourMax + 1e-6,
                    "seed \(seed)")
            }
        }
        let counts = Dictionary(grouping: messages, by: \.incident).mapValues(\.count)
        #expect(counts.values.allSatisfy { $0 <= configuration.messagesPerIncidentMax }, "seed \(seed)")
    }

    @Test(arguments: 100...160)
    func `a channel hears of each incident from its beginning, in order, and of no end without one`(_ seed: Int) {
        var sequences: [String: Int32] = [:]
        var opened: Set<Int64> = []
        for message in night(seed) {
            let thread = "\(message.incident)-\(message.channel)"
            sequences[thread, default: 0] += 1
            #expect(message.sequence == sequences[thread] && message.id == "\(thread)-\(message.sequence)")
            #expect((message.kind == .opened) == opened.insert(message.incident).inserted, "seed \(seed): opened once")
            if message.kind == .resolved || message.kind == .acknowledged {
                #expect(message.sequence > 1, "seed \(seed): an end without a beginning")
            }
            #expect(message.summary.unicodeScalars.count <= MessageText.summaryMax)
            #expect(!message.title.isEmpty && !message.document.isEmpty)
        }
    }
}
