/// The values of one call that others may share: what combinations are made of.
struct CallFeatures {
    struct Feature {
        var id: UInt32
        var path: Int32
        /// The first node that has it.
        var node: Int32
        /// Whether it is only that something stands there, whatever its value.
        var isPresence: Bool
    }

    static let countMax = 160
    private(set) var features: [Feature] = []
    /// Parts of the call of which it cannot be said what they have.
    private(set) var unknown: UnknownParts
    private var seen: Set<UInt32> = []

    var ids: [UInt32] { features.map(\.id) }

    /// Values of places that have few, and the presence of keys that only some calls have.
    init(_ flat: FlatRequest, _ profile: RouteProfile) {
        unknown = flat.isCut ? flat.unknown.union(.rest) : flat.unknown
        // A body of many values must not leave out who sent it.
        for isBody in [false, true] {
            addValues(of: flat, isBody: isBody, profile)
            addPresences(of: flat, isBody: isBody, profile)
        }
        if features.count == Self.countMax { unknown.insert(.rest) }
    }

    private mutating func addValues(of flat: FlatRequest, isBody: Bool, _ profile: RouteProfile) {
        for (index, node) in flat.nodes.enumerated() where features.count < Self.countMax {
            guard node.parent >= 0, (profile.paths.root(of: node.path) == PathTable.body) == isBody else { continue }
            let place = profile.place(node.path)
            if node.hash != 0, node.length > 0 || node.kind == .bool, place.map({ !$0.values.isOpen }) ?? true {
                add(node.hash, node.path, index, isPresence: false)
            }
        }
    }

    private mutating func addPresences(of flat: FlatRequest, isBody: Bool, _ profile: RouteProfile) {
        for (index, node) in flat.nodes.enumerated() where features.count < Self.countMax {
            guard node.parent >= 0, !profile.paths.isElement(node.path),
                (profile.paths.root(of: node.path) == PathTable.body) == isBody
            else { continue }
            let presence = profile.presence(of: node.path)
            if presence.present < 0.97 * presence.possible || presence.possible < 10 {
                add(1, node.path, index, isPresence: true)
            }
        }
    }

    private mutating func add(_ value: UInt64, _ path: Int32, _ node: Int, isPresence: Bool) {
        let id = UInt32(truncatingIfNeeded: mixed(value ^ UInt64(UInt32(bitPattern: path)) << 20) >> 16)
        guard seen.insert(id).inserted else { return }
        features.append(Feature(id: id, path: path, node: Int32(node), isPresence: isPresence))
    }
}
