import CallModel
import Deduplication
import Testing

struct SeenIDsTests {
    private let noon = Instant(secondsSinceEpoch: 1_795_000_000)

    @Test func `an id is new once and a repeat for ten minutes`() {
        let seen = Window()
        let id = suppliedIDHash("0193-a")
        #expect(seen.insert(id, at: noon))
        #expect(!seen.insert(id, at: noon))
        #expect(!seen.insert(id, at: noon + .seconds(600)))
        #expect(seen.insert(id, at: noon + .seconds(601)))
        #expect(!seen.insert(id, at: noon + .seconds(602)))
    }

    @Test func `a repeat does not renew the window`() {
        let seen = Window()
        #expect(seen.insert(7, at: noon))
        #expect(!seen.insert(7, at: noon + .seconds(500)))
        #expect(seen.insert(7, at: noon + .seconds(700)))
    }

    @Test func `looking does not remember`() {
        let seen = Window()
        #expect(!seen.contains(7, at: noon))
        #expect(seen.insert(7, at: noon))
        #expect(seen.contains(7, at: noon + .seconds(600)))
        #expect(!seen.contains(7, at: noon + .seconds(601)))
    }

    @Test func `a forgotten id is new again and its neighbours stay`() {
        let seen = Window()
        // All at home in one slot of the smallest table, so that they push one another on.
        let crowd = (1...20).map { UInt64($0) << 32 | 5 }
        for id in crowd { #expect(seen.insert(id, at: noon)) }
        seen.remove(crowd[3])
        seen.remove(crowd[3])
        for (index, id) in crowd.enumerated() { #expect(seen.contains(id, at: noon) == (index != 3)) }
        #expect(seen.count == 19)
    }

    @Test func `at the bound the oldest go first and are counted`() {
        var configuration = SeenIDs.Configuration()
        configuration.countMax = 800
        let seen = Window(configuration)
        for index in 0..<1_000 { #expect(seen.insert(mix(index), at: noon + .milliseconds(index * 100))) }
        #expect(seen.count <= 800)
        #expect(seen.evictedCount >= 200)
        #expect(seen.count + seen.evictedCount == 1_000)
        #expect(!seen.contains(mix(0), at: noon + .seconds(100)))
        #expect(seen.contains(mix(999), at: noon + .seconds(100)))
    }

    @Test func `the table does not grow with ids that are long past`() {
        var configuration = SeenIDs.Configuration()
        configuration.countMax = 5_000
        let seen = Window(configuration)
        // A day of four ids a second: 2,400 in any ten minutes.
        for index in 0..<345_600 { _ = seen.insert(mix(index), at: noon + .milliseconds(index * 250)) }
        #expect(seen.count <= 5_000)
        #expect(seen.evictedCount == 0)
    }

    @Test func `a clock set back keeps what was remembered`() {
        let seen = Window()
        #expect(seen.insert(1, at: noon))
        #expect(!seen.insert(1, at: noon - .seconds(3_600)))
        #expect(seen.insert(2, at: noon - .seconds(3_600)))
        // From here its window starts anew: it ends, instead of lasting an hour.
        #expect(seen.insert(1, at: noon - .seconds(2_900)))
    }

    @Test func `times at the ends of the range do not trap`() {
        let seen = Window()
        for nanoseconds in [Int64.min, .max, 0, .max, .min] {
            _ = seen.insert(3, at: Instant(nanosecondsSinceEpoch: nanoseconds))
            _ = seen.contains(
                3, at: Instant(nanosecondsSinceEpoch: -nanoseconds.advanced(by: nanoseconds == .min ? 1 : 0)))
        }
        #expect(seen.count == 1)
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `it agrees with a plain dictionary`(seed: UInt64) {
        var random = SplitMix(state: seed)
        let seen = Window()
        var model: [UInt64: Instant] = [:]
        var now = noon
        for _ in 0..<4_000 {
            now = now + .seconds(Int.random(in: 0...2, using: &random))
            let id = suppliedIDHash("call-\(Int.random(in: 0..<900, using: &random))")
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                seen.remove(id)
                model[id] = nil
            case 1...2:
                #expect(seen.contains(id, at: now) == isYoung(model[id], at: now), "seed \(seed)")
            default:
                let isNew = !isYoung(model[id], at: now)
                #expect(seen.insert(id, at: now) == isNew, "seed \(seed)")
                if isNew { model[id] = now }
            }
        }
    }

    private func isYoung(_ time: Instant?, at now: Instant) -> Bool {
        time.map { now - $0 <= .seconds(600) } ?? false
    }
}

struct SuppliedIDTests {
    @Test func `the hash never changes: it lies on disk`() {
        #expect(suppliedIDHash("") == 11_400_714_819_323_198_485)
        #expect(suppliedIDHash("0193f5a0-7d3e-7c11-8a1f-2b7f5f3c9d01") == 6_375_574_601_765_432_500)
    }

    @Test func `ids that differ in one character, order or length differ`() {
        var hashes = Set<UInt64>()
        var count = 0
        for index in 0..<100_000 {
            hashes.insert(suppliedIDHash("req_\(index)"))
            hashes.insert(suppliedIDHash("\(index)_req"))
            count += 2
        }
        for length in 0..<40 {
            hashes.insert(suppliedIDHash(String(repeating: "\0", count: length)))
            count += 1
        }
        #expect(hashes.count == count)
    }

    @Test func `every bit of the hash is used`() {
        var ones = [Int](repeating: 0, count: 64)
        for index in 0..<10_000 {
            let hash = suppliedIDHash("\(index)")
            for bit in 0..<64 where hash >> UInt64(bit) & 1 == 1 { ones[bit] += 1 }
        }
        for count in ones { #expect((4_700...5_300).contains(count)) }
    }
}

/// `#expect` cannot call what mutates a value; a reference it can.
private final class Window {
    private var seen: SeenIDs
    var count: Int { seen.count }
    var evictedCount: Int { seen.evictedCount }

    init(_ configuration: SeenIDs.Configuration = .init()) { seen = SeenIDs(configuration) }

    func insert(_ hash: UInt64, at time: Instant) -> Bool { seen.insert(hash, at: time) }
    func contains(_ hash: UInt64, at time: Instant) -> Bool { seen.contains(hash, at: time) }
    func remove(_ hash: UInt64) { seen.remove(hash) }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return mix(Int(truncatingIfNeeded: state))
    }
}

private func mix(_ value: Int) -> UInt64 {
    var mixed = UInt64(truncatingIfNeeded: value) &+ 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
}
