import CallModel
import Documents
import Runtime

/// A field of a body that is more than one value: what it may be, what is wrong with one, and its schema.
enum NestedField: Sendable {
    /// `[{"dimension":"partner","op":"=","value":"stripe"}]`: conditions on an incident, all of which must hold; of so many
    /// at least.
    case matchers(countMin: Int)
    /// `[{"channel":"slack"},{"channel":"on-call","after_s":900}]`: who is told, and when the next.
    case steps
    /// Who is on call, in turns.
    case schedule

    /// What is wrong, and where within the field (RFC 6901).
    struct Flaw: Error {
        var pointer: String
        var detail: String
        var hint: String?
    }

    var wanted: String {
        switch self {
        case .matchers: "a list of objects with dimension, op and value"
        case .steps: "a list of objects with channel, and after_s for all but the first"
        case .schedule: "an object with participants, hand_over and every_hours"
        }
    }

    /// The first thing wrong with a value.
    func flaw(_ value: JSONValue) -> Flaw? {
        do throws(Flaw) {
            switch self {
            case .matchers(let countMin): try Self.checkMatchers(value, countMin)
            case .steps: try Self.checkSteps(value)
            case .schedule: try Self.checkSchedule(value)
            }
            return nil
        } catch {
            return error
        }
    }

    // MARK: What a matcher may ask

    static let dimensions = [
        "partner", "route", "region", "host", "customer", "service_version", "direction", "peer_network", "kind",
        "severity", "owner", "affected_route", "affected_region", "affected_host", "affected_customer",
    ]
    static let ops = ["=", "!=", "=~"]
    static let matchersMax = 20
    static let valuesMax = 100
    static let valueByteCountMax = 256

    /// The words there are for what has few; anything else is a name.
    static let words: [String: [String]] = [
        "severity": ["minor", "major", "critical"],
        "direction": ["outbound", "inbound"],
        "kind": [
            "partner", "shared_upstream", "host", "network", "deploy", "customer", "credentials", "rate_limit",
            "request",
            "webhook_silence", "webhook_at_risk", "traffic_stopped", "unknown",
        ],
    ]

    private static func checkMatchers(_ value: JSONValue, _ countMin: Int) throws(Flaw) {
        try checkList(value, countMin...matchersMax) { (matcher, pointer) throws(Flaw) in
            let members = try members(of: matcher, pointer, known: ["dimension", "op", "value"])
            let dimension = try choice(members["dimension"], pointer + "/dimension", dimensions)
            let op = try choice(members["op"], pointer + "/op", ops)
            guard let value = members["value"] else { throw Flaw(pointer: pointer + "/value", detail: "it is missing") }
            let known = op == "=~" ? nil : words[dimension]
            guard value.kind == .array else { return try checkMatched(value, pointer + "/value", known) }
            try checkList(value, 1...valuesMax, pointer + "/value") { (value, pointer) throws(Flaw) in
                try checkMatched(value, pointer, known)
            }
        }
    }

    private static func checkMatched(_ value: JSONValue, _ pointer: String, _ known: [String]?) throws(Flaw) {
        if let known { return _ = try choice(value, pointer, known) }
        _ = try text(value, pointer, byteCountMax: valueByteCountMax)
    }

    // MARK: Who is told

    static let stepsMax = 16
    static let participantsMax = 100
    static let overridesMax = 1_000
    static let channelByteCountMax = 100
    private static let stepDelaySecondsMax = 7 * 86_400
    private static let turnHoursMax = 24 * 366

    private static func checkSteps(_ value: JSONValue) throws(Flaw) {
        try checkList(value, 0...stepsMax) { (step, pointer) throws(Flaw) in
            let members = try members(of: step, pointer, known: ["channel", "after_s"])
            _ = try text(members["channel"], pointer + "/channel", byteCountMax: channelByteCountMax)
            if let after = members["after_s"] { try integer(after, pointer + "/after_s", 0...stepDelaySecondsMax) }
        }
    }

    private static func checkSchedule(_ value: JSONValue) throws(Flaw) {
        let members = try members(
            of: value, "", known: ["participants", "hand_over", "every_hours", "overrides"])
        try checkList(members["participants"], 1...participantsMax, "/participants") { (entry, pointer) throws(Flaw) in
            try checkParticipant(entry, pointer, and: [])
        }
        _ = try time(members["hand_over"], "/hand_over")
        try integer(members["every_hours"], "/every_hours", 1...turnHoursMax)
        guard let list = members["overrides"] else { return }
        var spans: [(from: Instant, until: Instant, pointer: String)] = []
        try checkList(list, 0...overridesMax, "/overrides") { (entry, pointer) throws(Flaw) in
            let members = try checkParticipant(entry, pointer, and: ["from", "until"])
            let from = try time(members["from"], pointer + "/from")
            let until = try time(members["until"], pointer + "/until")
            guard from < until else {
                throw Flaw(pointer: pointer + "/until", detail: "it would end before it begins")
            }
            spans.append((from, until, pointer))
        }
        spans.sort { $0.from < $1.from }
        for (earlier, later) in zip(spans, spans.dropFirst()) where later.from < earlier.until {
            throw Flaw(pointer: later.pointer + "/from", detail: "it overlaps another override")
        }
    }

    @discardableResult private static func checkParticipant(
        _ value: JSONValue, _ pointer: String, and others: [String]
    ) throws(Flaw) -> [String: JSONValue] {
        let members = try members(of: value, pointer, known: ["name", "channel"] + others)
        _ = try text(members["name"], pointer + "/name", byteCountMax: 200)
        _ = try text(members["channel"], pointer + "/channel", byteCountMax: channelByteCountMax)
        return members
    }
}
