import CallModel
import Detection
import Rollups
import Testing

struct SequentialTestTests {
    /// 0..<1 (xorshift64*).
    private struct Dice {
        var state: UInt64
        mutating func next() -> Double {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return Double((state &* 0x2545_F491_4F6C_DD1D) >> 11) / 9_007_199_254_740_992
        }
    }

    @Test(arguments: [11, 12, 13] as [UInt64])
    func `noise passes a bound no more often than the bound allows`(seed: UInt64) {
        var dice = Dice(state: seed)
        var test = SequentialTest()
        let (usual, bound) = (0.01, 7.0)
        var (calls, failures, alarms) = (0.0, 0.0, 0.0)
        for _ in 0..<500_000 {
            calls += 1
            guard dice.next() < usual else { continue }
            failures += 1
            test.failed(1, calls: calls, usual: usual, at: .epoch)
            guard test.evidence >= bound else { continue }
            alarms += 1
            test.reset(calls: calls)
        }
        // Ville: 1.28 e^-7 a call. Three standard deviations of a Poisson count above it.
        let allowed = 1.28 * calls * 0.000_912
        #expect(alarms <= allowed + 3 * allowed.squareRoot(), "seed \(seed): \(alarms) alarms of \(failures) failures")
    }

    @Test func `eight failures in a row are evidence enough for anything`() {
        var test = SequentialTest()
        for call in 1...8 {
            test.failed(1, calls: Double(1_000 + call), usual: 0.005, at: Instant(secondsSinceEpoch: Int64(call)))
        }
        #expect(test.evidence > 30)
        #expect(test.onset <= Instant(secondsSinceEpoch: 1))
    }

    @Test func `successes wear evidence down to nothing, and the onset moves on`() {
        var test = SequentialTest()
        test.failed(3, calls: 10, usual: 0.01, at: Instant(secondsSinceEpoch: 1))
        test.failed(1, calls: 100_000, usual: 0.01, at: Instant(secondsSinceEpoch: 2))
        #expect(test.evidence < 5)
        #expect(test.onset == Instant(secondsSinceEpoch: 2))
    }
}

struct ClockTests {
    private let start = Instant(secondsSinceEpoch: 1_795_000_000)

    @Test func `a host's clock that runs half a minute ahead does not put its calls into the future`() {
        var clock = HostClock()
        for second in 0..<100 {
            let received = start + .seconds(second)
            let made = received + .seconds(31) - .milliseconds(200 + second % 7 * 100)
            let corrected = clock.corrected(made, host: 1, receivedAt: received)
            #expect(corrected <= received)
            #expect(received - corrected <= .seconds(1))
        }
    }

    @Test func `a late call is as old as it is`() {
        var clock = HostClock()
        _ = clock.corrected(start, host: 1, receivedAt: start + .milliseconds(300))
        let corrected = clock.corrected(start, host: 1, receivedAt: start + .seconds(400))
        #expect(corrected <= start + .milliseconds(300))
    }

    @Test func `without a record of arrival now is the hosts' median, whatever one of them claims`() {
        var clock = MedianClock()
        for second in 0..<300 {
            for host in 1...5 as ClosedRange<NameID> {
                clock.observe(start + .seconds(second) + (host == 5 ? .seconds(86_400) : .zero), host: host)
            }
        }
        #expect(clock.now >= start + .seconds(290) && clock.now <= start + .seconds(301))
    }
}
