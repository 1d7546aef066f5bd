import CallModel
import Documents

/// What one side of a comparison looks like on one route: counters for each place of requests and answers.
struct ComparedSide {
    struct Place {
        /// Calls that have the place, and how often it was there at all.
        var calls: UInt32 = 0
        var nodes: UInt32 = 0
        var lastCall: Int32 = -1
        /// Calls in which not all that is in this place was looked at, and those in which the place was seen in such a one.
        var partialCalls: UInt32 = 0
        var callsInPartial: UInt32 = 0
        var lastPartialCall: Int32 = -1
        var kinds = InlineArray<9, UInt32>(repeating: 0)
        var values: [UInt64: UInt32] = [:]
        var texts: [UInt64: String] = [:]
        /// Whether there were more values than are counted.
        var isOpen = false
        /// Sizes of numbers and lengths of texts, by powers of two: enough to see that they moved.
        var sizes = InlineArray<16, UInt32>(repeating: 0)
        var marks: [PlaceMark: Marks] = [:]
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
    var early = EarlyCalls()
    var statusMarks: [Int: Marks] = [:]
    /// Of the early calls, milliseconds; NaN without an answer.
    private(set) var earlyDurations: [Double] = []

    func place(_ path: Int32) -> Place { Int(path) < places.count ? places[Int(path)] : Place() }

    /// Calls of which it is known what is below a root.
    func calls(knowing root: Int32) -> Int32 {
        switch root {
        case PathTable.body: calls - callsWithoutBody
        case PathTable.header: calls - callsWithoutHeaders
        default: calls
        }
    }

    /// Calls of which it is known whether they have a place: all but those that show it not, and of which a bound left out what is in the
    /// container that it would be in.
    func calls(knowing path: Int32, in paths: PathTable) -> Int32 {
        var known = calls(knowing: paths.root(of: path))
        var child = path
        while paths.parent(of: child) >= 0 {
            let parent = paths.parent(of: child)
            known -= Int32(clamping: place(parent).partialCalls) - Int32(clamping: place(child).callsInPartial)
            child = parent
        }
        return max(known, Int32(clamping: place(path).calls))
    }

    mutating func add(_ flat: FlatRequest, _ call: APICall, placeCount: Int) {
        if flat.unknown.contains(.body) { callsWithoutBody += 1 }
        if flat.unknown.contains(.headers) { callsWithoutHeaders += 1 }
        if places.count < placeCount {
            places.append(contentsOf: repeatElement(Place(), count: placeCount - places.count))
        }
        for node in flat.nodes where !flat.isUnknown(node) {
            places[Int(node.path)].add(node, of: flat, call: calls, call.id)
        }
        let status = call.response?.status ?? 0
        statuses[status, default: 0] &+= 1
        if Marks.matters(call: calls, count: statuses[status] ?? 0) {
            statusMarks[status, default: Marks()].mark(calls, call.id)
        }
        if let duration = call.duration { latency.add(duration) }
        if calls < Marks.earlyMax { earlyDurations.append(call.duration.map { $0.inSeconds * 1_000 } ?? .nan) }
        early.add(call.id)
        weight += Double(max(1, call.weight))
        calls &+= 1
    }

    /// Early calls beyond a latency.
    func marks(where isMeant: (Double) -> Bool) -> Marks {
        var marks = Marks()
        for (call, duration) in earlyDurations.enumerated() where isMeant(duration) { marks.mark(Int32(call), nil) }
        return marks
    }
}

extension ComparedSide.Place {
    mutating func add(_ node: RequestNode, of flat: FlatRequest, call: Int32, _ id: String?) {
        func mark(_ what: PlaceMark, _ count: UInt32) {
            if Marks.matters(call: call, count: count) { marks[what, default: Marks()].mark(call, id) }
        }
        nodes &+= 1
        let kind = Int(node.kind.rawValue)
        kinds[kind] &+= 1
        mark(.kind(UInt8(kind)), kinds[kind])
        if lastCall != call {
            lastCall = call
            calls &+= 1
            mark(.presence, calls)
            if node.parent >= 0, flat.nodes[Int(node.parent)].isPartial { callsInPartial &+= 1 }
        }
        if node.isPartial, lastPartialCall != call {
            lastPartialCall = call
            partialCalls &+= 1
        }
        guard node.hash != 0 || node.kind == .array else { return }
        let size = node.number.isNaN ? Double(node.length) : node.number
        let step = min(15, max(0, Int(size.magnitude < 1 ? 0 : size.magnitude.exponent + 1) / 2))
        sizes[step] &+= 1
        mark(.size(UInt8(step)), sizes[step])
        guard !isOpen, node.hash != 0 else { return }
        values[node.hash, default: 0] &+= 1
        if values[node.hash] == 1 { texts[node.hash] = flat.text(of: node) }
        mark(.value(node.hash), values[node.hash] ?? 0)
        if values.count > ComparedSide.valuesMax {
            isOpen = true
            for hash in values.keys { marks[.value(hash)] = nil }
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
