import Glibc

/// What changed on one route between the two sides of a comparison.
struct RouteComparison {
    private let comparison: CallComparison
    private let route: CallComparison.Route
    /// The route's part of all calls.
    private let part: Double

    init(_ comparison: CallComparison, _ route: CallComparison.Route) {
        self.comparison = comparison
        self.route = route
        let all = comparison.totalA + comparison.totalB
        part = all > 0 ? (route.requestA.weight + route.requestB.weight) / all : 0
    }

    /// Of either side: with fewer nothing is said.
    private static let callsMin = 5

    func changes() -> [Change] {
        let (a, b) = (route.requestA, route.requestB)
        guard a.calls >= Self.callsMin, b.calls >= Self.callsMin else { return [] }
        var changes = statusChanges() + latencyChanges()
        changes += placeChanges(route.requests, a, b, isRequest: true)
        changes += placeChanges(route.responses, route.responseA, route.responseB, isRequest: false)
        return changes
    }

    /// One side, and which of its calls show the change.
    private struct Shown {
        var side: ComparedSide
        var marks: Marks?
    }

    private func change(
        _ condition: CallCondition, _ kind: Change.Kind, _ test: ShareTest, _ text: String, _ a: Shown, _ b: Shown
    ) -> Change {
        let onRoute = CallCondition(path: "route", place: "dimension", test: "equals", value: route.name)
        return Change(
            predicate: [condition] + (comparison.routes.count > 1 ? [onRoute] : []), kind: kind, aWith: test.a,
            aTotal: test.aTotal, bWith: test.b, bTotal: test.bTotal,
            confidence: CallComparison.confidence(test), text: text,
            aSamples: comparison.samples(a.side.early, a.marks, with: test.difference <= 0),
            bSamples: comparison.samples(b.side.early, b.marks, with: test.difference > 0),
            weight: min(1, abs(test.difference)) * part)
    }

    private func statusChanges() -> [Change] {
        let (a, b) = (route.requestA, route.requestB)
        return Set(a.statuses.keys).union(b.statuses.keys).sorted().compactMap { status in
            let test = ShareTest(
                a: Double(a.statuses[status] ?? 0), b: Double(b.statuses[status] ?? 0), aTotal: Double(a.calls),
                bTotal: Double(b.calls))
            guard comparison.matters(test) else { return nil }
            let name = status == 0 ? "no answer" : "status \(status)"
            let condition = CallCondition(
                path: "status", place: "response.status", test: "equals", value: status == 0 ? nil : String(status))
            return change(
                condition, .status, test, "\(route.name): \(name) \(CallComparison.moved(test)).",
                Shown(side: a, marks: a.statusMarks[status]), Shown(side: b, marks: b.statusMarks[status]))
        }
    }

    private func latencyChanges() -> [Change] {
        let (sideA, sideB) = (route.requestA, route.requestB)
        let (a, b) = (sideA.latency, sideB.latency)
        guard a.count >= 30, b.count >= 30 else { return [] }
        return [("p50", 0.5), ("p95", 0.95)].compactMap { name, share in
            guard let before = a.quantile(share), let after = b.quantile(share), before > 0 else { return nil }
            let factor = max(after / before, before / max(after, 1e-6))
            guard factor >= comparison.configuration.latencyFactorMin else { return nil }
            let condition = CallCondition(
                path: name, place: "duration", test: after > before ? "greater" : "less", value: milliseconds(before))
            // The share of b that lies beyond what was the quantile of a, as far as the factor tells it.
            let moved = min(1, (factor - 1) / 4) * (share == 0.5 ? 0.5 : 0.25)
            let test = ShareTest(
                a: (1 - share) * Double(a.count), b: min(1, 1 - share + moved) * Double(b.count),
                aTotal: Double(a.count),
                bTotal: Double(b.count))
            guard abs(test.deviation) >= 3 else { return nil }
            // Nearer to what it became than to what it was.
            let middle = (before * after).squareRoot()
            let isShown: (Double) -> Bool = { after > before ? $0 > middle : $0 < middle }
            return change(
                condition, .latency, test,
                "\(route.name): \(name) latency \(milliseconds(before)) → \(milliseconds(after)) ms.",
                Shown(side: sideA, marks: sideA.marks(where: isShown)),
                Shown(side: sideB, marks: sideB.marks(where: isShown)))
        }
    }

