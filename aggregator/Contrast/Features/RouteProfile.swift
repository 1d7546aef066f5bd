import Documents

/// What successful requests of one route look like, place by place: a few counters each, whatever the traffic.
///
/// Presence is counted against the containers a value could lie in (a key of an array's items is present once for each
/// item), kinds, formats and odd characters are counted, lengths and numbers keep their extremes, values a table while they
/// are few and fingerprints while they are unique.
struct RouteProfile {
    struct Place {
        /// Containers of this place that were seen: how often a child of it could have been there.
        var count: UInt32 = 0
        var kinds = InlineArray<9, UInt32>(repeating: 0)
        var odd = InlineArray<6, UInt32>(repeating: 0)
        var strings: UInt32 = 0
        var empties: UInt32 = 0
        var formats: [UInt32] = []
        var longest = Extremes()
        var shortest = Extremes()
        var largest = Extremes()
        var smallest = Extremes()
        var values = ValueTable()
        var unique = UniqueValues()
        /// The first values, while they are few and short: to be shown where another one is refused.
        var examples: [String] = []
        /// Containers in which a child appeared that was new then: how often the next new child is to be expected.
        var newChildren: UInt32 = 0
        /// Objects here of which not all was looked at, and how often this place was seen in such a one.
        var partialObjects: UInt32 = 0
        var inPartialObject: UInt32 = 0
        var isKnown = false
    }

    var paths: PathTable
    private(set) var places: [Place] = []
    /// Successful calls learnt from.
    private(set) var calls = 0
    /// Those of them whose body, and whose headers, were not kept: neither is learnt from.
    private(set) var callsWithoutBody = 0
    private(set) var callsWithoutHeaders = 0

    init(placesMax: Int) { paths = PathTable(placesMax: placesMax) }

    func place(_ path: Int32) -> Place? {
        Int(path) < places.count && path >= 0 ? places[Int(path)] : nil
    }

    /// How many successful containers had this place, and how many could have, of those that were looked at as a whole.
    func presence(of path: Int32) -> (present: Double, possible: Double) {
        let parent = paths.parent(of: path)
        guard parent >= 0, Int(path) < places.count else { return (0, Double(place(parent)?.wholeObjectCount ?? 0)) }
        // A root's children are possible once a call.
        let place = places[Int(path)]
        return (Double(place.count &- place.inPartialObject), Double(places[Int(parent)].wholeObjectCount))
    }

    /// The same, but where hardly any was looked at as a whole, of all: in the others it is taken to have been missing where it was not
    /// seen, so that it is present at least so often.
    func knownPresence(of path: Int32) -> (present: Double, possible: Double) {
        let whole = presence(of: path)
        guard whole.possible < Self.wholeMin else { return whole }
        let parent = paths.parent(of: path)
        guard parent >= 0, Int(path) < places.count else { return (0, Double(place(parent)?.objectCount ?? 0)) }
        return (Double(places[Int(path)].count), Double(places[Int(parent)].objectCount))
    }

    private static let wholeMin = 4.0

    mutating func learn(_ flat: FlatRequest) {
        calls += 1
        if flat.unknown.contains(.body) { callsWithoutBody += 1 }
        if flat.unknown.contains(.headers) { callsWithoutHeaders += 1 }
        while places.count < paths.count { places.append(Place()) }
        for node in flat.nodes where !flat.isUnknown(node) {
            let path = Int(node.path)
            if !places[path].isKnown {
                places[path].isKnown = true
                let parent = paths.parent(of: node.path)
                if parent >= 0 { places[Int(parent)].newChildren &+= 1 }
            }
            places[path].add(node)
            if node.parent >= 0, flat.nodes[Int(node.parent)].isPartial { places[path].inPartialObject &+= 1 }
            if !flat.isShape, places[path].wantsExample(node) { places[path].keepExample(flat.text(of: node)) }
        }
    }
}

extension RouteProfile.Place {
    /// Nodes of this place that were objects: where children are possible.
    var objectCount: UInt32 { kinds[Int(NodeKind.object.rawValue)] }
    var wholeObjectCount: UInt32 { objectCount &- partialObjects }

    mutating func add(_ node: RequestNode) {
        count &+= 1
        kinds[Int(node.kind.rawValue)] &+= 1
        switch node.kind {
        case .string: addString(node)
        case .integer, .double: addNumber(node)
        case .array:
            longest.add(Double(node.length))
            shortest.add(-Double(node.length))
        case .bool: values.add(node.hash)
        case .object: if node.isPartial { partialObjects &+= 1 }
        default: break
        }
    }

    static let examplesMax = 6
    private static let exampleByteCountMax = 24

    func wantsExample(_ node: RequestNode) -> Bool {
        examples.count < min(Self.examplesMax, values.distinct) && !values.isOpen
            && (1...Self.exampleByteCountMax).contains(Int(node.textCount))
    }

    mutating func keepExample(_ text: String) {
        if !examples.contains(text) { examples.append(text) }
    }

    private mutating func addString(_ node: RequestNode) {
        strings &+= 1
        if node.length == 0 { empties &+= 1 }
        if formats.isEmpty { formats = Array(repeating: 0, count: StringFormat.allCases.count + 1) }
        formats[min(Int(node.format), formats.count - 1)] &+= 1
        for bit in 0..<OddCharacters.count where node.odd.rawValue >> UInt8(bit) & 1 == 1 { odd[bit] &+= 1 }
        longest.add(Double(node.length))
        shortest.add(-Double(node.length))
        if !node.number.isNaN {
            largest.add(node.number)
            smallest.add(-node.number)
        }
        values.add(node.hash)
        if node.length >= 4 { unique.add(node.hash) }
    }

    private mutating func addNumber(_ node: RequestNode) {
        let number = node.number.isNaN ? Double(node.length) : node.number
        largest.add(number)
        smallest.add(-number)
        if node.kind == .integer { values.add(node.hash) }
    }
}
