import CallModel

/// How a partner says that a call failed, where the status alone does not tell.
///
/// Rules are tried in order and the first that holds decides; where none holds the status does (`byStatus`).
public struct ErrorConvention: Sendable, Hashable {
    public var rules: [OutcomeRule]

    public init(rules: [OutcomeRule] = []) {
        self.rules = rules
    }

    /// The status decides.
    public static let standard = ErrorConvention()

    var readsBody: Bool {
        rules.contains { if case .body = $0.condition { true } else { false } }
    }

    /// Below 400 success (a 304 or a redirect is an answer), 401 and 403 unauthorized, 429 rate limited, other 4xx the request's
    /// fault, from 500 the server's. A status below 100 is none: the answer was there but made no sense.
    public static func byStatus(_ status: Int) -> Outcome {
        switch status {
        case ..<100: .noAnswer(.protocolError)
        case 100..<400: .success
        case 401, 403: .unauthorized
        case 429: .rateLimited
        case 400..<500: .rejected
        default: .serverError
        }
    }
}

/// If the status lies in the range and the condition holds, this is the outcome.
public struct OutcomeRule: Sendable, Hashable {
    public enum Condition: Sendable, Hashable {
        case status
        /// A response header, name in lower case.
        case header(String, ValueTest)
        /// A value in the response's JSON body: `error.code`, `errors[].extensions.code`, `[].errorCode`. With `[]` one element
        /// that passes is enough, and an element of a root array is looked into by a path that begins with `[]`.
        case body(BodyPath, ValueTest)
    }

    public var statuses: ClosedRange<Int>
    public var condition: Condition
    public var outcome: Outcome
    /// Only for routes whose path ends in one of these; empty for all. GraphQL answers beside REST on the same host.
    public var pathSuffixes: [String]

    public init(_ statuses: ClosedRange<Int>, _ condition: Condition, _ outcome: Outcome, pathSuffixes: [String] = []) {
        self.statuses = statuses
        self.condition = condition
        self.outcome = outcome
        self.pathSuffixes = pathSuffixes
    }
}

public enum ValueTest: Sendable, Hashable {
    /// There, and neither null, an empty text, nor an empty list or object.
    case isPresent
    case isFalse
    /// The value's text, numbers in decimal, is one of these; header values are compared without regard to case.
    case isOneOf([String])
    case isNotOneOf([String])
    /// The text contains one of these, without regard to ASCII case.
    case contains([String])
}

/// A path into a JSON document, such as `errors[].extensions.code`.
public struct BodyPath: Sendable, Hashable, ExpressibleByStringLiteral {
    enum Step: Sendable, Hashable {
        case member([UInt8])
        case anyElement
    }

    public let text: String
    let steps: [Step]

    public init(_ text: String) {
        self.text = text
        var steps: [Step] = []
        for part in text.split(separator: ".") {
            var name = part
            var elementCount = 0
            while name.hasSuffix("[]") {
                name = name.dropLast(2)
                elementCount += 1
            }
            if !name.isEmpty { steps.append(.member(Array(name.utf8))) }
            steps += Array(repeating: .anyElement, count: elementCount)
        }
        self.steps = steps
    }

    public init(stringLiteral text: String) {
        self.init(text)
    }
}
