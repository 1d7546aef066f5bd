import BatchFormat
import CallJSON
import CallModel

/// A shorter way from a call's JSON to the spool than by an `APICall`, for calls that need nothing unusual. What it is lies with the
/// agent's wiring: receivers only offer it calls.
public protocol CallShortcut: CallTaker {
    /// A request begins; its calls are judged as of now.
    func begin(at now: Instant)

    /// What it took since `begin`; nil for nothing.
    func finish() -> TakenCalls?
}

/// Calls that went by a shortcut.
public struct TakenCalls: Sendable {
    /// Those to be kept.
    public var encoded: EncodedCalls
    /// Let go because they concern no partner.
    public var notOursCount = 0
    /// Calls whose sender named a host it may not speak for.
    public var replacedHostCount = 0

    public init(_ encoded: EncodedCalls) {
        self.encoded = encoded
    }

    public var count: Int { encoded.callCount + notOursCount }
}

/// Lends shortcuts, one user each at a time. Thread-safe.
public protocol CallShortcuts: Sendable {
    /// Nil where calls have to go the general way now.
    func borrow() -> (any CallShortcut)?
    func giveBack(_ shortcut: any CallShortcut)
}
