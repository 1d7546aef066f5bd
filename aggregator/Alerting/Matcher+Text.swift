import Documents
import Incidents

/// Why an owner, a route or a silence cannot be taken, for whoever wrote it.
public struct AlertingFlaw: Error, Equatable, Sendable, CustomStringConvertible {
    /// The member that is wrong, such as `matchers[1].value`.
    public var field: String
    public var problem: String
    public var hint: String?

    public init(_ field: String, _ problem: String, hint: String? = nil) {
        self.field = field
        self.problem = problem
        self.hint = hint
    }

    public var description: String { "\(field): \(problem)" + (hint.map { " (\($0))" } ?? "") }
}

// The two forms of a matcher: text in settings and on the command line, JSON in the API.
extension Matcher {
    /// `partner = stripe | adyen`: a dimension, a test, and values parted by ` | `.
    public init(text: String, field: String = "matcher") throws(AlertingFlaw) {
        let words = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
        guard words.count == 3 else {
            throw AlertingFlaw(
                field, "`\(text)` is no matcher", hint: "write `dimension = value`, with blanks around =, != or =~")
        }
        let values = words[2].split(separator: "|", omittingEmptySubsequences: false).map(trimmed)
        try self.init(
            dimension: String(words[0]), test: String(words[1]),
            values: words[2].contains(" | ") ? values : [trimmed(words[2])], field: field)
    }

    /// `{"dimension":"partner","op":"=","value":"stripe"}`; `value` may be a list.
    public init(_ json: JSONValue, field: String = "matcher") throws(AlertingFlaw) {
        guard json.kind == .object else { throw AlertingFlaw(field, "must be an object") }
        guard let dimension = json.member("dimension")?.string else {
            throw AlertingFlaw("\(field).dimension", "is missing")
        }
        let test = json.member("op").map { $0.string ?? "" } ?? "="
        var values: [String] = []
        var isWrong = false
        switch json.member("value") {
        case .some(let value) where value.kind == .array:
            value.forEachElement { if let text = $0.string { values.append(text) } else { isWrong = true } }
        case .some(let value): if let text = value.string { values = [text] } else { isWrong = true }
        case nil: isWrong = true
        }
        if isWrong { throw AlertingFlaw("\(field).value", "must be a text or a list of texts") }
        try self.init(dimension: dimension, test: test, values: values, field: field)
    }

    private init(dimension name: String, test: String, values: [String], field: String) throws(AlertingFlaw) {
        guard let dimension = Dimension(rawValue: name) else {
            throw AlertingFlaw(
                "\(field).dimension", "there is no dimension `\(name)`",
                hint: "one of \(Dimension.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard let test = Test(rawValue: test) else {
            throw AlertingFlaw("\(field).op", "there is no test `\(test)`", hint: "=, != or =~")
        }
        guard !values.isEmpty, values.allSatisfy({ !$0.isEmpty }) else {
            throw AlertingFlaw("\(field).value", "is empty")
        }
        guard values.count <= Self.valuesMax, values.allSatisfy({ $0.utf8.count <= Self.valueByteCountMax }) else {
            throw AlertingFlaw(
                "\(field).value", "at most \(Self.valuesMax) values of \(Self.valueByteCountMax) bytes are taken")
        }
        if let known = dimension.words, test != .like, let wrong = values.first(where: { !known.contains($0) }) {
            throw AlertingFlaw(
                "\(field).value", "there is no \(name) `\(wrong)`", hint: "one of \(known.joined(separator: ", "))")
        }
        self.init(dimension, test, values)
    }

    public var text: String { "\(dimension.rawValue) \(test.rawValue) \(values.joined(separator: " | "))" }

    public func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("dimension", dimension.rawValue)
            writer.member("op", test.rawValue)
            if values.count == 1 { return writer.member("value", values[0]) }
            writer.array("value") { for value in values { $0.string(value) } }
        }
    }
}

extension [Matcher] {
    public init(_ json: JSONValue, field: String = "matchers") throws(AlertingFlaw) {
        guard json.kind == .array else { throw AlertingFlaw(field, "must be a list") }
        guard json.childCount <= Matcher.matchersMax else {
            throw AlertingFlaw(field, "at most \(Matcher.matchersMax) matchers are taken")
        }
        var matchers: [Matcher] = []
        try json.forEachElement { (element) throws(AlertingFlaw) in
            matchers.append(try Matcher(element, field: "\(field)[\(matchers.count)]"))
        }
        self = matchers
    }

    public func write(to writer: inout JSONWriter) {
        writer.array { for matcher in self { matcher.write(to: &$0) } }
    }
}

func trimmed(_ text: Substring) -> String {
    var rest = text.drop { $0 == " " }
    while rest.last == " " { rest.removeLast() }
    return String(rest)
}

extension Matcher.Dimension {
    /// The only values there are; nil where there may be any.
    fileprivate var words: [String]? {
        switch self {
        case .kind: CauseKind.allCases.map(\.rawValue)
        case .severity: Incident.Severity.allCases.map(\.name)
        case .direction: ["inbound", "outbound"]
        case .partner, .route, .region, .host, .customer, .serviceVersion, .peerNetwork, .owner, .affectedRoute,
            .affectedRegion, .affectedHost, .affectedCustomer:
            nil
        }
    }
}
