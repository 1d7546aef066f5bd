import Documents
import Glibc

/// Finds what is unusual in one request against the successful ones of its route.
///
/// Every test asks the same: how likely is this in a successful call? Its surprise is the negative logarithm of that, from
/// counts with half a call added, so that nothing is impossible and little evidence surprises little. Only the outermost
/// oddity of a branch is reported: what lies in a container of the wrong type says nothing more.
struct AnomalyFinder {
    let profile: RouteProfile
    /// Below this surprise a test says nothing: about one call in three has such a thing.
    static let surpriseMin = 1.0
    static let surpriseMax = 10.0

    func anomalies(in flat: FlatRequest) -> [Anomaly] {
        var unjoined = 0
        return anomalies(in: flat, unjoined: &unjoined)
    }

    /// - Parameter unjoined: counts missing and unknown keys that were not held against each other, because there are too many.
    func anomalies(in flat: FlatRequest, unjoined: inout Int) -> [Anomaly] {
        guard profile.calls > 0 else { return [] }
        var found: [Anomaly] = []
        var isSuspect = Array(repeating: false, count: flat.nodes.count)
        var present = PresentChildren(flat)
        for (index, node) in flat.nodes.enumerated() where !flat.isUnknown(node) {
            if node.parent >= 0, isSuspect[Int(node.parent)] {
                isSuspect[index] = true
                continue
            }
            guard let place = profile.place(node.path), place.count > 0 else {
                isSuspect[index] = true
                if node.parent >= 0 { found.append(unknown(node, index)) }
                continue
            }
            let before = found.count
            examine(node, index, place, &found)
            if found.count > before, found[before...].contains(where: { $0.test == .type }) { isSuspect[index] = true }
            if node.kind == .object { missing(below: node, index, &present, &found) }
        }
        unjoined += joinRenamed(&found, flat)
        return found
    }

    private func surprise(_ count: UInt32, of total: UInt32) -> Double {
        -log((Double(count) + 0.5) / (Double(total) + 1))
    }

    /// A key that no successful call had here: as surprising as new keys are rare in this container.
    private func unknown(_ node: RequestNode, _ index: Int) -> Anomaly {
        let parent = profile.paths.parent(of: node.path)
        let container = profile.place(parent)
        var singles = container?.newChildren ?? 0
        let children = profile.paths.children[Int(parent)]
        if children.count <= Self.childrenCountedMax {
            singles = 0
            for child in children where profile.place(child)?.count == 1 { singles &+= 1 }
        }
        // The first calls of a route make every key new, once; and what was not looked at may well have had it.
        let looked = container?.wholeObjectCount ?? 0
        let surprise = surprise(singles, of: max(looked, 1))
        let settled = looked >= 20 ? surprise : min(surprise, 2)
        return Anomaly(
            path: node.path, node: Int32(index), test: .present, surprise: min(settled, Self.surpriseMax),
            detail: .unknownKey)
    }

    private static let childrenCountedMax = 200

    private func examine(_ node: RequestNode, _ index: Int, _ place: RouteProfile.Place, _ found: inout [Anomaly]) {
        func report(_ test: ExplainTest, _ surprise: Double, _ detail: Anomaly.Detail = .none) {
            guard surprise >= Self.surpriseMin else { return }
            found.append(
                Anomaly(
                    path: node.path, node: Int32(index), test: test, surprise: min(surprise, Self.surpriseMax),
                    detail: detail))
        }
        rareKey(node, place, report)
        let kinds = place.kinds
        let sameKind = kinds[Int(node.kind.rawValue)]
        // Whole numbers among fractions, and the other way round, are both numbers.
        let numbers = kinds[Int(NodeKind.integer.rawValue)] &+ kinds[Int(NodeKind.double.rawValue)]
        let isNumber = node.kind == .integer || node.kind == .double
        let kindSurprise = surprise(isNumber ? numbers : sameKind, of: place.count)
        if kindSurprise >= 3 {
            let detail: Anomaly.Detail = node.kind == .null ? .null : node.kind == .malformed ? .malformed : .none
            return report(.type, kindSurprise, detail)
        }
        switch node.kind {
        case .string: examineText(node, place, report)
        case .integer, .double:
            examineNumber(node, place, node.number.isNaN ? Double(node.length) : node.number, report)
        case .array:
            report(.length, place.longest.surprise(of: Double(node.length)), .tooLong)
            if node.length == 0 { report(.length, place.shortest.surprise(of: 0), .empty) }
        default: break
        }
    }

    /// A key that few successful calls have.
    private func rareKey(
        _ node: RequestNode, _ place: RouteProfile.Place, _ report: (ExplainTest, Double, Anomaly.Detail) -> Void
    ) {
        guard node.parent >= 0, !profile.paths.isElement(node.path) else { return }
        let presence = profile.presence(of: node.path)
        guard presence.possible >= 20, presence.present * 20 < presence.possible else { return }
        report(.present, 0.6 * -log((presence.present + 0.5) / (presence.possible + 1)), .none)
    }

    private func examineText(
        _ node: RequestNode, _ place: RouteProfile.Place, _ report: (ExplainTest, Double, Anomaly.Detail) -> Void
    ) {
        if node.length == 0 { return report(.length, surprise(place.empties, of: place.strings), .empty) }
        // Before the format: "holds emoji" tells more than "is unicode".
        for bit in 0..<OddCharacters.count where node.odd.rawValue >> UInt8(bit) & 1 == 1 {
            report(.format, surprise(place.odd[bit], of: place.strings), .oddCharacters)
        }
        let format = place.formats.isEmpty ? 0 : place.formats[min(Int(node.format), place.formats.count - 1)]
        report(.format, surprise(format, of: place.strings), .none)
        let step = max(0.5, Double(node.length) * 0.03)
        report(.length, place.longest.surprise(of: Double(node.length), step: step), .tooLong)
        report(.length, 0.7 * place.shortest.surprise(of: -Double(node.length), step: step), .tooShort)
        if !node.number.isNaN, place.largest.count * 2 > place.strings {
            examineNumber(node, place, node.number, report)
        }
        examineValue(node, place, report)
    }

