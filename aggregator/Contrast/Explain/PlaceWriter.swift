/// Writes one ranked place in words a developer can act on.
struct PlaceWriter {
    let route: RouteState
    let flat: FlatRequest
    let text: PathText

    func place(_ candidate: PlaceRanking.Candidate, confidence: Double) -> RankedPlace {
        let test = candidate.anomaly?.test ?? (candidate.combination == nil ? .named : .equals)
        let path = concretePath(candidate, test)
        let value = value(candidate)
        return RankedPlace(
            path: path, generalPath: text.general(candidate.path), where: text.whereIs(candidate.path),
            test: test, value: value, confidence: confidence,
            text: sentence(candidate, test, path, value) + evidence(candidate),
            conditions: conditions(candidate, test, value), successesWith: successes(candidate, test))
    }

    private func conditions(
        _ candidate: PlaceRanking.Candidate, _ test: ExplainTest, _ value: String?
    ) -> [CallCondition] {
        func condition(_ path: Int32, _ test: ExplainTest, _ value: String?) -> CallCondition {
            CallCondition(
                path: text.general(path), place: text.whereIs(path).rawValue, test: test.rawValue, value: value)
        }
        guard let combination = candidate.combination else {
            return [condition(candidate.path, test, test == .equals || test == .named ? value : nil)]
        }
        let ordered = combination.features.sorted { $0.path == candidate.path && $1.path != candidate.path }
        return ordered.map { feature in
            let node = flat.nodes[Int(feature.node)]
            return feature.isPresence || node.textCount == 0
                ? condition(feature.path, .present, nil) : condition(feature.path, .equals, flat.text(of: node))
        }
    }

    /// From the successful calls that were kept, each standing for as many as were not.
    private func successes(_ combination: Combination) -> Double {
        let roots = Set(combination.features.map { route.profile.paths.root(of: $0.path) })
        let entries = route.successes.entries.filter { entry in !roots.contains { entry.unknown.hides(root: $0) } }
        let count = entries.count { entry in combination.features.allSatisfy { entry.features.contains($0.id) } }
        return (Double(count) * Double(route.profile.calls) / Double(max(1, entries.count))).rounded()
    }

    /// From the counters of the route: exact for presence and kinds, zero where a test means "as no success was".
    private func successes(_ candidate: PlaceRanking.Candidate, _ test: ExplainTest) -> Double {
        if let combination = candidate.combination { return successes(combination) }
        guard let place = route.profile.place(candidate.path) else { return 0 }
        let node = candidate.node >= 0 ? flat.nodes[Int(candidate.node)] : nil
        switch test {
        case .missing, .renamed:
            let (present, possible) = route.profile.knownPresence(of: candidate.path)
            return max(0, possible - present)
        case .type: return node.map { Double(place.kinds[Int($0.kind.rawValue)]) } ?? 0
        case .equals: return node.map { Double(place.values.count(of: $0.hash)) } ?? 0
        case .present: return Double(place.count)
        case .length where node?.length == 0: return Double(place.empties)
        case .format, .length, .greater, .less, .duplicate, .named: return 0
        }
    }

    private func concretePath(_ candidate: PlaceRanking.Candidate, _ test: ExplainTest) -> String {
        guard candidate.node >= 0 else { return text.general(candidate.path) }
        let node = Int(candidate.node)
        if test == .missing || test == .renamed { return text.missing(candidate.path, from: node, in: flat) }
        return flat.nodes[node].path == candidate.path
            ? text.concrete(node, in: flat) : text.general(candidate.path)
    }

    private func value(_ candidate: PlaceRanking.Candidate) -> String? {
        guard candidate.node >= 0, flat.nodes[Int(candidate.node)].path == candidate.path else { return nil }
        let node = flat.nodes[Int(candidate.node)]
        return node.textCount > 0 ? flat.text(of: node) : nil
    }

    private func sentence(
        _ candidate: PlaceRanking.Candidate, _ test: ExplainTest, _ path: String, _ value: String?
    ) -> String {
        let node = candidate.node >= 0 ? flat.nodes[Int(candidate.node)] : nil
        let words = PlaceWords(
            profile: route.profile, subject: PlaceWords.name(path, text.whereIs(candidate.path)), value: value,
            path: candidate.path, node: node)
        if let combination = candidate.combination { return combined(combination, candidate, words) }
        let other = candidate.anomaly.flatMap { $0.otherPath >= 0 ? text.paths.key(of: $0.otherPath) : nil }
        return words.sentence(test, candidate.anomaly?.detail ?? .none, insteadOf: other)
    }

    private func combined(
        _ combination: Combination, _ candidate: PlaceRanking.Candidate, _ words: PlaceWords
    ) -> String {
        let others = combination.features.filter { $0.path != candidate.path }.map { feature -> String in
            let node = flat.nodes[Int(feature.node)]
            let value = feature.isPresence || node.textCount == 0 ? "" : " (`\(flat.text(of: node))`)"
            return PlaceWords.name(text.general(feature.path), text.whereIs(feature.path)) + value
        }
        let with = others.isEmpty ? "" : " together with " + others.joined(separator: " and ")
        let count = Int(combination.failures.rounded())
        guard count > 1 else {
            return
                "Perhaps \(words.shown): none of \(combination.successesWithout) successful requests around has it, and "
                + "nothing tells more"
        }
        return "Calls with \(words.shown)\(with) only fail around this time (\(count) in a row), while others succeed"
    }

    private func evidence(_ candidate: PlaceRanking.Candidate) -> String {
        candidate.answer >= 4 && (candidate.anomaly != nil || candidate.combination != nil)
            ? "; the answer names it." : "."
    }
}
