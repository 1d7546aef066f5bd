/// Which calls of a stream are looked at when there are too many: the first of each route, then every n-th.
///
/// What is looked at stands for what is not, so that counts stay true on average. Bounded: routes beyond `routesMax` share
/// one counter.
public struct CallSampling: Sendable {
    /// Calls of a route that are all looked at, and which of the later ones are.
    public let fully: Int
    public let stride: Int
    public let routesMax: Int
    public private(set) var skippedCount = 0
    private var counts: [UInt64: Int] = [:]

    public init(fully: Int, stride: Int, routesMax: Int = 10_000) {
        precondition(fully >= 0 && stride > 0 && routesMax > 0)
        self.fully = fully
        self.stride = stride
        self.routesMax = routesMax
    }

    /// How many calls the next call of a route stands for; 0 when it is to be passed over. `route` is any number that is the
    /// same for all calls of a route.
    public mutating func next(of route: UInt64) -> Int {
        let key = counts[route] != nil || counts.count < routesMax ? route : 0
        let count = counts[key, default: 0]
        counts[key] = count + 1
        if count < fully { return 1 }
        guard (count - fully) % stride == stride / 2 else {
            skippedCount += 1
            return 0
        }
        return stride
    }

    /// A number for a route from the bytes of its partner and name.
    public static func number(_ partner: UnsafeBufferPointer<UInt8>, _ route: UnsafeBufferPointer<UInt8>) -> UInt64 {
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
