import CallModel
import Documents

/// Whether answers of one route are refusals, from their status and parsed body alone: for whoever counts many calls and makes
/// none of them into an `APICall`.
public struct AnswerJudge: Sendable {
    private let rules: [OutcomeRule]

    fileprivate init(rules: [OutcomeRule]) { self.rules = rules }

    /// Nil where only the whole call can tell: a rule that looks at headers, or a body that is a text with JSON in it.
    public func isSuccess(status: Int, body: JSONValue?) -> Bool? {
        guard ErrorConvention.byStatus(status) == .success else { return false }
        let response = APICall.Response(status: status)
        for rule in rules where rule.statuses.contains(status) {
            if case .header = rule.condition { return nil }
            if let text = body?.utf8, text.first == UInt8(ascii: "{") || text.first == UInt8(ascii: "[") { return nil }
            if rule.condition.holds(for: response, root: body) { return rule.outcome == .success }
        }
        return true
    }
}

extension Catalogue {
    /// - Parameter route: as calls bear it, `POST /v1/charges`; rules for certain paths go by how it ends.
    public func answerJudge(partner: String, route: String) -> AnswerJudge {
        let convention = store.index[partner].map { store.errors[Int($0)] } ?? store.errorsOfOthers
        return AnswerJudge(
            rules: convention.rules.filter { rule in
                rule.pathSuffixes.isEmpty || rule.pathSuffixes.contains { route.hasSuffix($0) }
            })
    }
}
