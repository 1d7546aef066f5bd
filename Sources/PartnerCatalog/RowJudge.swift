import CallModel
import Documents
import Glibc

/// How calls of one partner ended, asked of rows; made once a partner. It says what `LayeredCatalogue.outcome` says of the same call.
public struct RowJudge: Sendable {
    /// What has to be looked at beside the status.
    private enum Question {
        case nothing, path, call
    }

    /// Of each rule, without a reference to count.
    private struct Scope {
        var statuses: ClosedRange<Int>
        var asksBody: Bool
        var isForPaths: Bool
    }

    private let rules: [OutcomeRule]
    private let asksPath: Bool
    private let scopes: [Scope]
    /// The members of a body that its rules begin with; nil where one begins with the elements of an array.
    private let firstMembers: [[UInt8]]?
    /// With which bytes those paths end that rules are for.
    private let pathEnds: [UInt8]

    init(_ convention: ErrorConvention) {
        let rules = convention.rules
        self.rules = rules
        asksPath = rules.contains { !$0.pathSuffixes.isEmpty }
        pathEnds = rules.flatMap { $0.pathSuffixes.compactMap(\.utf8.last) }
        firstMembers = Self.firstMembers(of: rules)
        scopes = rules.map { rule in
            let asksBody = if case .body = rule.condition { true } else { false }
            return Scope(statuses: rule.statuses, asksBody: asksBody, isForPaths: !rule.pathSuffixes.isEmpty)
        }
    }

    /// - Parameter root: of the response's body where that is JSON.
    public func outcome(of row: CallRow, root: JSONValue?) -> Outcome {
        guard let status = row.status else { return .noAnswer(row.error ?? .other) }
        if let error = row.error, status < 400 { return .noAnswer(error) }
        let question = question(of: status, hasBody: root.map(mayHold) ?? false)
        if question == .nothing || question == .path && !mayBeAsked(path: row.url) {
            return ErrorConvention.byDefault(status, row.response)
        }
        let path = asksPath ? CallRow.Text(rebasing: row.url[URLRanges(row.url).path]) : CallRow.none
        // By index: a rule is some lists, and a copy of it a reference to each.
        let readable = rules.indices.first { applies($0, status, path) && holds($0, row.response, root) }
        if let readable { return rules[readable].outcome }
        return ErrorConvention.byDefault(status, row.response)
    }

    /// The same where only the keys of the response's body are known; nil where it depends on more of it.
    public func outcome(of row: CallRow, keys: [[UInt8]]) -> Outcome? {
        guard let status = row.status else { return outcome(of: row, root: nil) }
        let asksBody = scopes.contains { $0.asksBody && $0.statuses.contains(status) }
        return asksBody && mayHold(keys) ? nil : outcome(of: row, root: nil)
    }

    /// The same where only the keys are known. By index: no reference is counted for a key that differs in length, as most do.
    private func mayHold(_ keys: [[UInt8]]) -> Bool {
        guard let firstMembers else { return true }
        return firstMembers.indices.contains { member in
            keys.indices.contains { key in
                keys[key].count == firstMembers[member].count && keys[key] == firstMembers[member]
            }
        }
    }

    private static func firstMembers(of rules: [OutcomeRule]) -> [[UInt8]]? {
        var members: [[UInt8]] = []
        for rule in rules {
            guard case .body(let path, _) = rule.condition else { continue }
            guard case .member(let name)? = path.steps.first else { return nil }
            if !members.contains(name) { members.append(name) }
        }
        return members
    }

    /// Whether a body has a member that a rule begins with: without one, no rule about bodies holds.
    private func mayHold(_ root: JSONValue) -> Bool {
        guard let firstMembers else { return true }
        var mayHold = false
        root.forEachMember { key, _ in
            for name in firstMembers where name.count == key.count {
                mayHold = mayHold || name.withUnsafeBufferPointer { key.hasSameBytes(as: $0) }
            }
        }
        return mayHold
    }

    private func question(of status: Int, hasBody: Bool) -> Question {
        var question = Question.nothing
        // Without a readable body no rule about bodies holds.
        for scope in scopes where scope.statuses.contains(status) && (hasBody || !scope.asksBody) {
            guard scope.isForPaths else { return .call }
            question = .path
        }
        return question
    }

    /// Whether a path may be one that rules are for: most are not by their last byte, for which the others need not be found.
    private func mayBeAsked(path url: CallRow.Text) -> Bool {
        guard let start = UnsafeRawPointer(url.baseAddress) else { return true }
        var end = url.count
        if let mark = memchr(start, 0x3F, end) { end = UnsafeRawPointer(mark) - start }
        if let mark = memchr(start, 0x23, end) { end = UnsafeRawPointer(mark) - start }
        // White space around a URL is no part of it.
        guard end > 0, url[end - 1] > 0x20 else { return true }
        return pathEnds.contains(url[end - 1])
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
