import CallModel
import Documents
import Incidents

/// What is told through one channel, whatever the channel: each channel makes its own form of it.
///
/// Written into the outbox as JSON in the transaction that decided it, and read from there by whoever delivers.
public struct Message: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case opened, escalated, updated, acknowledged, resolved
        /// No incident: something to know (`PartnerNotice`). It wakes nobody and has no end; its number is below zero.
        case notice
        /// Somebody asked whether the channel works.
        case test
    }

    /// Characters of the address that links begin with: longer ones would not fit into a summary.
    public static let publicURLMax = 56

    /// The same for every attempt, so that a receiver can tell a repetition: `<incident>-<channel>-<sequence>`.
    public var id: String
    public var incident: Int64
    /// Of the incident's messages through this channel, from 1, without holes.
    public var sequence: Int32
    public var channel: String
    public var kind: Kind
    public var at: Instant
    /// `minor`, `major`, `critical`.
    public var severity: String
    public var title: String
    /// At most 296 characters: whose fault and how sure, since when, who is hurt, growing or shrinking, what the
    /// partner's page says, what next, the runbook, and the link that acknowledges.
    public var summary: String
    /// The rest, for channels with room, below the summary: several lines of plain text.
    public var text: String
    /// Why it is sent now.
    public var reason: String
    /// Nil: nobody owns it.
    public var owner: String?
    public var incidentURL: String?
    /// Opens a page that acknowledges with one press; nil where no public address is set.
    public var acknowledgeURL: String?
    public var runbookURL: String?
    /// For receivers that group, route and inhibit: `partner`, `cause`, `scope`, `severity`, `host`, `region` …
    public var labels: [String: String]
    /// Another incident's message, of which this one is a part: nothing is sent for it.
    public var toldWith: String?
    /// The incident's document (`IncidentReport.document()`), for receivers that are programs.
    public var document: [UInt8]

    public init(
        id: String, incident: Int64, sequence: Int32, channel: String, kind: Kind, at: Instant, severity: String,
        title: String, summary: String, text: String, reason: String, owner: String? = nil, incidentURL: String? = nil,
        acknowledgeURL: String? = nil, runbookURL: String? = nil, labels: [String: String] = [:],
        toldWith: String? = nil,
        document: [UInt8] = []
    ) {
        self.id = id
        self.incident = incident
        self.sequence = sequence
        self.channel = channel
        self.kind = kind
        self.at = at
        self.severity = severity
        self.title = title
        self.summary = summary
        self.text = text
        self.reason = reason
        self.owner = owner
        self.incidentURL = incidentURL
        self.acknowledgeURL = acknowledgeURL
        self.runbookURL = runbookURL
        self.labels = labels
        self.toldWith = toldWith
        self.document = document
    }
}
