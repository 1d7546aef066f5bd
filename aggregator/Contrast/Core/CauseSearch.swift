import Glibc

/// Finds the set of predicates that is worth most (the search of `Contrast`).
struct CauseSearch {
    /// A set of predicates, and the rows it covers.
    struct State {
        var chosen: [Candidate] = []
        var covered: [Bool]
        var value = 0.0
    }

    private let rows: ContrastRows
    private let configuration: Contrast.Configuration
    private let leaves: [Leaf]
    private var scan: PredicateScan
    private var evidence: RowEvidence
    private var beamWidth: Int
    private var isSampled = false
    private(set) var best: State?

    init(rows: ContrastRows, leaves: [Leaf], configuration: Contrast.Configuration) {
        self.rows = rows
        self.configuration = configuration
        let budget = WorkBudget(rows: rows, configuration: configuration)
        beamWidth = budget.beamWidth
        isSampled = budget.isShort
        self.leaves = leaves
        let pricing = Pricing(rows: rows, configuration: configuration)
        scan = PredicateScan(rows: rows, pricing: pricing, literalsMax: budget.literalsMax)
        evidence = RowEvidence(leaves)
    }

    /// Twice: how much rows vary by themselves is known only when the rows of causes are.
    mutating func run() {
        weigh(outside: Array(repeating: false, count: rows.count))
        search(beamWidth: 1)
        guard let covered = best?.covered, covered.contains(true) else { return }
        weigh(outside: covered)
        search(beamWidth: beamWidth)
    }

    private mutating func weigh(outside covered: [Bool]) {
        evidence.weigh(outside: covered)
        scan.gains = evidence.gains
    }

    private mutating func search(beamWidth: Int) {
        let empty = State(covered: Array(repeating: false, count: rows.count))
        var beam = [empty]
        best = empty
        for _ in 0..<configuration.causesMax {
            var next: [State] = []
            for state in beam {
                for candidate in starters(covered: state.covered, beamWidth) {
                    let longer = extended(state, by: candidate)
                    if !next.contains(where: { isSameSet($0.chosen, longer.chosen) }) { next.append(longer) }
                }
            }
            guard !next.isEmpty else { break }
            beam = Array(next.sorted { isBetter($0, $1) }.prefix(beamWidth))
            if let top = beam.first, let known = best, top.value > known.value { best = top }
        }
        refine()
        dropNested()
    }

    /// The best predicate of each set of dimensions, as many as the beam is wide.
    private func starters(covered: [Bool], _ beamWidth: Int) -> [Candidate] {
        var starters: [Candidate] = []
        for candidate in scan.candidates(covered: covered) {
            if starters.count == beamWidth { break }
            if !starters.contains(where: { $0.dimensions == candidate.dimensions }) { starters.append(candidate) }
        }
        return starters
    }

    private func extended(_ state: State, by candidate: Candidate) -> State {
        var state = state
        state.chosen.append(candidate)
        state.value += candidate.score
        scan.forEachRow(of: candidate) { state.covered[$0] = true }
        return state
    }

    private func isBetter(_ left: State, _ right: State) -> Bool {
        if left.value != right.value { return left.value > right.value }
        for (mine, theirs) in zip(left.chosen, right.chosen) where !mine.isSame(as: theirs) {
            return scan.isBetter(mine, theirs)
        }
        return left.chosen.count < right.chosen.count
    }

    private func isSameSet(_ left: [Candidate], _ right: [Candidate]) -> Bool {
        left.count == right.count && left.allSatisfy { mine in right.contains { $0.isSame(as: mine) } }
    }

    /// Looks for each predicate again with the others in place: the first were chosen before the later ones were known.
    private mutating func refine() {
        guard var state = best, state.chosen.count > 1 else { return }
        for index in state.chosen.indices {
            let others = state.chosen.indices.filter { $0 != index }.map { state.chosen[$0] }
            let covered = rows(coveredBy: others)
            guard let better = scan.candidates(covered: covered).first else { continue }
            state.chosen[index] = better
        }
        // Taken over only if the set as a whole became worth more; twice the same predicate covers nothing and costs.
        let rebuilt = rebuilt(state.chosen)
        if let known = best, rebuilt.value > known.value { best = rebuilt }
    }

    /// The same predicates one after the other, each on what those before leave.
    private func rebuilt(_ chosen: [Candidate]) -> State {
        chosen.reduce(State(covered: Array(repeating: false, count: rows.count))) { built, candidate in
            extended(built, by: scan.rescored(candidate, covered: built.covered))
        }
    }

    /// Leaves out what lies within a wider chosen predicate and adds little to it.
    private mutating func dropNested() {
        guard let state = best else { return }
        var chosen = state.chosen
        for inner in state.chosen {
            guard let outer = chosen.first(where: { inner.isNarrower(than: $0) }) else { continue }
            let together = rebuilt([inner, outer]).value
            if rebuilt([outer]).value >= (1 - configuration.nestedShare) * together {
                chosen.removeAll { $0.isSame(as: inner) }
            }
        }
        if chosen.count < state.chosen.count { best = rebuilt(chosen) }
    }

    private func rows(coveredBy chosen: [Candidate]) -> [Bool] {
        var covered = Array(repeating: false, count: rows.count)
        for candidate in chosen { scan.forEachRow(of: candidate) { covered[$0] = true } }
        return covered
    }
}