    private func milliseconds(_ value: Double) -> String {
        let tenths = Int((min(value, 1e12) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private func placeChanges(
        _ paths: PathTable, _ a: ComparedSide, _ b: ComparedSide, isRequest: Bool
    ) -> [Change] {
        var changes: [Change] = []
        var moved: Set<Int32> = []
        for path in 4..<Int32(max(4, paths.count)) {
            // What is below a place that came or went, came and went with it. Dimensions are told once, over all calls.
            if moved.contains(paths.parent(of: path)) {
                moved.insert(path)
                continue
            }
            let root = paths.root(of: path)
            guard root != PathTable.dimension else { continue }
            // Where bodies or headers of a side were not kept, there is nothing to hold the others against.
            guard min(a.calls(knowing: path, in: paths), b.calls(knowing: path, in: paths)) >= Self.callsMin else {
                continue
            }
            let found = placeChanges(path, paths, a, b, isRequest: isRequest)
            if found.contains(where: { $0.kind == .appeared || $0.kind == .vanished || $0.kind == .type }) {
                moved.insert(path)
            }
            changes += found
        }
        return changes
    }

    private func placeChanges(
        _ path: Int32, _ paths: PathTable, _ sideA: ComparedSide, _ sideB: ComparedSide, isRequest: Bool
    ) -> [Change] {
        let (a, b) = (sideA.place(path), sideB.place(path))
        let writer = PathText(paths: paths)
        let name = writer.general(path)
        let place =
            isRequest
            ? writer.whereIs(path).rawValue : writer.whereIs(path) == .header ? "response.header" : "response.body"
        let what = "\(route.name): \(isRequest ? "request" : "answer") `\(name)`"
        func told(
            _ condition: CallCondition, _ kind: Change.Kind, _ test: ShareTest, _ text: String, _ mark: PlaceMark
        ) -> Change {
            change(
                condition, kind, test, text, Shown(side: sideA, marks: a.marks[mark]),
                Shown(side: sideB, marks: b.marks[mark]))
        }
        let presence = ShareTest(
            a: Double(a.calls), b: Double(b.calls), aTotal: Double(sideA.calls(knowing: path, in: paths)),
            bTotal: Double(sideB.calls(knowing: path, in: paths)))
        if comparison.matters(presence) {
            let kind: Change.Kind = presence.difference > 0 ? .appeared : .vanished
            let condition = CallCondition(path: name, place: place, test: "present", value: nil)
            return [
                told(condition, kind, presence, "\(what) in \(CallComparison.moved(presence)) of its calls.", .presence)
            ]
        }
        return typeChanges(a, b, name, place, what, told) + valueChanges(a, b, name, place, what, told)
    }

    private typealias Telling = (CallCondition, Change.Kind, ShareTest, String, PlaceMark) -> Change

    private static let kindNames = [
        "object", "array", "string", "integer", "number", "boolean", "null", "mixed", "malformed",
    ]

    private func typeChanges(
        _ a: ComparedSide.Place, _ b: ComparedSide.Place, _ name: String, _ place: String, _ what: String,
        _ told: Telling
    ) -> [Change] {
        for kind in Self.kindNames.indices {
            let test = ShareTest(
                a: Double(a.kinds[kind]), b: Double(b.kinds[kind]), aTotal: Double(a.nodes), bTotal: Double(b.nodes))
            guard test.difference > 0, comparison.matters(test) else { continue }
            let condition = CallCondition(path: name, place: place, test: "type", value: Self.kindNames[kind])
            return [
                told(
                    condition, .type, test, "\(what) is a \(Self.kindNames[kind]) in \(CallComparison.moved(test)).",
                    .kind(UInt8(kind)))
            ]
        }
        return []
    }

    /// The value, or the range of sizes, whose share moved most.
    private func valueChanges(
        _ a: ComparedSide.Place, _ b: ComparedSide.Place, _ name: String, _ place: String, _ what: String,
        _ told: Telling
    ) -> [Change] {
        var best: (test: ShareTest, value: String?, mark: PlaceMark)?
        func consider(_ countA: UInt32, _ countB: UInt32, _ value: String?, _ mark: PlaceMark) {
            let test = ShareTest(a: Double(countA), b: Double(countB), aTotal: Double(a.nodes), bTotal: Double(b.nodes))
            guard comparison.matters(test), abs(test.difference) > abs(best?.test.difference ?? 0) else { return }
            best = (test, value, mark)
        }
        if !a.isOpen, !b.isOpen {
            for value in Set(a.values.keys).union(b.values.keys).sorted() {
                consider(a.values[value] ?? 0, b.values[value] ?? 0, a.texts[value] ?? b.texts[value], .value(value))
            }
        } else {
            for size in 0..<16 { consider(a.sizes[size], b.sizes[size], nil, .size(UInt8(size))) }
        }
        guard let best else { return [] }
        let condition = CallCondition(
            path: name, place: place, test: best.value == nil ? "length" : "equals", value: best.value)
        let subject = best.value.map { "is `\($0)`" } ?? "is of another size"
        let text = "\(what) \(subject) in \(CallComparison.moved(best.test))."
        return [told(condition, .distribution, best.test, text, best.mark)]
    }
}
