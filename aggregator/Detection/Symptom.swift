import CallModel

/// What was wrong with a call, in one byte: its outcome, finer where that tells causes apart.
///
/// The codes of `Outcome` keep their value (0...5, 16 + kind of a missing answer). A refused request whose status is known
/// has a code of its own, because a release of ours that sends bad requests shows as one status among the usual 404s.
public struct Symptom: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let none = Symptom(rawValue: 0)
    /// Answered well, and much slower than usual for its route.
    public static let slow = Symptom(rawValue: 40)

    private static let rejectedFirst: UInt8 = 100

    /// - Parameter status: of the answer, where known; it refines `rejected` alone.
    @inlinable
    public init(_ outcome: Outcome, status: Int = 0) {
        self.init(code: outcome.code, status: status)
    }

    /// - Parameter code: an outcome's.
    public init(code: UInt8, status: Int = 0) {
        if code == Outcome.rejected.code, (400..<500).contains(status) {
            rawValue = Self.rejectedFirst &+ UInt8(truncatingIfNeeded: status - 400)
        } else {
            rawValue = code
        }
    }

    /// Which test this symptom is evidence for.
    @inlinable public var group: SymptomGroup { SymptomGroup(rawValue) }

    /// Whether no answer came at all: what a host without a network sees.
    public var isUnanswered: Bool { rawValue >= 16 && rawValue < 40 }

    /// The word for it in a predicate of dimension `failure`.
    public var name: String {
        if self == .slow { return "slow" }
        if rawValue >= Self.rejectedFirst { return "status_\(400 + Int(rawValue - Self.rejectedFirst))" }
        switch Outcome(code: rawValue) {
        case .noAnswer(let kind): return kind.name
        case .some(let outcome): return outcome.name
        case nil: return "unknown"
        }
    }
}

/// Symptoms that are counted together, because one cause shows as any of them.
public struct SymptomGroup: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8

    @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Nothing wrong, or nobody's fault (a call we cancelled).
    @inlinable public static var none: SymptomGroup { SymptomGroup(rawValue: 0) }
    /// Server errors and missing answers: an outage shows as either, often mixed.
    @inlinable public static var down: SymptomGroup { SymptomGroup(rawValue: 1) }
    @inlinable public static var unauthorized: SymptomGroup { SymptomGroup(rawValue: 2) }
    @inlinable public static var rateLimited: SymptomGroup { SymptomGroup(rawValue: 3) }
    @inlinable public static var errorInSuccess: SymptomGroup { SymptomGroup(rawValue: 4) }
    @inlinable public static var slow: SymptomGroup { SymptomGroup(rawValue: 5) }
    /// A refused request of unknown status.
    @inlinable public static var rejected: SymptomGroup { SymptomGroup(rawValue: 6) }

    /// Of how they come together in the fleet there is one figure for all statuses of refusals: most of them are seldom.
    var pool: SymptomGroup { isRejection ? .rejected : self }

    /// Whether the request was refused: of its own status each.
    public var isRejection: Bool { rawValue >= 6 }

    @inlinable
    init(_ symptom: UInt8) {
        switch symptom {
        case 0, 24: self = .none  // Success, and what we cancelled ourselves.
        case 1: self = .rejected
        case 2: self = .unauthorized
        case 3: self = .rateLimited
        case 4: self = .down
        case 5: self = .errorInSuccess
        case 16..<40: self = .down
        case 40: self = .slow
        case 100..<200: self.init(rawValue: symptom)
        default: self = .none
        }
    }

    /// For sentences: "failed", "were slow" …
    public var verb: String {
        switch self {
        case .down: "failed"
        case .unauthorized: "were refused as unauthorized"
        case .rateLimited: "were rate limited"
        case .errorInSuccess: "carried an error inside a success"
        case .slow: "were slow"
        default: "were refused"
        }
    }
}
