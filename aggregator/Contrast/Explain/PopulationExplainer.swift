import CallModel

/// Explains the failures of a whole population: what do they have in common that successful calls do not have?
///
/// Two questions, because failures are of two kinds. Those that are the request's own fault are explained one by one
/// (`CallExplainer`), and the explanations counted: each place and test is a cause, its successes counted from the profile of
/// the route. The others (outages, limits, credentials) say nothing about their requests: what they share of route, host,
/// customer, version … is found by `Contrast`. Both answers are predicates with the same figures.
///
/// Used in two passes over the same calls: `observe` all, successes first, `explain` the failures, then `finish`. Failures that are
/// observed after the successes are weighed by all of them at once (`CallExplainer.weigh` is for whoever observes them in turn). Whoever
/// has many passes on a sample (`SpreadSample`) and says how many calls each one stands for.
public struct PopulationExplainer {
    public struct Configuration: Sendable {
        public var calls = CallExplainer.Configuration()
        public var contrast = Contrast.Configuration()
        /// Causes that are told.
        public var causesMax = 20
        /// A cause is chosen when it explains at least this share of the failures, and three of them.
        public var chosenShareMin = 0.01
        public var samplesMax = 5

        public init() {}
    }

    private static let dimensions = [
        "partner", "route", "region", "host", "customer", "service", "service_version", "environment", "direction",
    ]

    /// What is less sure among the shared values of failures is told and not chosen: there are many to be found by chance.
    private static let chosenConfidenceMin = 0.5

    private let configuration: Configuration
    private var explainer: CallExplainer
    /// Failures that are not the request's fault, against all other calls.
    private var rows: ContrastRows
    private var routes: [String: RouteCounts] = [:]
    private var groups: [GroupKey: Group] = [:]
    private var explanation = PopulationExplanation()
    /// Of which samples of shared values are named.
    private var failedRows: [SampleRow] = []
    private var successfulRows: [SampleRow] = []
    private static let sampleRowsMax = 1_500

    private struct SampleRow {
        var id: String
        var values: [String?]

        func meets(_ predicate: [ContrastLiteral]) -> Bool {
            predicate.allSatisfy { condition in
                PopulationExplainer.dimensions.firstIndex(of: condition.dimension).map {
                    values[$0] == condition.value
                } ?? false
            }
        }
    }

    /// How the failures outside the request ended: statuses and kinds of missing answers.
    private var failureKinds: [String: Double] = [:]
    /// Their weights, and the squares of them: a call that stands for twenty is not the evidence of twenty calls.
    private var failedWeight = 0.0
    private var failedWeightSquared = 0.0

    /// The effective size of a weighted sample (Kish), over its weight.
    private var evidencePerWeight: Double { failedWeightSquared > 0 ? failedWeight / failedWeightSquared : 1 }

    private struct RouteCounts {
        var failures = 0.0
        var successes = 0.0
        var successesSeen = 0.0
        var name = ""
        var samples: [String] = []
    }

    struct GroupKey: Hashable {
        var route: String
        var predicate: [CallCondition]
    }

