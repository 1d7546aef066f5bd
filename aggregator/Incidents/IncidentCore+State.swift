import CallModel
import Detection
import Rollups

/// What must survive a restart, in two parts of different pace: what was learned of every series (large, saved every few
/// minutes) and what was decided (small, saved with every decision). Whoever takes over reads both, lets `observe` take the calls
/// between, and goes on. Recent calls are in neither: they are handed to `remember`.
extension IncidentCore {
    /// Raised with every change of what is written.
    private static let version: UInt32 = 2
    /// Resolved incidents and decisions that are kept in the state.
    private static let resolvedMax = 300
    private static let decisionsMax = 500

    /// What was learned.
    public func learned() -> [UInt8] {
        var writer = StateWriter(version: Self.version)
        detector.write(to: &writer)
        silence.write(to: &writer)
        detector.writeFleet(to: &writer)
        silence.writePaces(to: &writer)
        return writer.bytes
    }

    /// What was decided.
    public func decided() -> [UInt8] {
        var writer = StateWriter(version: Self.version)
        writer.put(nextID)
        writer.put(open) { $1.write(to: &$0) }
        writer.put(resolved.suffix(Self.resolvedMax)) { $1.write(to: &$0) }
        let keys = candidates.keys.sorted {
            ($0.partner, $0.direction.rawValue, $0.group.rawValue)
                < ($1.partner, $1.direction.rawValue, $1.group.rawValue)
        }
        writer.put(keys) { writer, key in
            writer.put(key.partner)
            writer.put(key.direction.rawValue)
            writer.put(key.group.rawValue)
            candidates[key]!.write(to: &writer)
        }
        writer.put(blindSince) { $0.put($1) }
        writer.put(decisions.suffix(Self.decisionsMax)) { writer, decision in
            writer.put(decision.at.nanosecondsSinceEpoch)
            writer.put(decision.partner)
            writer.put(decision.group.rawValue)
            writer.put(decision.reason)
        }
        return writer.bytes
    }

    /// - Parameter learned: nil where nothing was saved: then normal is learned anew.
    public init(learned: [UInt8]?, decided: [UInt8]?, configuration: Configuration) throws(StateError) {
        self.init(configuration: configuration)
        if let learned {
            var reader = try StateReader(learned, version: Self.version)
            detector = try Detector(&reader, configuration: configuration.detection)
            silence = try SilenceWatch(&reader, configuration: configuration.silence)
            try detector.readFleet(&reader)
            try silence.readPaces(&reader)
            try reader.finish()
        }
        if let decided { try read(decided) }
        scopes = OpenScopes(open)
        // What was learned may be older than what was decided: the flows that are silent are those whose incidents are open.
        for incident in open {
            if let key = incident.silence { silence.markSilent(key, since: incident.startedAt) }
        }
    }

    private mutating func read(_ decided: [UInt8]) throws(StateError) {
        var reader = try StateReader(decided, version: Self.version)
        nextID = try reader.next()
        open = try reader.array { (reader) throws(StateError) in try Incident(&reader) }
        resolved = try reader.array { (reader) throws(StateError) in try Incident(&reader) }
        let known = try reader.array { (reader) throws(StateError) in
            (try CandidateKey(&reader), try Candidate(&reader))
        }
        candidates = Dictionary(known, uniquingKeysWith: { first, _ in first })
        blindSince = try reader.optional { (reader) throws(StateError) in try reader.instant() }
        decisions = try reader.array { (reader) throws(StateError) in
            Decision(
                at: try reader.instant(), partner: try reader.next(), group: SymptomGroup(rawValue: try reader.next()),
                reason: try reader.text())
        }
        try reader.finish()
    }

    /// Keeps a call that was observed before the state was saved.
    public mutating func remember(_ cell: CallCell) { detector.remember(cell) }

    /// Open incidents count calls from here on: what `remember` brought, they have counted.
    public mutating func resume() {
        for index in open.indices {
            for partner in detector.history.partners {
                open[index].places[partner] = detector.history.line(partner).end
            }
        }
    }
}

extension StateReader {
    mutating func instant() throws(StateError) -> Instant { Instant(nanosecondsSinceEpoch: try next()) }

    mutating func names() throws(StateError) -> Set<NameID> { Set(try numbers()) }
}

extension StateWriter {
    mutating func put(_ instant: Instant) { put(instant.nanosecondsSinceEpoch) }
}

extension IncidentCore.CandidateKey {
    fileprivate init(_ reader: inout StateReader) throws(StateError) {
        let partner: NameID = try reader.next()
        guard let direction = Direction(rawValue: try reader.next()) else { throw .malformed("a candidate") }
        self.init(partner: partner, direction: direction, group: SymptomGroup(rawValue: try reader.next()))
    }
}

extension IncidentCore.Candidate {
    fileprivate init(_ reader: inout StateReader) throws(StateError) {
        self.init(onset: try reader.instant(), evidence: try reader.double(), heardAt: try reader.instant())
        lookAt = try reader.optional { (reader) throws(StateError) in try reader.instant() }
        evidenceAtLook = try reader.double()
        reason = try reader.text()
    }

    fileprivate func write(to writer: inout StateWriter) {
        writer.put(onset)
        writer.put(evidence)
        writer.put(heardAt)
        writer.put(lookAt) { $0.put($1) }
        writer.put(evidenceAtLook)
        writer.put(reason)
    }
}
