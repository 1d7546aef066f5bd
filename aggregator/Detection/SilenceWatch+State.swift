import CallModel
import Rollups

/// What is known of every flow, as bytes.
extension SilenceWatch {
    public func write(to writer: inout StateWriter) {
        writer.put(keys.indices) { writer, number in
            writer.put(keys[number].partner)
            writer.put(keys[number].direction.rawValue)
            flows[number].write(to: &writer)
            weeks[number].write(to: &writer)
        }
        writer.put(fleet)
        writer.put(fleetAtLook)
        writer.put(lookedAt) { $0.put($1.nanosecondsSinceEpoch) }
    }

    public init(_ reader: inout StateReader, configuration: Configuration) throws(StateError) {
        self.init(configuration: configuration)
        let known = try reader.array { (reader) throws(StateError) -> (Key, Flow, FlowWeek) in
            let partner: NameID = try reader.next()
            guard let direction = Direction(rawValue: try reader.next()), (0..<SeriesKey.partnerMax).contains(partner)
            else { throw .malformed("a flow") }
            return (Key(partner: partner, direction: direction), try Flow(&reader), try FlowWeek(&reader))
        }
        for (key, flow, week) in known {
            let place = Self.place(key)
            if place >= numbers.count { numbers += Array(repeating: -1, count: place + 2 - numbers.count) }
            numbers[place] = Int32(flows.count)
            keys.append(key)
            flows.append(flow)
            weeks.append(week)
        }
        fleet = try reader.double()
        fleetAtLook = try reader.double()
        lookedAt = try reader.optional { (reader) throws(StateError) in
            Instant(nanosecondsSinceEpoch: try reader.next())
        }
    }
}

/// What is known of gaps and of the latest pace: kept behind everything else, because earlier releases did not know it.
extension SilenceWatch {
    public func writePaces(to writer: inout StateWriter) {
        writer.put(flows) { writer, flow in
            flow.tail.write(to: &writer)
            for value in [flow.quickCalls, flow.quickSeconds, flow.idleSeconds] { writer.put(value) }
        }
    }

    public mutating func readPaces(_ reader: inout StateReader) throws(StateError) {
        guard !reader.isAtEnd else { return }
        let known = try reader.array { (reader) throws(StateError) in
            (try GapTail(&reader), try reader.double(), try reader.double(), try reader.double())
        }
        guard known.count == flows.count else { throw .malformed("the paces of flows") }
        for (number, (tail, calls, seconds, idle)) in known.enumerated() {
            flows[number].tail = tail
            (flows[number].quickCalls, flows[number].quickSeconds, flows[number].idleSeconds) = (calls, seconds, idle)
        }
    }
}

extension SilenceWatch.Flow {
    func write(to writer: inout StateWriter) {
        writer.put(firstCall.nanosecondsSinceEpoch)
        writer.put(lastCall.nanosecondsSinceEpoch)
        for value in [fresh, calls, seconds, others, total, fleetAtLastCall, tail.longest, resumedCalls] {
            writer.put(value)
        }
        writer.put(isSilent)
        writer.put(resumedAt) { $0.put($1.nanosecondsSinceEpoch) }
    }

    init(_ reader: inout StateReader) throws(StateError) {
        self.init(firstCall: Instant(nanosecondsSinceEpoch: try reader.next()), fleet: 0)
        lastCall = Instant(nanosecondsSinceEpoch: try reader.next())
        fresh = try reader.double()
        calls = try reader.double()
        seconds = try reader.double()
        others = try reader.double()
        total = try reader.double()
        fleetAtLastCall = try reader.double()
        tail = GapTail(longest: try reader.double())
        resumedCalls = try reader.double()
        isSilent = try reader.bool()
        resumedAt = try reader.optional { (reader) throws(StateError) in
            Instant(nanosecondsSinceEpoch: try reader.next())
        }
    }
}