    struct Group {
        var failures = 0.0
        var successes = 0.0
        var confidence = 0.0
        var text = ""
        var samples: [String] = []
    }

    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        explainer = CallExplainer(configuration.calls)
        rows = ContrastRows(dimensions: Self.dimensions, rowsMax: 200_000)
    }

    /// Learns from a call that stands for `standsFor` calls of its route, or only counts it: a route without failures has
    /// nothing to be learnt for.
    public mutating func observe(_ call: APICall, position: Int, standsFor: Double = 1, learns: Bool = true) {
        if learns { explainer.observe(call, position: position) }
        count(call, standsFor)
    }

    private mutating func count(_ call: APICall, _ standsFor: Double) {
        let key = CallExplainer.key(of: call)
        let weight = Double(max(1, call.weight)) * standsFor
        var counts = routes[key] ?? RouteCounts()
        counts.name = call.route ?? call.request.method
        if CallExplainer.isSuccess(call) {
            explanation.successes += weight
            counts.successes += weight
            counts.successesSeen += 1
            if counts.samples.count < configuration.samplesMax, let id = call.id { counts.samples.append(id) }
            addRow(call, failed: 0, total: weight)
        } else {
            explanation.failures += weight
            counts.failures += weight
        }
        routes[key] = counts
    }

    /// Explains a failure that stands for `standsFor` failures of its route.
    public mutating func explain(_ call: APICall, position: Int, standsFor: Double = 1) {
        guard !CallExplainer.isSuccess(call) else { return }
        let weight = Double(max(1, call.weight)) * standsFor
        explanation.explainedCount += 1
        let one = explainer.explain(call, position: position)
        guard let best = one.ranked.first, best.confidence >= 0.2 else {
            return addRow(call, failed: weight, total: weight)
        }
        add(best, of: call, CallExplainer.key(of: call), weight)
    }

    private mutating func add(_ place: RankedPlace, of call: APICall, _ route: String, _ weight: Double) {
        let group = GroupKey(route: route, predicate: place.conditions)
        var sums = groups[group] ?? Group()
        sums.failures += weight
        sums.successes = max(sums.successes, place.successesWith)
        if place.confidence > sums.confidence {
            sums.confidence = place.confidence
            sums.text = place.text
        }
        if sums.samples.count < configuration.samplesMax, let id = call.id { sums.samples.append(id) }
        groups[group] = sums
    }

    private mutating func addRow(_ call: APICall, failed: Double, total: Double) {
        let outcome = failed == 0 ? nil : call.error?.name ?? call.response.map { String($0.status) }
        let values = [
            call.partner, call.route, call.region, call.host, call.customer, call.service, call.serviceVersion,
            call.environment, call.direction.name,
        ]
        rows.add(values, failed: failed, total: total)
        if let id = call.id {
            if failed > 0, failedRows.count < Self.sampleRowsMax {
                failedRows.append(SampleRow(id: id, values: values))
            } else if failed == 0, successfulRows.count < Self.sampleRowsMax {
                successfulRows.append(SampleRow(id: id, values: values))
            }
        }
        guard let outcome else { return }
        failureKinds[outcome, default: 0] += failed
        failedWeight += failed
        failedWeightSquared += failed * failed
    }

    public mutating func finish() -> PopulationExplanation {
        var causes = requestCauses()
        let findings = Contrast(configuration.contrast).causes(in: rows.scaled(by: evidencePerWeight))
        causes += findings.causes.map { dimensionCause($0, findings) }
        causes.sort { isBetter($0, $1) }
        explanation.causes = Array(causes.prefix(configuration.causesMax))
        let explained = explanation.causes.filter(\.isChosen).reduce(0) { $0 + $1.failuresWith }
        explanation.unexplained = max(0, explanation.failures - explained)
        return explanation
    }

    private func isBetter(_ left: PopulationCause, _ right: PopulationCause) -> Bool {
        if left.isChosen != right.isChosen { return left.isChosen }
        if left.failuresWith != right.failuresWith { return left.failuresWith > right.failuresWith }
        return left.text < right.text
    }

    private func requestCauses() -> [PopulationCause] {
        let isManyRoutes = routes.count > 1
        return groups.map { key, group in
            let route = routes[key.route] ?? RouteCounts()
            var predicate = key.predicate
            if isManyRoutes {
                predicate.append(CallCondition(path: "route", place: "dimension", test: "equals", value: route.name))
            }
            let successes = group.successes * route.successes / max(route.successesSeen, 1)
            let share = group.failures / max(explanation.failures, 1)
            return PopulationCause(
                predicate: predicate, kind: "request", failuresWith: group.failures,
                failuresTotal: explanation.failures, successesWith: successes,
                riskRatio: riskRatio(group.failures, successes, route), confidence: group.confidence,
                text: group.text, failingSamples: group.samples, succeedingSamples: route.samples,
                isChosen: share >= configuration.chosenShareMin && group.failures >= 3)
        }
    }

    /// Against the other calls of the same route.
    private func riskRatio(_ failed: Double, _ passed: Double, _ route: RouteCounts) -> Double {
        let otherFailures = max(route.failures - failed, 0)
        let others = max(route.failures + route.successes - failed - passed, 1)
        guard otherFailures > 0 else { return ContrastCause.riskRatioMax }
        return min(failed / max(failed + passed, 1) / (otherFailures / others), ContrastCause.riskRatioMax)
    }

    private func dimensionCause(_ cause: ContrastCause, _ findings: ContrastFindings) -> PopulationCause {
        let words = cause.predicate.map { "\($0.dimension) = `\($0.value)`" }.joined(separator: " and ")
        let percent = Int((cause.failureRatio * 100).rounded())
        return PopulationCause(
            predicate: cause.predicate.map {
                CallCondition(path: $0.dimension, place: "dimension", test: "equals", value: $0.value)
            }, kind: kind(of: cause), failuresWith: cause.failuresWith / evidencePerWeight,
            failuresTotal: explanation.failures,
            successesWith: cause.successesWith / evidencePerWeight, riskRatio: cause.riskRatio,
            confidence: cause.confidence,
            text: "\(percent) % of the calls with \(words) fail for reasons outside the request.",
            failingSamples: samples(failedRows) { $0.meets(cause.predicate) },
            succeedingSamples: samples(successfulRows) { !$0.meets(cause.predicate) },
            isChosen: cause.isChosen && cause.confidence >= Self.chosenConfidenceMin)
    }

    private func samples(_ rows: [SampleRow], where isMeant: (SampleRow) -> Bool) -> [String] {
        Array(rows.lazy.filter(isMeant).map(\.id).prefix(configuration.samplesMax))
    }

    private func kind(of cause: ContrastCause) -> String {
        let total = failureKinds.values.reduce(0, +)
        if (failureKinds["429"] ?? 0) * 2 > total { return "rate_limit" }
        if ((failureKinds["401"] ?? 0) + (failureKinds["403"] ?? 0)) * 2 > total { return "credentials" }
        let dimensions = Set(cause.predicate.map(\.dimension))
        if dimensions.contains("host") { return "host" }
        if dimensions.contains("customer") { return "customer" }
        if dimensions.contains("service_version") { return "deploy" }
        return "partner"
    }
}
