import CallModel
import Documents

/// How much of a call's headers and bodies may leave the host. Each also carries everything the ones before it do.
public enum RedactionMode: String, Sendable, CaseIterable {
    /// Neither headers nor bodies.
    case none
    /// Bodies as shape: paths, types, formats, lengths, without any value.
    case shape
    /// Bodies with secrets and personal data masked.
    case redacted
    /// Everything but credentials and card numbers, wherever they stand.
    case full
}

/// What the host's operator allowed: shape for everybody, and more for single partners, by somebody, until some time.
public struct RedactionPolicy: Sendable {
    /// A partner's own mode. `redacted` and `full` need to say who allowed it and until when; after that it is shape again.
    public struct Grant: Sendable, Equatable {
        public var mode: RedactionMode
        public var approvedBy: String?
        public var until: Instant?

        public init(mode: RedactionMode, approvedBy: String? = nil, until: Instant? = nil) {
            self.mode = mode
            self.approvedBy = approvedBy
            self.until = until
        }
    }

    /// `none` or `shape`; anything wider is granted by partner.
    public var defaultMode = RedactionMode.shape
    public var partners: [String: Grant] = [:]
    /// With it placeholders carry a hash of what they stand for; nil, the default, for none.
    public var hash: KeyedHash?
    /// With it, and a key, shapes carry hashes of values that are codes (`ShapeHashing`).
    public var hashesCodes = false

    public init() {}

    public static let failClosed = RedactionPolicy()

    /// The mode in force. A grant that lacks its signature or its end, or whose end has passed, gives shape.
    public func mode(for partner: String?, at now: Instant) -> RedactionMode {
        guard let partner, let grant = partners[partner] else { return narrowed(defaultMode) }
        switch grant.mode {
        case .none, .shape: return grant.mode
        case .redacted, .full:
            guard let approver = grant.approvedBy, !approver.isEmpty, let until = grant.until, now < until else {
                return .shape
            }
            return grant.mode
        }
    }

    var shapeLimits: ShapeLimits {
        var limits = ShapeLimits()
        if hashesCodes { limits.hashing = hash.map { ShapeHashing(under: $0) } }
        return limits
    }

    private func narrowed(_ mode: RedactionMode) -> RedactionMode { mode == .none ? .none : .shape }
}
