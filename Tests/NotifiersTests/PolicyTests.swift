import CallModel
import Testing

@testable import Notifiers

struct PolicyTests {
    private let policy = DeliveryPolicy()
    private let outage = DeliveryFailure.temporary("HTTP 500")

    /// The waits of a message that always fails.
    private func timeline(_ failure: DeliveryFailure, random: Double) -> [Duration] {
        var (now, waits) = (start, [Duration]())
        while case .retry(let wait) = policy.verdict(
            failure, attempts: waits.count + 1, writtenAt: start, at: now, random: random), waits.count < 10_000
        {
            waits.append(wait)
            now = now + wait
        }
        return waits
    }

    @Test func `waits double up to five minutes, and after a day the message is given up`() {
        let waits = timeline(outage, random: 0)
        let seconds = [2, 4, 8, 16, 32, 64, 128, 256, 300]
        #expect(Array(waits[..<9]) == seconds.map { Duration.seconds($0) })
        #expect(waits.reduce(.zero, +) == .seconds(86_400))
    }

    @Test func `chance shortens each wait by up to half, so that messages do not come back together`() {
        #expect(timeline(outage, random: 0.999).first! > .seconds(1))
        #expect(Array(timeline(outage, random: 0.5)[..<2]) == [.milliseconds(1_500), .seconds(3)])
    }

    @Test func `a receiver's own wait is kept to, up to an hour`() {
        func wait(_ asked: Duration) -> DeliveryPolicy.Verdict {
            policy.verdict(
                DeliveryFailure(.temporary(retryAfter: asked), ""), attempts: 1, writtenAt: start, at: start, random: 0)
        }
        #expect(wait(.seconds(90)) == .retry(after: .seconds(90)))
        #expect(wait(.zero) == .retry(after: .seconds(2)))
        #expect(wait(.seconds(86_400)) == .retry(after: .seconds(3_600)))
    }

    @Test func `a refusal ends it at once, unless another channel may still take it`() {
        let refusal = DeliveryFailure(.refused, "HTTP 400")
        func verdict(_ standIn: DeliveryFailure?) -> DeliveryPolicy.Verdict {
            policy.verdict(refusal, standIn: standIn, attempts: 1, writtenAt: start, at: start, random: 0)
        }
        #expect(verdict(nil) == .giveUp && verdict(refusal) == .giveUp)
        #expect(verdict(outage) == .retry(after: .seconds(2)))
    }

    @Test func `what somebody has to put right is tried for a day like an outage`() {
        #expect(timeline(DeliveryFailure(.setting, "HTTP 401"), random: 0).reduce(.zero, +) == .seconds(86_400))
    }

    @Test func `another channel stands in after two minutes of failing, at once where waiting cannot help`() {
        func wants(_ failure: DeliveryFailure, after seconds: Int, failingSince: Instant?) -> Bool {
            policy.wantsStandIn(
                failure, writtenAt: start, failingSince: failingSince, at: start + .seconds(seconds))
        }
        #expect(!wants(outage, after: 0, failingSince: nil))
        #expect(!wants(outage, after: 119, failingSince: start))
        #expect(wants(outage, after: 120, failingSince: start))
        // The channel has failed for long: a new message need not wait for its own two minutes.
        #expect(wants(outage, after: 0, failingSince: start - .seconds(120)))
        #expect(wants(DeliveryFailure(.setting, ""), after: 0, failingSince: nil))
        #expect(wants(DeliveryFailure(.refused, ""), after: 0, failingSince: nil))
    }

    @Test func `a lane is bounded, and pauses as its receiver asks`() {
        var lane = DeliveryLane(concurrency: 2)
        #expect(lane.freeSlots(at: start) == 2)
        lane.began(2)
        #expect(lane.freeSlots(at: start) == 0)
        let first = lane.ended(.delivered(said: ""), at: start)
        #expect(first == nil && lane.freeSlots(at: start) == 1)
        let limit = DeliveryFailure(.temporary(retryAfter: .seconds(30)), "HTTP 429")
        let second = lane.ended(.failed(limit), at: start)
        #expect(second == .startedFailing("HTTP 429"))
        #expect(lane.freeSlots(at: start + .seconds(29)) == 0)
        #expect(lane.freeSlots(at: start + .seconds(30)) == 2)
    }

    @Test func `what is open is said again only while nothing else is under way`() {
        var lane = DeliveryLane(concurrency: 2)
        lane.began()
        var began = [lane.beganRenewal()]
        _ = lane.ended(.delivered(said: ""), at: start)
        began += [lane.beganRenewal(), lane.beganRenewal()]
        #expect(began == [false, true, false])
        #expect(lane.freeSlots(at: start) == 0)
        lane.endedRenewal()
        #expect(lane.freeSlots(at: start) == 2)
    }

    @Test func `Slack's lane takes one message a second`() {
        var lane = DeliveryLane(concurrency: 1, spacing: .seconds(1))
        lane.began()
        _ = lane.ended(.delivered(said: ""), at: start)
        #expect(lane.freeSlots(at: start + .milliseconds(999)) == 0)
        #expect(lane.freeSlots(at: start + .seconds(1)) == 1)
    }

    @Test func `a lane says once that it fails and once that it works again`() {
        var lane = DeliveryLane(concurrency: 1)
        var changes: [DeliveryLane.Change?] = []
        let told = Delivery.delivered(said: "")
        for (second, delivery) in [(0, told), (1, .failed(outage)), (2, .failed(outage)), (61, told), (62, told)] {
            lane.began()
            changes.append(lane.ended(delivery, at: start + .seconds(second)))
        }
        #expect(changes == [nil, .startedFailing("HTTP 500"), nil, .recovered(after: .seconds(60)), nil])
        lane.began()
        // A message that is wrong in itself is no failure of the channel.
        let change = lane.ended(.failed(DeliveryFailure(.refused, "x")), at: start)
        #expect(change == nil && lane.failingSince == nil)
    }

    @Test func `texts of failures are of one line and bounded, cut between characters`() {
        let failure = DeliveryFailure(.refused, "a\r\nb\u{1B}[31m\t" + String(repeating: "ü", count: 1_000))
        #expect(failure.text.hasPrefix("a b [31m ü") && failure.text.utf8.count <= 500)
        #expect(failure.text.hasSuffix("…"))
    }
}
