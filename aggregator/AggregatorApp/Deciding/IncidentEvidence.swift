import CallModel
import Detection
import Incidents
import Postgres
import QueryAPI
import Rollups
import Storage

/// Calls that failed by an incident, and what they have in common: found as it opens, told with it.
struct IncidentEvidence: Sendable {
    static let samplesMax = 5
    /// An incident does without where finding takes longer: it is told in seconds, or it is told too late.
    static let statementTimeMax: Duration = .seconds(1)
    /// Of what a partner was asked before its trouble began, so much is compared with.
    private static let comparedTime: Duration = .seconds(1_800)

    var scope: Scope
    var samples: [String] = []
    var explanation: [String] = []

    init(scope: Scope, samples: [String] = [], explanation: [String] = []) {
        self.scope = scope
        self.samples = samples
        self.explanation = explanation
    }

    /// - Parameter mayExplain: whether there is time for it, too.
    init(
        _ incident: Incident, _ state: DeciderState, mayExplain: Bool, at now: Instant, _ connection: PostgresConnection
    ) {
        self.init(scope: incident.scope)
        let calls = state.storage.calls
        var filter = Self.filter(of: incident, state, at: now)
        // What cannot be found in time, or not at all, is no reason to say less of the incident itself.
        try? connection.withStatementTimeout(Self.statementTimeMax) {
            var failed = filter
            failed.succeeded = false
            failed.limit = Self.samplesMax
            samples = try calls.search(failed, payloads: false, connection).compactMap(\.call.id)
            guard mayExplain, incident.scope.direction != .inbound else { return }
            filter.since = incident.startedAt - Self.comparedTime
            // Customers and hosts that do well are what a customer's or a host's trouble is compared with.
            (filter.host, filter.customer, filter.region, filter.serviceVersion) = (nil, nil, nil, nil)
            let found = try ShortExplanation(CallSamples(calls, connection), of: filter)
            explanation = found.sentences
            if !found.samples.isEmpty { samples = Array(found.samples.prefix(Self.samplesMax)) }
        }
    }

    private static func filter(of incident: Incident, _ state: DeciderState, at now: Instant) -> CallFilter {
        var filter = CallFilter(since: incident.startedAt - .seconds(5), until: now + .seconds(5))
        filter.partner = incident.partners.count == 1 ? state.name(incident.partners[0], .partner) : nil
        for dimension in incident.scope.narrowing {
            let value = state.name(incident.scope[dimension], dimension)
            switch dimension {
            case .route: filter.route = value
            case .region: filter.region = value
            case .host: filter.host = value
            case .customer: filter.customer = value
            case .serviceVersion: filter.serviceVersion = value
            case .partner, .network: break
            }
        }
        filter.direction = incident.scope.direction
        return filter
    }
}

/// As it is saved: by incident, whose scope it is of.
extension IncidentEvidence {
    private static let version: UInt32 = 1

    static func encoded(_ evidence: [Int64: IncidentEvidence]) -> [UInt8] {
        var writer = StateWriter(version: version)
        writer.put(evidence.sorted { $0.key < $1.key }) { writer, entry in
            writer.put(entry.key)
            writer.put(entry.value.samples) { $0.put($1) }
            writer.put(entry.value.explanation) { $0.put($1) }
        }
        return writer.bytes
    }

    static func read(
        _ bytes: [UInt8]
    ) throws(StateError) -> [Int64: (samples: [String], explanation: [String])] {
        var reader = try StateReader(bytes, version: version)
        let entries = try reader.array { (reader) throws(StateError) in
            let id: Int64 = try reader.next()
            let samples = try reader.array { (reader) throws(StateError) in try reader.text() }
            return (id, (samples, try reader.array { (reader) throws(StateError) in try reader.text() }))
        }
        try reader.finish()
        return Dictionary(entries, uniquingKeysWith: { first, _ in first })
    }
}
