import CallModel
import Documents

/// What one side of a comparison looks like on one route: counters for each place of requests and answers.
struct ComparedSide {
    struct Place {
        /// Calls that have the place, and how often it was there at all.
        var calls: UInt32 = 0
        var nodes: UInt32 = 0
        var lastCall: Int32 = -1
        var kinds = InlineArray<9, UInt32>(repeating: 0)
        var values: [UInt64: UInt32] = [:]
        var texts: [UInt64: String] = [:]
        /// Whether there were more values than are counted.
        var isOpen = false
        /// Sizes of numbers and lengths of texts, by powers of two: enough to see that they moved.
        var sizes = InlineArray<16, UInt32>(repeating: 0)
    }

    static let valuesMax = 48
    var calls: Int32 = 0
    /// Those of them whose body, and whose headers, were not kept.
    private var callsWithoutBody: Int32 = 0
    private var callsWithoutHeaders: Int32 = 0
    var weight = 0.0
    private(set) var places: [Place] = []
    var statuses: [Int: UInt32] = [:]
    var latency = LatencySketch()
    var samples: [String] = []

    func place(_ path: Int32) -> Place { Int(path) < places.count ? places[Int(path)] : Place() }

    /// Calls of which it is known what is below a root.
    func calls(knowing root: Int32) -> Int32 {
        switch root {
        case PathTable.body: calls - callsWithoutBody
        case PathTable.header: calls - callsWithoutHeaders
        default: calls
        }
    }

    mutating func add(_ flat: FlatRequest, placeCount: Int) {
        if flat.unknown.contains(.body) { callsWithoutBody += 1 }
        if flat.unknown.contains(.headers) { callsWithoutHeaders += 1 }
        if places.count < placeCount {
            places.append(contentsOf: repeatElement(Place(), count: placeCount - places.count))
        }
        for node in flat.nodes where !flat.isUnknown(node) { places[Int(node.path)].add(node, of: flat, call: calls) }
    }
}

extension ComparedSide.Place {
    mutating func add(_ node: RequestNode, of flat: FlatRequest, call: Int32) {
        nodes &+= 1
        kinds[Int(node.kind.rawValue)] &+= 1
        if lastCall != call {
            lastCall = call
            calls &+= 1
        }
        guard node.hash != 0 || node.kind == .array else { return }
        let size = node.number.isNaN ? Double(node.length) : node.number
        sizes[min(15, max(0, Int(size.magnitude < 1 ? 0 : size.magnitude.exponent + 1) / 2))] &+= 1
        guard !isOpen, node.hash != 0 else { return }
        values[node.hash, default: 0] &+= 1
        if values[node.hash] == 1 { texts[node.hash] = flat.text(of: node) }
        if values.count > ComparedSide.valuesMax {
            isOpen = true
            values = [:]
            texts = [:]
        }
    }
}

/// Durations by eighths of a power of two, from a microsecond up.
struct LatencySketch {
    private var counts: [UInt32] = Array(repeating: 0, count: 256)
    private(set) var count: UInt32 = 0

    mutating func add(_ duration: Duration) {
        let microseconds = max(1, duration.inSeconds * 1e6)
        let bucket = Int(microseconds.exponent) * 8 + Int((microseconds.significand - 1) * 8)
        counts[min(255, max(0, bucket))] &+= 1
        count &+= 1
    }

    /// In milliseconds; nil without any.
    func quantile(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        var left = Int((Double(count) * share).rounded(.up))
        for (bucket, count) in counts.enumerated() {
            left -= Int(count)
            if left <= 0 {
                let significand = 1 + (Double(bucket % 8) + 0.5) / 8
                return significand * Double(sign: .plus, exponent: bucket / 8, significand: 1) / 1_000
            }
        }
        return nil
    }
}
