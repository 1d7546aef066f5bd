import CallModel
import Documents

/// How calls of one partner ended, asked of rows; made once a partner. It says what `LayeredCatalogue.outcome` says of the same call.
public struct RowJudge: Sendable {
    private let rules: [OutcomeRule]
    private let asksPath: Bool

    init(_ convention: ErrorConvention) {
        rules = convention.rules
        asksPath = convention.rules.contains { !$0.pathSuffixes.isEmpty }
    }

    /// - Parameter root: of the response's body where that is JSON.
    public func outcome(of row: CallRow, root: JSONValue?) -> Outcome {
        guard let status = row.status else { return .noAnswer(row.error ?? .other) }
        if let error = row.error, status < 400 { return .noAnswer(error) }
        let path = asksPath ? CallRow.Text(rebasing: row.url[URLRanges(row.url).path]) : CallRow.none
        // By index: a rule is some lists, and a copy of it a reference to each.
        let readable = rules.indices.first { applies($0, status, path) && holds($0, row.response, root) }
        if let readable { return rules[readable].outcome }
        return ErrorConvention.byStatus(status)
    }

    private func applies(_ rule: Int, _ status: Int, _ path: CallRow.Text) -> Bool {
        rules[rule].applies(status, path)
    }

    private func holds(_ rule: Int, _ response: CallRow.Message, _ root: JSONValue?) -> Bool {
        switch rules[rule].condition {
        case .status: return true
        case .header(let name, let test):
            var name = name
            let field = name.withUTF8 { name in response.headers.first { $0.name.hasSameBytes(as: name) } }
            return field.map { test.passes(header: String(decoding: $0.value, as: UTF8.self)) } ?? false
        case .body(let path, let test):
            return root.map { test.passes($0, path.steps[...]) } ?? false
        }
    }
}

extension LayeredCatalogue {
    /// - Parameters:
    ///   - own: the partner by the host's own catalogue.
    ///   - partner: what its calls are called.
    public func judge(own: String, partner: String) -> RowJudge {
        let catalogue = ownPartners.contains(own) ? self.own : merged ?? self.own
        return RowJudge(catalogue.convention(of: partner))
    }

    /// Whether a request header of this name may tell of a webhook that we send.
    public func maySignSentWebhook(_ name: String) -> Bool {
        own.store.sentWebhooks.contains { $0.headers.contains(name) }
    }
}
