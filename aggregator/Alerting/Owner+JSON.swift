import CallModel
import Documents

/// An owner's form in the API and the database:
///
///     {"name":"payments","matchers":[{"dimension":"partner","op":"=","value":"stripe"}],"contact":"…","runbook":"https://…",
///      "channels":["on-call",{"channel":"payments-slack","after_s":600}],
///      "schedule":{"hand_over":"2026-01-05T09:00:00+01:00","every_s":604800,
///        "participants":[{"name":"Ann","channel":"ann"}],"overrides":[{"from":"…","until":"…","name":"Bea","channel":"bea"}]},
///      "quiet_hours":{"from":"22:00","until":"07:00","offset":"+01:00","days":["mon"],"outside":false}}
extension Owner {
    /// - Parameter channels: those that exist; nil where that is not known here.
    public init(_ json: JSONValue, channels: Set<String>? = nil) throws(AlertingFlaw) {
        guard json.kind == .object else { throw AlertingFlaw("owner", "must be an object") }
        let name = try json.text("name", "name") ?? ""
        guard !name.isEmpty, name.utf8.count <= Self.nameByteCountMax else {
            throw AlertingFlaw("name", "must have 1 to \(Self.nameByteCountMax) bytes")
        }
        self.init(name: name)
        if let value = json.present("matchers") { matchers = try [Matcher](value) }
        if let value = json.present("channels") { steps = try [Step](value, field: "channels") }
        if let value = json.present("schedule") { schedule = try OnCallSchedule(value, field: "schedule") }
        if let value = json.present("quiet_hours") { quietHours = try Hours(value, field: "quiet_hours") }
        contact = try json.text("contact", "contact") ?? ""
        runbook = try json.text("runbook", "runbook")
        try check(channels)
    }

    /// What no part of it can see alone.
    public func check(_ channels: Set<String>?) throws(AlertingFlaw) {
        if name == Self.nobody { throw AlertingFlaw("name", "`\(name)` stands for nobody") }
        if let index = matchers.firstIndex(where: { $0.dimension == .owner }) {
            throw AlertingFlaw("matchers[\(index)].dimension", "an owner cannot be found by its owner")
        }
        if schedule == nil, let index = steps.firstIndex(where: { $0.channel == Step.onCall }) {
            throw AlertingFlaw("channels[\(index)]", "nobody is on call", hint: "give the owner a schedule")
        }
        guard let channels else { return }
        for (index, step) in steps.enumerated() where step.channel != Step.onCall && !channels.contains(step.channel) {
            throw AlertingFlaw("channels[\(index)]", "there is no channel `\(step.channel)`")
        }
        for (index, participant) in (schedule?.participants ?? []).enumerated()
        where !channels.contains(participant.channel) {
            throw AlertingFlaw(
                "schedule.participants[\(index)].channel", "there is no channel `\(participant.channel)`")
        }
    }

    public func document() -> [UInt8] {
        var writer = JSONWriter()
        writer.object { write(to: &$0) }
        return writer.bytes
    }

    /// The members alone, into an object that is open.
    public func write(to writer: inout JSONWriter) {
        writer.member("name", name)
        writer.array("matchers") { for matcher in matchers { matcher.write(to: &$0) } }
        writer.array("channels") { writer in
            for step in steps {
                writer.object { writer in
                    writer.member("channel", step.channel)
                    writer.member("after_s", step.after.map { $0.nanoseconds / 1_000_000_000 })
                }
            }
        }
        writer.member("contact", contact)
        writer.member("runbook", runbook)
        if let schedule { writer.object("schedule") { schedule.write(to: &$0) } }
        if let quietHours { writer.object("quiet_hours") { quietHours.write(to: &$0) } }
    }
}

extension [Step] {
    init(_ json: JSONValue, field: String) throws(AlertingFlaw) {
        guard json.kind == .array, json.childCount <= Step.countMax else {
            throw AlertingFlaw(field, "must be a list of at most \(Step.countMax) channels")
        }
        var steps: [Step] = []
        try json.forEachElement { (element) throws(AlertingFlaw) in
            let path = "\(field)[\(steps.count)]"
            if let name = element.string, !name.isEmpty { return steps.append(Step(name)) }
            guard let name = try element.text("channel", "\(path).channel"), !name.isEmpty else {
                throw AlertingFlaw(path, "must be a channel's name, or an object with `channel`")
            }
            steps.append(Step(name, after: try element.seconds("after_s", "\(path).after_s", in: 0...86_400)))
        }
        self = steps
    }
}

