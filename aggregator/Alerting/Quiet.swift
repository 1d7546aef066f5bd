import CallModel
import Incidents

/// A time in which matching incidents are told to nobody, or told as expected: a silence, or a maintenance of ours or a
/// partner's.
///
/// It holds only incidents that lie wholly in it: a silence for one partner does not hide an outage of two.
public struct Quiet: Sendable, Equatable {
    public enum Kind: String, Sendable {
        /// Nobody is told; those who heard before still hear that it is over.
        case silence
        /// We work on our side: as a silence.
        case maintenance
        /// The partner announced it: told, and said so.
        case partnerMaintenance = "partner_maintenance"

        /// As the database has it: a kind, and whose side a maintenance is on (`ours`, `theirs`).
        public init?(kind: String, side: String?) {
            switch (kind, side) {
            case ("silence", _): self = .silence
            case ("maintenance", "theirs"): self = .partnerMaintenance
            case ("maintenance", _): self = .maintenance
            default: return nil
            }
        }
    }

    public var id: Int64
    public var kind: Kind
    public var matchers: [Matcher]
    public var from: Instant
    public var until: Instant
    /// Who asked for it and why, for people.
    public var comment: String

    public init(id: Int64, kind: Kind, matchers: [Matcher], from: Instant, until: Instant, comment: String) {
        self.id = id
        self.kind = kind
        self.matchers = matchers
        self.from = from
        self.until = until
        self.comment = comment
    }

    func holds(_ report: IncidentReport, owner: String?, at now: Instant) -> Bool {
        from <= now && now < until && matchers.match(report, owner: owner, wholly: true)
    }
}
