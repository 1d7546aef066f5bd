/// How a call ended, judged on the host before redaction.
public enum Outcome: Hashable, Sendable {
    case success
    /// The answer refused this one request (most 4xx): the request's fault, not the partner's.
    case rejected
    /// The answer refused who we are (401, and 403 by most conventions).
    case unauthorized
    case rateLimited
    case serverError
    /// The status said success and the body said otherwise.
    case errorInSuccess
    case noAnswer(FailureKind)

    /// Whether the failure ratio counts it. A rejected request says nothing of the partner's health, and a call we
    /// cancelled ourselves is no failure of anybody.
    public var isFailure: Bool {
        switch self {
        case .success, .rejected, .noAnswer(.cancelled): false
        case .unauthorized, .rateLimited, .serverError, .errorInSuccess, .noAnswer: true
        }
    }

    /// One byte: 0...5 for those with an answer, 16 + the kind's code for those without. Stored, so never renumbered.
    public var code: UInt8 {
        switch self {
        case .success: 0
        case .rejected: 1
        case .unauthorized: 2
        case .rateLimited: 3
        case .serverError: 4
        case .errorInSuccess: 5
        case .noAnswer(let kind): 16 + kind.rawValue
        }
    }

    public init?(code: UInt8) {
        switch code {
        case 0: self = .success
        case 1: self = .rejected
        case 2: self = .unauthorized
        case 3: self = .rateLimited
        case 4: self = .serverError
        case 5: self = .errorInSuccess
        default:
            guard code >= 16, let kind = FailureKind(rawValue: code - 16) else { return nil }
            self = .noAnswer(kind)
        }
    }

    /// `success`, `server_error`, `no_answer` …; the kind of a missing answer is a name of its own (`FailureKind.name`).
    public var name: String {
        switch self {
        case .success: "success"
        case .rejected: "rejected"
        case .unauthorized: "unauthorized"
        case .rateLimited: "rate_limited"
        case .serverError: "server_error"
        case .errorInSuccess: "error_in_success"
        case .noAnswer: "no_answer"
        }
    }

    public static let allCases: [Outcome] =
        [.success, .rejected, .unauthorized, .rateLimited, .serverError, .errorInSuccess]
        + FailureKind.allCases.map(Outcome.noAnswer)
}

/// Why no answer came. Stored by raw value, so never renumbered.
public enum FailureKind: UInt8, Sendable, CaseIterable {
    case dnsFailure = 0
    case connectRefused = 1
    case connectTimeout = 2
    case unreachable = 3
    case tlsFailure = 4
    case reset = 5
    case responseTimeout = 6
    case protocolError = 7
    case cancelled = 8
    case other = 9

    /// The name in the native form.
    public var name: String {
        switch self {
        case .dnsFailure: "dns_failure"
        case .connectRefused: "connect_refused"
        case .connectTimeout: "connect_timeout"
        case .unreachable: "unreachable"
        case .tlsFailure: "tls_failure"
        case .reset: "reset"
        case .responseTimeout: "response_timeout"
        case .protocolError: "protocol_error"
        case .cancelled: "cancelled"
        case .other: "other"
        }
    }

    public init?(name: some StringProtocol) {
        guard let match = FailureKind.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}
