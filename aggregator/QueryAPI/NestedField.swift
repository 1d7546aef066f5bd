import Alerting
import Documents
import Runtime

/// A field of a body that is more than one value.
///
/// `Alerting` says what a value means, and what is wrong with it; here is what may stand in it at all. A member that is not known
/// is a fault: one that was misspelt must not be passed over.
enum NestedField: Sendable {
    /// `[{"dimension":"partner","op":"=","value":"stripe"}]`: conditions on an incident, all of which must hold; of so many
    /// at least.
    case matchers(countMin: Int)
    /// `[{"channel":"slack"},{"channel":"on-call","after_s":900}]`: who is told, and when the next.
    case channels
    /// Who is on call, in turns.
    case schedule
    /// In which what is minor waits.
    case quietHours

    /// What is wrong, and where within the field (RFC 6901).
    struct Flaw: Error {
        var pointer: String
        var detail: String
        var hint: String?

        init(_ pointer: String, _ detail: String, hint: String? = nil) {
            self.pointer = pointer
            self.detail = detail
            self.hint = hint
        }

        /// `schedule.participants[0].name` is `/schedule/participants/0/name`; the field's own name is left out.
        init(_ flaw: AlertingFlaw, within field: String = "") {
            let path = flaw.field.map { $0 == "." || $0 == "[" ? "/" : $0 == "]" ? "" : String($0) }.joined()
            self.init(
                String(("/" + path).dropFirst(field.isEmpty ? 0 : field.count + 1)), flaw.problem, hint: flaw.hint)
        }
    }

    var wanted: String {
        switch self {
        case .matchers: "a list of objects with dimension, op and value"
        case .channels: "a list of objects with channel, and after_s for all but the first"
        case .schedule: "an object with participants, hand_over and every_s"
        case .quietHours: "an object with from and until"
        }
    }

    /// The first thing wrong with a value.
    func flaw(_ value: JSONValue) -> Flaw? {
        do throws(Flaw) {
            switch self {
            case .matchers(let countMin): try Self.checkMatchers(value, countMin)
            case .channels: try Self.checkList(value, known: Self.stepMembers)
            case .schedule:
                try Self.checkObject(value, "", known: Self.scheduleMembers)
                if let list = value.member("participants") {
                    try Self.checkList(list, "/participants", known: Self.participantMembers)
                }
                if let list = value.member("overrides") {
                    try Self.checkList(list, "/overrides", known: Self.overrideMembers)
                }
            case .quietHours: try Self.checkObject(value, "", known: Self.hoursMembers)
            }
            return nil
        } catch {
            return error
        }
    }

    static let matcherMembers = ["dimension", "op", "value"]
    static let stepMembers = ["channel", "after_s"]
    static let scheduleMembers = ["participants", "hand_over", "every_s", "zone", "overrides"]
    static let participantMembers = ["name", "channel"]
    static let overrideMembers = ["from", "until", "name", "channel"]
    static let hoursMembers = ["from", "until", "offset", "zone", "days", "outside"]

    private static func checkMatchers(_ value: JSONValue, _ countMin: Int) throws(Flaw) {
        try checkList(value, known: matcherMembers)
        do throws(AlertingFlaw) {
            _ = try [Matcher](value)
        } catch {
            throw Flaw(error, within: "matchers")
        }
        guard value.childCount >= countMin else { throw Flaw("", "at least \(countMin) is wanted") }
    }

    private static func checkList(_ value: JSONValue, _ pointer: String = "", known: [String]) throws(Flaw) {
        guard value.kind == .array else { throw Flaw(pointer, "a list is wanted") }
        var index = 0
        try value.forEachElement { (element) throws(Flaw) in
            try checkObject(element, "\(pointer)/\(index)", known: known)
            index += 1
        }
    }

    private static func checkObject(_ value: JSONValue, _ pointer: String, known: [String]) throws(Flaw) {
        guard value.kind == .object else { throw Flaw(pointer, "an object is wanted") }
        try value.forEachMember { (key, _) throws(Flaw) in
            let name = String(decoding: key, as: UTF8.self)
            guard known.contains(name) else {
                throw Flaw(
                    pointer + "/" + pointerEscaped(String(name.prefix(40))),
                    "known are \(known.joined(separator: ", "))",
                    hint: Spelling.nearest(to: name, among: known).map { "did you mean `\($0)`?" })
            }
        }
    }
}
