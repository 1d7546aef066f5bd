import CallModel
import Glibc
import Rollups
import Testing

@testable import Detection

struct GapTailTests {
    private static let seeds: [UInt64] = [31, 32, 33]

    /// After so many gaps of that mean, each an exponential one; the other calls of a burst come with the first.
    private func reach(mean: Double, gaps: Int, burst: Int, seed: UInt64) -> Double {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        var tail = GapTail()
        for _ in 0..<gaps {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            let dice = Double((state &* 0x2545_F491_4F6C_DD1D) >> 11) / 9_007_199_254_740_992
            tail.saw(-mean * log(1 - dice))
            tail.sawNone(Double(burst - 1))
        }
        var usual = GapTail.Mean()
        usual.add(tail)
        return tail.reach(logGaps: 16, usual: usual)
    }

    @Test(arguments: seeds) func `where calls come one by one a gap reaches no further than chance has it`(seed: UInt64)
    {
        #expect((16...18).contains(reach(mean: 1, gaps: 3_000, burst: 1, seed: seed)), "seed \(seed)")
    }

    @Test(arguments: seeds) func `where they come by fours it reaches three to five times as far`(seed: UInt64) {
        #expect((45...75).contains(reach(mean: 4, gaps: 1_000, burst: 4, seed: seed)), "seed \(seed)")
    }

    @Test func `where all long gaps are alike it is told by the longest`() {
        var tail = GapTail()
        for _ in 0..<200 {
            tail.saw(100)
            tail.sawNone(99)
        }
        #expect((150...300).contains(tail.reach(logGaps: 16, usual: GapTail.Mean())))
    }

    @Test func `no gap is believed that is shorter than the longest known`() {
        var tail = GapTail()
        for _ in 0..<5_000 { tail.saw(0.5) }
        tail.saw(40)
        #expect(tail.reach(logGaps: 16, usual: GapTail.Mean()) > 40)
    }

    @Test func `a flow of which little is known is taken to be like the others`() {
        var usual = GapTail.Mean()
        #expect(GapTail().reach(logGaps: 16, usual: usual) == 16, "with no gap known the bound is all there is")
        var bursts = GapTail()
        for _ in 0..<500 { bursts.saw(6) }
        usual.add(bursts)
        var young = GapTail()
        for _ in 0..<4 { young.saw(3) }
        #expect(young.reach(logGaps: 16, usual: usual) > young.reach(logGaps: 16, usual: GapTail.Mean()))
    }
}
