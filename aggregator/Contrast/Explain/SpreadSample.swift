/// A number for a route, from the bytes of its partner and its name.
public enum RouteNumber {
    public static func of(_ partner: UnsafeBufferPointer<UInt8>, _ route: UnsafeBufferPointer<UInt8>) -> UInt64 {
        mixed(hashBytes(partner) &+ 0x9E37_79B9 &* hashBytes(route)) | 1
    }
}

/// Items spread evenly over a stream of unknown length: all of the first, then every n-th, n doubling when full.
public struct SpreadSample<Item: Sendable>: Sendable {
    public private(set) var items: [Item] = []
    /// All that were offered.
    public private(set) var count = 0
    private let capacity: Int
    private var stride = 1

    public init(capacity: Int) { self.capacity = max(2, capacity) }

    public mutating func add(_ item: Item) {
        if count % stride == 0 {
            if items.count == capacity {
                stride *= 2
                items = items.enumerated().compactMap { $0.offset % 2 == 0 ? $0.element : nil }
            }
            if count % stride == 0 { items.append(item) }
        }
        count += 1
    }

    /// How many each of the items stands for.
    public var standsFor: Double { items.isEmpty ? 0 : Double(count) / Double(items.count) }
}