extension CauseSearch {
    /// The chosen set and its rivals, with figures over all rows.
    func findings() -> ContrastFindings {
        let all = rows.cells.reduce(into: GroupSums()) { $0.add(Leaf(failed: $1.failed, total: $1.total, expected: 0)) }
        var findings = ContrastFindings()
        findings.failures = all.failed
        findings.successes = all.total - all.failed
        findings.isSampled = isSampled || rows.droppedRowCount > 0 || rows.droppedValueCount > 0
        guard let best, !best.chosen.isEmpty else { return findings }
        let ordered = best.chosen.sorted { scan.isBetter($0, $1) }
        var rivals: [(candidate: Candidate, confidence: Double)] = []
        for chosen in ordered {
            let others = ordered.filter { !$0.isSame(as: chosen) }
            let close = scan.candidates(covered: rows(coveredBy: others))
            let (confidence, weights) = weighed(chosen, against: close)
            findings.causes.append(cause(chosen, of: all, confidence: confidence, isChosen: true))
            for (rival, weight) in weights { rivals.append((rival, weight)) }
        }
        for (rival, weight) in rivals.sorted(by: { $0.confidence > $1.confidence }) {
            guard findings.causes.count < configuration.reportedMax else { break }
            let cause = cause(rival, of: all, confidence: weight, isChosen: false)
            if !findings.causes.contains(where: { $0.predicate == cause.predicate }) { findings.causes.append(cause) }
        }
        findings.explainedRatio = explainedRatio(best)
        return findings
    }

    /// Rivals share belief by how far they score below; a twentieth of the best score counts as one step of e.
    private func weighed(
        _ chosen: Candidate, against close: [Candidate]
    ) -> (confidence: Double, rivals: [(Candidate, Double)]) {
        let same = close.first { $0.isSame(as: chosen) } ?? chosen
        let own = same.score
        let step = max(2, 0.05 * own)
        var sum = 1.0
        var rivals: [(Candidate, Double)] = []
        // What holds for the very same rows is another name for the same cause, and no rival.
        for rival in close where !rival.isSame(as: chosen) && rival.gains != same.gains {
            let weight = exp(min(0, (rival.score - own) / step))
            sum += weight
            if weight > 1e-3 { rivals.append((rival, weight)) }
        }
        // Belief also grows with the evidence itself: nothing is sure that barely paid its price.
        let evidence = 1 - exp(-max(own, 0) / 4)
        return (evidence / sum, rivals.map { ($0, $1 / sum) })
    }

    private func cause(
        _ candidate: Candidate, of all: GroupSums, confidence: Double, isChosen: Bool
    ) -> ContrastCause {
        var with = GroupSums()
        scan.forEachRow(of: candidate) { with.add(leaves[$0]) }
        let without = all - with
        let ratioWith = with.total > 0 ? with.failed / with.total : 0
        let ratioWithout = without.total > 0 ? without.failed / without.total : 0
        let riskRatio = ratioWithout > 0 ? ratioWith / ratioWithout : ContrastCause.riskRatioMax
        return ContrastCause(
            predicate: zip(candidate.dimensions, candidate.codes).map {
                ContrastLiteral(dimension: rows.dimensions[$0], value: rows.name(of: $1, in: $0))
            },
            failuresWith: with.failed, failuresTotal: all.failed, successesWith: with.total - with.failed,
            successesTotal: all.total - all.failed, expectedFailures: with.expected,
            riskRatio: min(riskRatio, ContrastCause.riskRatioMax), confidence: confidence, isChosen: isChosen)
    }

    private func explainedRatio(_ best: State) -> Double {
        var explained = 0.0
        var excess = 0.0
        for (place, leaf) in leaves.enumerated() {
            excess += leaf.failed - leaf.expected
            if best.covered[place] { explained += leaf.failed - leaf.expected }
        }
        return excess > 0 ? min(max(explained / max(excess, explained), 0), 1) : (explained > 0 ? 1 : 0)
    }
}

/// Fits the search to its bound of work.
private struct WorkBudget {
    var beamWidth: Int
    var literalsMax: Int
    var isShort = false

    init(rows: ContrastRows, configuration: Contrast.Configuration) {
        beamWidth = configuration.beamWidth
        literalsMax = configuration.literalsMax
        let dimensions = rows.dimensions.count
        func visits(_ beam: Int, _ literals: Int) -> Double {
            var sets = Double(dimensions)
            if literals >= 2 { sets += Double(dimensions * (dimensions - 1)) / 2 }
            if literals >= 3 { sets += Double(dimensions * (dimensions - 1) * (dimensions - 2)) / 6 }
            // One pass for the first predicate, one for each of the beam afterwards; two predicates are typical.
            return Double(rows.count) * sets * Double(1 + 2 * beam)
        }
        let bound = Double(configuration.rowVisitsMax)
        while visits(beamWidth, literalsMax) > bound, beamWidth > 1 { beamWidth -= 1 }
        isShort = beamWidth < configuration.beamWidth
        while visits(beamWidth, literalsMax) > bound, literalsMax > 1 {
            literalsMax -= 1
            isShort = true
        }
    }
}
