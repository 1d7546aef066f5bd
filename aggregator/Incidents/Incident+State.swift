import CallModel
import Detection
import Rollups

extension Incident {
    func write(to writer: inout StateWriter) {
        writer.put(id)
        writer.put(state.rawValue)
        writer.put(kind.rawValue)
        scope.write(to: &writer)
        writer.put(numbers: groups.map(\.rawValue))
        writer.put(numbers: partners)
        for instant in [startedAt, openedAt, evidenceSince, relocateAt] { writer.put(instant) }
        writer.put(relocateStep.nanoseconds)
        writer.put(resolvedAt) { $0.put($1) }
        writer.put(Int32(severity.rawValue))
        writer.put(confidence)
        writer.put(isQuiet)
        writer.put(mergedInto) { $0.put($1) }
        writer.put(timeline) { writer, entry in
            writer.put(entry.at)
            writer.put(entry.what)
        }
        extent.write(to: &writer)
        recovery.write(to: &writer)
        writer.put(silence) { writer, key in
            writer.put(key.partner)
            writer.put(key.direction.rawValue)
        }
    }

    init(_ reader: inout StateReader) throws(StateError) {
        let id: Int64 = try reader.next()
        guard let state = State(rawValue: try reader.text()), let kind = CauseKind(rawValue: try reader.text()) else {
            throw .malformed("an incident")
        }
        let scope = try Scope(&reader)
        let groups = (try reader.numbers() as [UInt8]).map(SymptomGroup.init(rawValue:))
        guard !groups.isEmpty else { throw .malformed("an incident without symptoms") }
        let partners: [NameID] = try reader.numbers()
        self.init(
            id: id, kind: kind, scope: scope, groups: groups, partners: partners, startedAt: try reader.instant(),
            openedAt: try reader.instant())
        self.state = state
        evidenceSince = try reader.instant()
        relocateAt = try reader.instant()
        relocateStep = .nanoseconds(try reader.next() as Int64)
        resolvedAt = try reader.optional { (reader) throws(StateError) in try reader.instant() }
        guard let severity = Severity(rawValue: Int(try reader.next() as Int32)) else { throw .malformed("a severity") }
        self.severity = severity
        confidence = try reader.double()
        isQuiet = try reader.bool()
        mergedInto = try reader.optional { (reader) throws(StateError) in try reader.next() }
        timeline = try reader.array { (reader) throws(StateError) in
            Entry(at: try reader.instant(), what: try reader.text())
        }
        extent = try Extent(&reader)
        recovery = try Recovery(&reader)
        silence = try reader.optional { (reader) throws(StateError) in
            let partner: NameID = try reader.next()
            guard let direction = Direction(rawValue: try reader.next()) else { throw .malformed("a silence") }
            return SilenceWatch.Key(partner: partner, direction: direction)
        }
    }
}

extension Incident.Extent {
    fileprivate func write(to writer: inout StateWriter) {
        for value in [calls, failures, usualShare] { writer.put(value) }
        for names in [hosts.names, customers.names, routes.names, partners] { writer.put(numbers: names.sorted()) }
        writer.put(symptoms.sorted { $0.key.rawValue < $1.key.rawValue }) { writer, entry in
            writer.put(entry.key.rawValue)
            writer.put(entry.value)
        }
        writer.put(regions.sorted { $0.key < $1.key }) { writer, entry in
            writer.put(entry.key)
            entry.value.write(to: &writer)
        }
        writer.put(minutes.sorted { $0.key < $1.key }) { writer, entry in
            writer.put(entry.key)
            entry.value.write(to: &writer)
        }
        late.write(to: &writer)
        writer.put(lastCall)
    }

    fileprivate init(_ reader: inout StateReader) throws(StateError) {
        calls = try reader.double()
        failures = try reader.double()
        usualShare = try reader.double()
        hosts = DistinctNames(try reader.names())
        customers = DistinctNames(try reader.names())
        routes = DistinctNames(try reader.names())
        partners = try reader.names()
        let counted = try reader.array { (reader) throws(StateError) in
            (Symptom(rawValue: try reader.next()), try reader.double())
        }
        symptoms = Dictionary(counted, uniquingKeysWith: { first, _ in first })
        let byRegion = try reader.array { (reader) throws(StateError) in
            (try reader.next() as NameID, try Region(&reader))
        }
        regions = Dictionary(byRegion, uniquingKeysWith: { first, _ in first })
        let byMinute = try reader.array { (reader) throws(StateError) in
            (try reader.next() as Int64, try Tally(&reader))
        }
        minutes = Dictionary(byMinute, uniquingKeysWith: { first, _ in first })
        late = try Tally(&reader)
        lastCall = try reader.instant()
    }
}

extension Incident.Extent.Region {
    fileprivate func write(to writer: inout StateWriter) {
        late.write(to: &writer)
        writer.put(lastCall)
        for flag in [isHit, isReached, wasWell] { writer.put(flag) }
    }

    fileprivate init(_ reader: inout StateReader) throws(StateError) {
        late = try Incident.Extent.Tally(&reader)
        lastCall = try reader.instant()
        isHit = try reader.bool()
        isReached = try reader.bool()
        wasWell = try reader.bool()
    }
}

extension Incident.Extent.Tally {
    fileprivate func write(to writer: inout StateWriter) {
        writer.put(calls)
        writer.put(failures)
    }

    fileprivate init(_ reader: inout StateReader) throws(StateError) {
        self.init(calls: try reader.double(), failures: try reader.double())
    }
}

extension Scope {
    fileprivate func write(to writer: inout StateWriter) {
        for dimension in Dimension.allCases { writer.put(self[dimension]) }
        writer.put(direction) { $0.put($1.rawValue) }
    }

    fileprivate init(_ reader: inout StateReader) throws(StateError) {
        for dimension in Dimension.allCases { self[dimension] = try reader.next() }
        direction = try reader.optional { (reader) throws(StateError) in
            guard let direction = Direction(rawValue: try reader.next()) else { throw .malformed("a direction") }
            return direction
        }
    }
}
