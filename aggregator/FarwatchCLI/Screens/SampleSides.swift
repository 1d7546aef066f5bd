import Documents

/// What one call had at each place: where it came from, how it ended, and what stood in its request's body, as far as the reader may
/// see it. Elements of an array are one place, shown by the first of them.
struct SamplePlaces {
    static let placesMax = 2_000
    private static let members = [
        "partner", "route", "service", "service_version", "host", "region", "environment", "customer", "direction",
        "error",
    ]

    private(set) var names: [String] = []
    /// Values at places beyond `placesMax`.
    private(set) var leftOutCount = 0
    private var values: [String: String] = [:]

    init(_ call: JSONValue) {
        call.forEachMember { name, value in
            let name = String(decoding: name, as: UTF8.self)
            if Self.members.contains(name) { add(name, value) }
        }
        if let status = call.member("response")?.member("status") { add("status", status) }
        if let body = call.member("request")?.member("body") { walk("$", body) }
    }

    subscript(name: String) -> String? { values[name] }

    private mutating func walk(_ path: String, _ value: JSONValue) {
        switch value.kind {
        case .object:
            value.forEachMember { name, member in walk(path + "." + String(decoding: name, as: UTF8.self), member) }
        case .array: value.forEachElement { walk(path + "[]", $0) }
        default: add(path, value)
        }
    }

    private mutating func add(_ name: String, _ value: JSONValue) {
        guard values[name] == nil else { return }
        guard names.count < Self.placesMax else { return leftOutCount += 1 }
        names.append(name)
        values[name] = value.string ?? String(decoding: value.serialized(), as: UTF8.self)
    }
}

/// A call that failed beside one that did not, with the place marked that tells them apart.
struct SampleSides {
    static let rowsMax = 30

    var path: String
    var failing: (id: String, places: SamplePlaces)
    var succeeding: (id: String, places: SamplePlaces)

    /// Nil where the place is the same in both, or nothing is shown of it.
    init?(path: String, failing: (id: String, places: SamplePlaces), succeeding: (id: String, places: SamplePlaces)) {
        guard failing.places[path] != succeeding.places[path] else { return nil }
        self.path = path
        self.failing = failing
        self.succeeding = succeeding
    }

    func lines(_ style: Style) -> [String] {
        var table = Table([
            Table.Column(""), Table.Column("PLACE", widthMin: 16),
            Table.Column("FAILS " + failing.id, widthMin: 14), Table.Column("SUCCEEDS " + succeeding.id, widthMin: 14),
        ])
        let others = (failing.places.names + succeeding.places.names.filter { failing.places[$0] == nil })
            .filter { $0 != path }
        for name in [path] + others.prefix(Self.rowsMax - 1) {
            let isMarked = name == path
            table.add([
                Table.Cell(isMarked ? "▶" : "", .bad), Table.Cell(name, isMarked ? .bad : .plain),
                Table.Cell(failing.places[name], isMarked ? .bad : .plain),
                Table.Cell(succeeding.places[name], isMarked ? .good : .plain),
            ])
        }
        let leftOut =
            max(0, others.count - Self.rowsMax + 1) + failing.places.leftOutCount + succeeding.places.leftOutCount
        guard leftOut > 0 else { return table.lines(style) }
        return table.lines(style) + [style.paint("\(leftOut) further places are not shown", .quiet)]
    }
}