    private func examineNumber(
        _ node: RequestNode, _ place: RouteProfile.Place, _ number: Double,
        _ report: (ExplainTest, Double, Anomaly.Detail) -> Void
    ) {
        report(.greater, place.largest.surprise(of: number), .none)
        report(.less, place.smallest.surprise(of: -number), .none)
        if node.kind == .integer { examineValue(node, place, report) }
    }

    private func examineValue(
        _ node: RequestNode, _ place: RouteProfile.Place, _ report: (ExplainTest, Double, Anomaly.Detail) -> Void
    ) {
        guard node.hash != 0 else { return }
        if !place.values.isOpen, place.values.count(of: node.hash) == 0 {
            report(.equals, place.values.noveltySurprise, .notAllowed)
        }
        if place.unique.isUnique, place.unique.contains(node.hash) {
            // The more were sent the likelier a repeat is: of the repeats so far half came in the last third.
            let repeats = 2 * (Double(place.unique.repeats) + 0.5)
            report(.duplicate, -log(repeats / (Double(place.unique.calls) + 1)), .none)
        }
    }

    /// Keys that successful containers have and this one has not, as far as it was looked at.
    private func missing(
        below node: RequestNode, _ index: Int, _ present: inout PresentChildren, _ found: inout [Anomaly]
    ) {
        guard !node.isPartial else { return }
        for child in profile.paths.children[Int(node.path)] where !profile.paths.isElement(child) {
            let (count, possible) = profile.knownPresence(of: child)
            guard count * 2 > possible, possible >= 4, !present.has(child, below: index) else { continue }
            let surprise = -log((max(0, possible - count) + 0.5) / (possible + 1))
            guard surprise >= Self.surpriseMin else { continue }
            found.append(
                Anomaly(
                    path: child, node: Int32(index), test: .missing, surprise: min(surprise, Self.surpriseMax)))
        }
    }

    /// Of each kind: where more are missing or new the request is another one, and no key of it was renamed.
    static let joinedMax = 40

    /// A missing key and an unknown one in the same container are one mistake, the likelier the more alike they are.
    ///
    /// - Returns: how many keys were left out of it.
    private func joinRenamed(_ found: inout [Anomaly], _ flat: FlatRequest) -> Int {
        let unknown = found.indices.filter { found[$0].test == .present && found[$0].detail == .unknownKey }
        let lost = found.indices.filter { found[$0].test == .missing && found[$0].surprise >= 3 }
        // Without either there is nothing to join, and so nothing is left out.
        var leftOut = unknown.isEmpty ? 0 : max(0, lost.count - Self.joinedMax)
        var counted: Set<Int32> = []
        for missing in lost.prefix(Self.joinedMax) {
            let container = found[missing].node
            let key = profile.paths.key(of: found[missing].path)
            let inside = unknown.filter { flat.nodes[Int(found[$0].node)].parent == container }
            let candidates = inside.prefix(Self.joinedMax)
            if counted.insert(container).inserted { leftOut += inside.count - candidates.count }
            let best = candidates.max {
                likeness(profile.paths.key(of: found[$0].path), key)
                    < likeness(profile.paths.key(of: found[$1].path), key)
            }
            guard let best, likeness(profile.paths.key(of: found[best].path), key) >= 0.5 else { continue }
            found[missing].test = .renamed
            found[missing].otherPath = found[best].path
            found[missing].otherNode = found[best].node
            found[missing].surprise = min(found[missing].surprise + 2, Self.surpriseMax + 2)
            found[best].surprise = min(found[best].surprise, found[missing].surprise - 3)
        }
        return leftOut
    }
}

/// How alike two keys are, 0...1, without case, `_` and `-`: the share of letter pairs they have in common.
func likeness(_ left: String, _ right: String) -> Double {
    func pairs(_ text: String) -> [UInt16] {
        let letters = text.utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
            .map { $0 >= 65 && $0 <= 90 ? $0 | 0x20 : $0 }
        return zip(letters, letters.dropFirst()).map { UInt16($0) << 8 | UInt16($1) }
    }
    let (mine, theirs) = (pairs(left), pairs(right))
    guard !mine.isEmpty, !theirs.isEmpty else { return left == right ? 1 : 0 }
    var rest = theirs
    var common = 0
    for pair in mine {
        if let place = rest.firstIndex(of: pair) {
            rest.remove(at: place)
            common += 1
        }
    }
    return 2 * Double(common) / Double(mine.count + theirs.count)
}

/// Which places each container of a request has.
private struct PresentChildren {
    private var pairs: Set<UInt64> = []

    init(_ flat: FlatRequest) {
        pairs.reserveCapacity(flat.nodes.count)
        for node in flat.nodes where node.parent >= 0 {
            pairs.insert(UInt64(UInt32(bitPattern: node.parent)) << 32 | UInt64(UInt32(bitPattern: node.path)))
        }
    }

    func has(_ path: Int32, below container: Int) -> Bool {
        pairs.contains(UInt64(container) << 32 | UInt64(UInt32(bitPattern: path)))
    }
}