extension OnCallSchedule {
    init(_ json: JSONValue, field: String) throws(AlertingFlaw) {
        guard let handOver = try json.time("hand_over", "\(field).hand_over") else {
            throw AlertingFlaw("\(field).hand_over", "is missing")
        }
        guard let every = try json.seconds("every_s", "\(field).every_s", in: 3_600...366 * 86_400) else {
            throw AlertingFlaw("\(field).every_s", "is missing")
        }
        let zone = try json.text("zone", "\(field).zone").map { (name) throws(AlertingFlaw) in
            try ZoneRules(name, field: "\(field).zone")
        }
        let participants = try json.list("participants", field, max: Self.participantsMax) {
            (value, path) throws(AlertingFlaw) in try Participant(value, path)
        }
        guard !participants.isEmpty else { throw AlertingFlaw("\(field).participants", "is empty") }
        let overrides = try json.list("overrides", field, max: Self.overridesMax) {
            (value, path) throws(AlertingFlaw) in
            guard let from = try value.time("from", "\(path).from"),
                let until = try value.time("until", "\(path).until"),
                from < until
            else { throw AlertingFlaw(path, "`from` and `until` are wanted, the one before the other") }
            return Override(from: from, until: until, participant: try Participant(value, path))
        }
        if let overlapping = Self.overlap(in: overrides) {
            throw AlertingFlaw("\(field).overrides", "that from \(overlapping.from.rfc3339) overlaps another")
        }
        self.init(participants: participants, handOver: handOver, every: every, zone: zone, overrides: overrides)
    }

    func write(to writer: inout JSONWriter) {
        writer.member("hand_over", handOver.rfc3339)
        writer.member("every_s", every.nanoseconds / 1_000_000_000)
        if let zone { writer.member("zone", zone.name) }
        writer.array("participants") { writer in
            for participant in participants { writer.object { participant.write(to: &$0) } }
        }
        writer.array("overrides") { writer in
            for override in overrides {
                writer.object { writer in
                    writer.member("from", override.from.rfc3339)
                    writer.member("until", override.until.rfc3339)
                    override.participant.write(to: &writer)
                }
            }
        }
    }
}

extension OnCallSchedule.Participant {
    fileprivate init(_ json: JSONValue, _ field: String) throws(AlertingFlaw) {
        guard let name = try json.text("name", "\(field).name"), !name.isEmpty else {
            throw AlertingFlaw("\(field).name", "is missing")
        }
        guard let channel = try json.text("channel", "\(field).channel"), !channel.isEmpty else {
            throw AlertingFlaw("\(field).channel", "is missing")
        }
        self.init(name: name, channel: channel)
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("channel", channel)
    }
}

extension JSONValue {
    /// A member that is there and not null.
    fileprivate func present(_ key: StaticString) -> JSONValue? { member(key).flatMap { $0.isNull ? nil : $0 } }

    fileprivate func text(_ key: StaticString, _ field: String) throws(AlertingFlaw) -> String? {
        guard let value = present(key) else { return nil }
        guard let text = value.string, text.utf8.count <= 2_000 else {
            throw AlertingFlaw(field, "must be a text of at most 2000 bytes")
        }
        return text
    }

    fileprivate func time(_ key: StaticString, _ field: String) throws(AlertingFlaw) -> Instant? {
        guard let text = try text(key, field) else { return nil }
        guard let instant = Instant(rfc3339: text) else {
            throw AlertingFlaw(field, "must be a time with an offset", hint: "such as 2026-01-05T09:00:00+01:00")
        }
        return instant
    }

    fileprivate func seconds(_ key: StaticString, _ field: String, in range: ClosedRange<Int64>)
        throws(AlertingFlaw) -> Duration?
    {
        guard let value = present(key) else { return nil }
        guard let seconds = value.int64, range.contains(seconds) else {
            throw AlertingFlaw(field, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return .seconds(seconds)
    }

    fileprivate func list<R>(
        _ key: StaticString, _ field: String, max: Int,
        _ read: (JSONValue, _ path: String) throws(AlertingFlaw) -> R
    ) throws(AlertingFlaw) -> [R] {
        guard let value = present(key) else { return [] }
        guard value.kind == .array, value.childCount <= max else {
            throw AlertingFlaw("\(field).\(key)", "must be a list of at most \(max)")
        }
        var elements: [R] = []
        try value.forEachElement { (element) throws(AlertingFlaw) in
            elements.append(try read(element, "\(field).\(key)[\(elements.count)]"))
        }
        return elements
    }
}
