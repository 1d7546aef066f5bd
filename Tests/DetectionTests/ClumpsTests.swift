import Testing

@testable import Detection

struct ClumpsTests {
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

    /// The size seen in epochs of a thousand calls, of which two clumps of `size` fail on average.
    private func sizeSeen(of size: Double, epochs: Int32, seed: UInt64) -> Double {
        var dice = Dice(state: seed)
        var clumps = Clumps()
        var squares = EpochSquares(epoch: 0)
        var counter = SeriesCounter(epoch: 0)
        for epoch in 0..<epochs {
            squares.add(1_000, epoch: epoch)
            counter.add(1_000, epoch: epoch, teaches: true)
            var failures = 0.0
            for _ in 0..<1_000 where dice.next() < 0.002 { failures += size }
            if failures > 0 { clumps.add(failures, epoch: epoch) }
        }
        return clumps.size(calls: counter.learned, squares, epoch: epochs)
    }

    @Test(arguments: [21, 22, 23] as [UInt64]) func `failures that come each by itself have the size of one`(
        seed: UInt64
    ) {
        #expect(sizeSeen(of: 1, epochs: 300, seed: seed) < 1.25)
    }

    @Test(arguments: [21, 22, 23] as [UInt64]) func `failures that come by fours are seen to`(seed: UInt64) {
        #expect(sizeSeen(of: 4, epochs: 300, seed: seed) > 2.5)
    }

    @Test func `one bad quarter of an hour does not make clumps usual`() {
        var clumps = Clumps()
        var squares = EpochSquares(epoch: 0)
        for epoch in 0..<300 as Range<Int32> {
            squares.add(1_000, epoch: epoch)
            if epoch % 10 == 0 { clumps.add(epoch == 150 ? 900 : 1, epoch: epoch) }
        }
        #expect(clumps.size(calls: 300_000, squares, epoch: 300) < 2)
    }

    @Test func `a partner of which little is known is taken to be like the others`() {
        var pool = Clumps.Pool()
        var squares = EpochSquares(epoch: 0)
        var clumps = Clumps()
        for epoch in 0..<300 as Range<Int32> {
            squares.add(1_000, epoch: epoch)
            if epoch % 5 == 0 { clumps.add(4, epoch: epoch) }
        }
        pool.add(clumps, calls: 300_000, squares, epoch: 300)
        #expect(pool.size > 3)
        #expect(Clumps().size(calls: 0, EpochSquares(epoch: 0), usual: pool.size, epoch: 300) == pool.size)
        var single = Clumps()
        for epoch in 0..<300 as Range<Int32> where epoch % 5 == 0 { single.add(1, epoch: epoch) }
        #expect(
            single.size(calls: 300_000, squares, usual: pool.size, epoch: 300) < 1.5, "and by its own as it is known")
    }

    @Test func `before anything is known a little clumping is taken for granted`() {
        #expect(Clumps().size(calls: 0, EpochSquares(epoch: 0), epoch: 0) == Clumps.sizeGuessed)
    }
}
