import Synchronization

// The three things a component counts with. Each is shared by many threads without a lock; a reader sees each number
// whole, though not two of them at the same moment.

/// A count that only grows.
public final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    init() {}

    /// `n` must not be negative. A count beyond 63 bits wraps, and readers take it for a restart.
    public func add(_ n: Int = 1) {
        assert(n >= 0, "a counter never goes down")
        count.wrappingAdd(n, ordering: .relaxed)
    }

    public var value: Int { count.load(ordering: .relaxed) }
}

/// A value that goes up and down.
public final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    init() {}

    public func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    /// Adds, also from several threads at once.
    public func add(_ amount: Double) { bits.addDouble(amount) }

    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// How often values fell into each of a few fixed ranges.
public final class Histogram: Sendable {
    /// Upper bounds, inclusive, ascending; one more range above the last is understood.
    public let bounds: [Double]
    private let counts: AtomicCounts
    private let sum = Atomic<UInt64>(0)

    /// Durations from one millisecond to ten seconds.
    public static let secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = AtomicCounts(count: bounds.count + 1)
    }

    /// Values that are not numbers are left out: they would spoil the sum for good.
    public func observe(_ value: Double) {
        guard !value.isNaN else { return }
        counts.add(at: bounds.firstIndex { value <= $0 } ?? bounds.count)
        sum.addDouble(value)
    }

    public func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(Double(seconds) + Double(attoseconds) / 1e18)
    }

    /// The count of each range by itself, the one above the last bound at the end; and the sum of all values.
    public func snapshot() -> (counts: [Int], sum: Double) {
        (counts.values, Double(bitPattern: sum.load(ordering: .relaxed)))
    }
}

/// A row of counters.
///
/// `@unchecked Sendable`: the pointer never changes, lives as long as `self`, and leads to atomics only.
private final class AtomicCounts: @unchecked Sendable {
    private let cells: UnsafeMutablePointer<Atomic<Int>>
    private let count: Int

    init(count: Int) {
        self.count = count
        cells = .allocate(capacity: count)
        for index in 0..<count { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: count)
        cells.deallocate()
    }

    func add(at index: Int) {
        precondition(index >= 0 && index < count)
        cells[index].wrappingAdd(1, ordering: .relaxed)
    }

    var values: [Int] { (0..<count).map { cells[$0].load(ordering: .relaxed) } }
}

extension Atomic<UInt64> {
    /// Treats the bits as those of a double.
    fileprivate borrowing func addDouble(_ amount: Double) {
        var before = load(ordering: .relaxed)
        while true {
            let after = (Double(bitPattern: before) + amount).bitPattern
            let (exchanged, original) = compareExchange(expected: before, desired: after, ordering: .relaxed)
            if exchanged { return }
            before = original
        }
    }
}
