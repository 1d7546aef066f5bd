/// An array of plain values that is filled and emptied with every message: emptying it costs nothing, and its storage stays.
///
/// It owns its memory alone. Places below `count` have been written; nobody sees those behind.
struct ReusedArray<Element: BitwiseCopyable>: ~Copyable {
    private var storage = UnsafeMutableBufferPointer<Element>(start: nil, count: 0)
    private(set) var count = 0

    init() {}

    deinit { storage.deallocate() }

    var isEmpty: Bool { count == 0 }
    var capacity: Int { storage.count }

    subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count)
            return storage[index]
        }
        set {
            precondition(index >= 0 && index < count)
            storage[index] = newValue
        }
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        if count == storage.count { grow(toHold: count &+ 1) }
        // There is room for one more at `count`, just made if need be.
        storage.baseAddress.unsafelyUnwrapped.advanced(by: count).initialize(to: element)
        count &+= 1
    }

    /// Appends those of `range`, which must lie within the span.
    @inline(__always)
    mutating func append(_ elements: Span<Element>, in range: Range<Int>) {
        let added = elements.extracting(range)
        guard !added.isEmpty else { return }
        if storage.count &- count < added.count { grow(toHold: count &+ added.count) }
        added.withUnsafeBufferPointer { source in
            // Both have as many elements, and no other memory is ever handed out for writing.
            guard let from = source.baseAddress else { return }
            (storage.baseAddress.unsafelyUnwrapped + count).initialize(from: from, count: source.count)
        }
        count &+= added.count
    }

    /// - Parameter capacityMax: storage for more elements than this is given back.
    @inline(__always)
    mutating func removeAll(keepingUpTo capacityMax: Int = .max) {
        count = 0
        if storage.count > capacityMax { release() }
    }

    /// Lends the elements for the call.
    @inline(__always)
    func withSpan<Result>(_ body: (Span<Element>) -> Result) -> Result {
        body(UnsafeBufferPointer(start: storage.baseAddress, count: count).span)
    }

    @inline(never)
    private mutating func grow(toHold countMin: Int) {
        let larger = UnsafeMutableBufferPointer<Element>.allocate(capacity: max(countMin, storage.count * 2, 64))
        if let from = storage.baseAddress, let to = larger.baseAddress { to.initialize(from: from, count: count) }
        storage.deallocate()
        storage = larger
    }

    private mutating func release() {
        storage.deallocate()
        storage = UnsafeMutableBufferPointer(start: nil, count: 0)
    }
}
