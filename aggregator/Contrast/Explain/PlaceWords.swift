import Documents

/// Says in one sentence what is wrong with a place and what successful requests have there instead.
struct PlaceWords {
    let profile: RouteProfile
    /// The place as people are told of it: "`$.items[2].sku`", "header `api-version`".
    let subject: String
    let value: String?
    let path: Int32
    let node: RequestNode?

    static func name(_ path: String, _ place: RankedPlace.Where) -> String {
        switch place {
        case .body, .dimension: "`\(path)`"
        case .header: "header `\(path)`"
        case .query: "query parameter `\(path)`"
        }
    }

    /// With its value, where that is known.
    var shown: String { subject + (value.map { " (`\($0)`)" } ?? "") }

    func sentence(_ test: ExplainTest, _ detail: Anomaly.Detail, insteadOf other: String?) -> String {
        switch test {
        case .missing: return "\(subject) is missing; \(presence)"
        case .renamed: return "`\(other ?? "")` stands where \(subject) is expected; \(presence)"
        case .present: return "\(subject) is not expected here; \(presence)"
        case .type where detail == .malformed: return "\(subject) cannot be read as what its content type says"
        case .type: return "\(shown) is \(kind); \(usualKind)"
        case .equals: return "\(shown) is no value that successful requests have here\(usualValues)"
        case .format where detail == .oddCharacters:
            return "\(subject) holds \(oddCharacters) that successful requests do not have here"
        case .format: return "\(shown) has another format (\(format)) than in successful requests\(usualFormat)"
        case .length where detail == .empty: return "\(subject) is empty; in successful requests it never or rarely is"
        case .length: return length(isShort: detail == .tooShort)
        case .greater:
            return "\(shown) is greater than in any successful request\(limit(place?.largest.largest, "most"))"
        case .less:
            return
                "\(shown) is less than in any successful request\(limit(place?.smallest.largest.map { -$0 }, "least"))"
        case .duplicate: return "\(shown) was sent before; successful requests never repeat one"
        case .named: return "The answer names \(shown)"
        }
    }

    private var place: RouteProfile.Place? { profile.place(path) }

    private var presence: String {
        let (present, possible) = profile.knownPresence(of: path)
        if present == 0, place(above: path)?.partialObjects ?? 0 > 0, profile.presence(of: path).possible == 0 {
            return "as far as successful requests of this route were looked at, none has it"
        }
        if present == 0 { return "no successful request of this route has it" }
        return "\(Int(present)) of \(Int(possible)) successful ones have it"
    }

    private func place(above path: Int32) -> RouteProfile.Place? { profile.place(profile.paths.parent(of: path)) }

    // MARK: Types

    private var kind: String { node.map { Self.name($0.kind) } ?? "of another type" }

    private var usualKind: String {
        guard let place, let usual = (0..<NodeKind.count).max(by: { place.kinds[$0] < place.kinds[$1] }),
            let kind = NodeKind(rawValue: UInt8(usual))
        else { return "successful requests have another type here" }
        return "in \(place.kinds[usual]) of \(place.count) successful ones it is \(Self.name(kind))"
    }

    private static func name(_ kind: NodeKind) -> String {
        switch kind {
        case .object: "an object"
        case .array: "a list"
        case .string: "a text"
        case .integer: "a whole number"
        case .double: "a number"
        case .bool: "true or false"
        case .null: "null"
        case .mixed: "of several types"
        case .malformed: "unreadable"
        }
    }

    // MARK: Values

    private var usualValues: String {
        guard let place, !place.examples.isEmpty, !place.values.isOpen else { return "" }
        let left = place.values.distinct - place.examples.count
        let others = left > 0 ? " and \(left) others" : ""
        return ": they have " + place.examples.map { "`\($0)`" }.joined(separator: ", ") + others
    }

    private var format: String { Self.name(format: node?.format ?? 255) }

    private var usualFormat: String {
        guard let place, let usual = place.formats.indices.max(by: { place.formats[$0] < place.formats[$1] }) else {
            return ""
        }
        let name = usual == place.formats.count - 1 ? "none" : Self.name(format: UInt8(usual))
        return ": \(place.formats[usual]) of \(place.strings) have \(name)"
    }

    private static func name(format: UInt8) -> String {
        StringFormat(rawValue: format).map { "\($0.name)" } ?? "none"
    }

    private var oddCharacters: String {
        guard let node, let place else { return "characters" }
        let names = [
            "control characters", "replacement characters", "invisible characters", "emoji", "non-ASCII characters",
            "characters that were escaped twice",
        ]
        let odd = names.indices.filter { node.odd.rawValue >> UInt8($0) & 1 == 1 }
        return odd.min { place.odd[$0] < place.odd[$1] }.map { names[$0] } ?? "characters"
    }

    // MARK: Sizes

    private func length(isShort: Bool) -> String {
        let unit = node?.kind == .array ? "elements" : "characters"
        let bound = isShort ? place?.shortest.largest.map { -$0 } : place?.longest.largest
        let compared = isShort ? "shorter" : "longer"
        let counted = node.map { " (\($0.length) \(unit))" } ?? ""
        return "\(subject)\(counted) is \(compared) than in any successful request"
            + (bound.map { ", where it has at \(isShort ? "least" : "most") \(Int($0))" } ?? "")
    }

    /// Of a number whose shape alone is known, digits are what can be told.
    private func limit(_ bound: Double?, _ word: String) -> String {
        guard let bound, let node else { return "" }
        let rounded = abs(bound) < 1e15 && bound == bound.rounded() ? "\(Int(bound))" : "\(bound)"
        return node.number.isNaN ? ", where it has at \(word) \(rounded) digits" : ", where it is at \(word) \(rounded)"
    }
}
