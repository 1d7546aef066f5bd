import Runtime
import Testing

@Suite struct ClockTests {
    @Test func `the wall clock is past the year 2020 and before 2200`() {
        let seconds = WallClock.now() / 1_000_000_000
        #expect(seconds > 1_577_836_800)
        #expect(seconds < 7_258_118_400)
    }

    @Test func `the monotonic clock never goes back`() {
        var last = MonotonicClock.now()
        for _ in 0..<10_000 {
            let now = MonotonicClock.now()
            #expect(now >= last)
            last = now
        }
    }
}
