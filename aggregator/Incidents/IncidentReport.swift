import CallModel
import Documents

/// An incident as people and other programs see it: with names instead of numbers, and nothing that only the core needs.
///
/// Made by the decider from an `Incident`; the alerting core, the stored document, the API and every channel's message are made
/// from it alone.
public struct IncidentReport: Sendable, Equatable {
    /// One condition of the cause.
    public struct Condition: Sendable, Equatable, Hashable {
        /// `partner`, `route`, `region`, `host`, `customer`, `service_version`, `direction`, `peer_network`, `failure`.
        public var dimension: String
        public var value: String

        public init(_ dimension: String, _ value: String) {
            self.dimension = dimension
            self.value = value
        }
    }

    public struct Entry: Sendable, Equatable {
        public var at: Instant
        public var what: String

        public init(at: Instant, what: String) {
            self.at = at
            self.what = what
        }
    }

    /// Whether it gets worse, by the failures of the last minutes.
    public enum Trend: String, Sendable {
        case growing, steady, shrinking
    }

    /// Names of hosts, customers and routes in the document; the counts are of all.
    public static let namesMax = 50

    public var id: Int64
    public var state: Incident.State
    public var kind: CauseKind
    public var severity: Incident.Severity
    /// Ids of those the cause is limited to; empty for a host or our network.
    public var partners: [String]
    /// As people call them, in the same order.
    public var partnerNames: [String]
    public var predicate: [Condition]
    /// 0...1.
    public var confidence: Double
    public var startedAt: Instant
    public var openedAt: Instant
    public var resolvedAt: Instant?
    public var title: String
    /// Watched and explained, but nobody is told.
    public var isQuiet = false
    public var mergedInto: Int64?
    public var trend = Trend.steady

    public var calls: Int64 = 0
    public var callsFailed: Int64 = 0
    /// The share that fails when nothing is wrong, 0...1.
    public var usualShare = 0.0
    public var hostCount = 0
    public var customerCount = 0
    public var routeCount = 0
    public var seriesCount = 0
    public var hosts: [String] = []
    public var customers: [String] = []
    public var routes: [String] = []
    /// Those that fail like the whole, at most 64.
    public var regions: [String] = []
    /// Of those, which were seen to work first: the trouble spread to them.
    public var regionsReached: [String] = []
    /// What happens to the calls, in words (`failed`, `were slow`): the first is what it was found by.
    public var troubles: [String] = []
    /// What the partner's own status page says, in its words; nil where it is not known.
    public var partnerPage: String?
    /// Calls failed by symptom (`server_error`, `status_422`, `connect_refused` …), most first.
    public var failures: [(name: String, calls: Int64)] = []
    public var timeline: [Entry] = []
    /// Ids of calls that failed by it.
    public var samples: [String] = []
    /// What the failed calls have in common that the others have not, in sentences, the best first: the key that is missing, say.
    public var explanation: [String] = []

    public init(
        id: Int64, state: Incident.State, kind: CauseKind, severity: Incident.Severity, partners: [String],
        partnerNames: [String], predicate: [Condition], confidence: Double, startedAt: Instant, openedAt: Instant,
        resolvedAt: Instant? = nil, title: String
    ) {
        self.id = id
        self.state = state
        self.kind = kind
        self.severity = severity
        self.partners = partners
        self.partnerNames = partnerNames
        self.predicate = predicate
        self.confidence = confidence
        self.startedAt = startedAt
        self.openedAt = openedAt
        self.resolvedAt = resolvedAt
        self.title = title
    }

    public static func == (left: IncidentReport, right: IncidentReport) -> Bool { left.document() == right.document() }

    /// The value of a dimension that the cause names.
    public func value(of dimension: String) -> String? { predicate.first { $0.dimension == dimension }?.value }

    /// From the first failure until it was known.
    public var detectedAfter: Duration { openedAt - startedAt }
}

extension IncidentReport {
    /// The members of the query API's incident that the core knows. Those of people (owner, notifications, who acknowledged)
    /// are added where it is served.
    public func document() -> [UInt8] {
        var writer = JSONWriter()
        writer.object { write(to: &$0) }
        return writer.bytes
    }

    /// The members alone, into an object that is open.
    public func write(to writer: inout JSONWriter) {
        writer.member("id", "\(id)")
        writer.member("state", state.rawValue)
        writer.member("started_at", startedAt.rfc3339)
        writer.member("opened_at", openedAt.rfc3339)
        writer.member("resolved_at", resolvedAt?.rfc3339)
        writer.member("detected_after_s", max(0, detectedAfter.nanoseconds / 1_000_000_000))
        writer.member("severity", severity.name)
        writer.member("title", title)
        writer.member("trend", trend.rawValue)
        writer.object("cause") { writer in
            writer.member("kind", kind.rawValue)
            writer.array("partners") { for partner in partners { $0.string(partner) } }
            writer.array("predicate") { writer in
                for condition in predicate {
                    writer.object {
                        $0.member("dimension", condition.dimension)
                        $0.member("value", condition.value)
                    }
                }
            }
            writer.member("confidence", confidence, decimals: 3)
        }
        writer.object("explains") { writer in
            writer.member("calls_failed", callsFailed)
            writer.member("calls", calls)
            writer.member("series", seriesCount)
            writer.member("hosts", hostCount)
            writer.member("customers", customerCount)
            writer.member("routes", routeCount)
            writer.member("usual_share", usualShare, decimals: 5)
            writer.object("failures") { for failure in failures { $0.member(failure.name, failure.calls) } }
            for (name, names) in [
                ("host_names", hosts), ("customer_names", customers), ("route_names", routes),
                ("region_names", regions), ("regions_reached", regionsReached), ("troubles", troubles),
            ] {
                writer.array(name) { for name in names.prefix(Self.namesMax) { $0.string(name) } }
            }
        }
        writer.member("quiet", isQuiet)
        writer.member("merged_into", mergedInto.map { "\($0)" })
        writer.member("partner_page", partnerPage)
        writer.array("timeline") { writer in
            for entry in timeline {
                writer.object {
                    $0.member("at", entry.at.rfc3339)
                    $0.member("what", entry.what)
                }
            }
        }
        writer.array("samples") { for sample in samples { $0.string(sample) } }
        writer.array("explanation") { for sentence in explanation { $0.string(sentence) } }
    }
}
