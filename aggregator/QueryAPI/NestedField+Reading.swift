import CallModel
import Documents
import Runtime

// The single tests that `NestedField` is made of, and what is read out of one that was checked.
extension NestedField {
    static func checkList(
        _ value: JSONValue?, _ counts: ClosedRange<Int>, _ pointer: String = "",
        _ check: (JSONValue, String) throws(Flaw) -> Void
    ) throws(Flaw) {
        guard let value, value.kind == .array else { throw Flaw(pointer: pointer, detail: "a list is wanted") }
        guard counts.contains(value.childCount) else {
            throw Flaw(pointer: pointer, detail: "\(counts.lowerBound) to \(counts.upperBound) entries are wanted")
        }
        var index = 0
        try value.forEachElement { (element) throws(Flaw) in
            try check(element, "\(pointer)/\(index)")
            index += 1
        }
    }

    /// A member that is not known is a fault: one that was misspelt must not be passed over.
    static func members(
        of value: JSONValue, _ pointer: String, known: [String]
    ) throws(Flaw) -> [String: JSONValue] {
        guard value.kind == .object else { throw Flaw(pointer: pointer, detail: "an object is wanted") }
        var members: [String: JSONValue] = [:]
        try value.forEachMember { (key, member) throws(Flaw) in
            let name = String(decoding: key, as: UTF8.self)
            guard known.contains(name) else {
                throw Flaw(
                    pointer: pointer + "/" + pointerEscaped(String(name.prefix(40))),
                    detail: "known are \(known.joined(separator: ", "))",
                    hint: Spelling.nearest(to: name, among: known).map { "did you mean `\($0)`?" })
            }
            members[name] = member
        }
        return members
    }

    static func text(_ value: JSONValue?, _ pointer: String, byteCountMax: Int) throws(Flaw) -> String {
        guard let text = value?.string, (1...byteCountMax).contains(text.utf8.count), !text.utf8.contains(0) else {
            throw Flaw(pointer: pointer, detail: "a string of 1 to \(byteCountMax) bytes without NUL is wanted")
        }
        return text
    }

    static func choice(_ value: JSONValue?, _ pointer: String, _ choices: [String]) throws(Flaw) -> String {
        guard let text = value?.string, choices.contains(text) else {
            throw Flaw(
                pointer: pointer, detail: "one of \(choices.joined(separator: ", ")) is wanted",
                hint: Spelling.nearest(to: String((value?.string ?? "").prefix(40)), among: choices).map {
                    "did you mean `\($0)`?"
                })
        }
        return text
    }

    static func integer(_ value: JSONValue?, _ pointer: String, _ range: ClosedRange<Int>) throws(Flaw) {
        guard let number = value?.int64, range.contains(Int(number)) else {
            throw Flaw(
                pointer: pointer, detail: "an integer from \(range.lowerBound) to \(range.upperBound) is wanted")
        }
    }

    static func time(_ value: JSONValue?, _ pointer: String) throws(Flaw) -> Instant {
        guard let time = (value?.string).flatMap({ Instant(rfc3339: $0) }) else {
            throw Flaw(pointer: pointer, detail: "a time like 2026-11-23T19:34:00Z is wanted")
        }
        return time
    }

    // MARK: Reading what was checked

    static func matchers(in json: String) -> [(dimension: String, op: String, values: [String])] {
        var matchers: [(dimension: String, op: String, values: [String])] = []
        // What was checked parses.
        _ = try? JSONParser().parse(Array(json.utf8)) { list in
            list.forEachElement { matcher in
                var values: [String] = []
                let value = matcher.member("value")
                if let text = value?.string {
                    values = [text]
                } else {
                    value?.forEachElement { values.append($0.string ?? "") }
                }
                matchers.append((matcher.member("dimension")?.string ?? "", matcher.member("op")?.string ?? "", values))
            }
        }
        return matchers
    }

    /// Stands for whoever is on call.
    static let onCall = "on-call"

    /// The channels that an owner's steps and schedule name, each with where it stands in the body.
    static func channels(_ steps: String?, _ schedule: String?) -> [(pointer: String, channel: String)] {
        var channels: [(pointer: String, channel: String)] = []
        func collect(_ list: JSONValue?, _ pointer: String) {
            var index = 0
            list?.forEachElement { entry in
                if let channel = entry.member("channel")?.string, channel != onCall {
                    channels.append(("\(pointer)/\(index)/channel", channel))
                }
                index += 1
            }
        }
        // What was checked parses.
        _ = try? JSONParser().parse(Array((steps ?? "[]").utf8)) { collect($0, "/body/channels") }
        _ = try? JSONParser().parse(Array((schedule ?? "{}").utf8)) { schedule in
            collect(schedule.member("participants"), "/body/schedule/participants")
            collect(schedule.member("overrides"), "/body/schedule/overrides")
        }
        return channels
    }
}
