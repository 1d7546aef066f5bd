import CallModel
import PartnerCatalog
import Runtime

/// Reads a partner's `errors`: rules that are tried in order, each a range of statuses, a condition and an outcome.
///
/// ```yaml
/// errors:
///   - {status: 200-299, body: error.code, is: [quota], outcome: rate_limited}
///   - {status: 200-299, body: ok, is_false: true, outcome: error_in_success}
///   - {status: 403, header: retry-after, outcome: rate_limited}
/// ```
///
/// Rules that are not the host's own ask whether something is there or false, never what it says: else whoever publishes them could
/// learn values call by call from the outcomes.
func readErrors(_ section: SettingsSection, by author: CatalogueAuthor) -> ErrorConvention? {
    let rules = section.sections("errors").compactMap { readRule($0, by: author) }
    return rules.isEmpty ? nil : ErrorConvention(rules: rules)
}

let outcomes: [String: Outcome] = [
    "success": .success, "rejected": .rejected, "unauthorized": .unauthorized, "rate_limited": .rateLimited,
    "server_error": .serverError, "error_in_success": .errorInSuccess,
]

private func readRule(_ section: SettingsSection, by author: CatalogueAuthor) -> OutcomeRule? {
    let statuses = section.string("status").map { (text: $0, range: range($0)) }
    let outcome = section.choice("outcome", of: outcomes.keys.sorted())
    let header = headerName(section, "header")
    let body = section.string("body")
    let test = readTest(section)
    if author != .host, test != .isPresent, test != .isFalse {
        section.report(
            nil, "a published rule cannot compare values", hint: "set it in the settings of the agents concerned")
        return nil
    }
    guard let outcome = outcome.flatMap({ outcomes[$0] }) else {
        section.report(nil, "a rule of errors needs an outcome", hint: "one of \(outcomes.keys.sorted())")
        return nil
    }
    guard let range = statuses?.range else {
        section.report(statuses == nil ? nil : "status", "a rule of errors needs a status such as 200-299 or 403")
        return nil
    }
    switch (header, body) {
    case (let name?, nil): return OutcomeRule(range, .header(name, test), outcome)
    case (nil, let path?): return OutcomeRule(range, .body(BodyPath(path), test), outcome)
    case (nil, nil): return OutcomeRule(range, .status, outcome)
    case (.some, .some):
        section.report(nil, "a rule of errors has header or body, not both", hint: "write two rules")
        return nil
    }
}

private func readTest(_ section: SettingsSection) -> ValueTest {
    let (equal, unequal, part) = (section.strings("is"), section.strings("is_not"), section.strings("contains"))
    let isFalse = section.bool("is_false") ?? false
    if !equal.isEmpty { return .isOneOf(equal) }
    if !unequal.isEmpty { return .isNotOneOf(unequal) }
    if !part.isEmpty { return .contains(part) }
    return isFalse ? .isFalse : .isPresent
}

private func range(_ text: String) -> ClosedRange<Int>? {
    let ends = text.split(separator: "-").compactMap { Int($0) }
    guard (1...2).contains(ends.count), let first = ends.first, let last = ends.last, first <= last,
        (100...999).contains(first), (100...999).contains(last), !text.hasPrefix("-")
    else { return nil }
    return first...last
}
