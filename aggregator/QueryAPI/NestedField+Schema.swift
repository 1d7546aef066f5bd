import Alerting
import Documents

// JSON Schema (2020-12) of what `NestedField` takes.
extension NestedField {
    /// The members of the schema, into an object that is open.
    func writeSchema(to writer: inout JSONWriter) {
        switch self {
        case .matchers(let countMin): list(Self.matcher, countMin...Matcher.matchersMax, &writer)
        case .channels: list(Self.step, 0...Step.countMax, &writer)
        case .schedule:
            object(required: ["participants", "hand_over", "every_s"], &writer) { writer in
                writer.object("participants") {
                    list(Self.participant(and: ""), 1...OnCallSchedule.participantsMax, &$0)
                }
                writer.member("hand_over", json: Array(Self.time.utf8))
                writer.object("every_s") {
                    $0.member("type", "integer")
                    $0.member("minimum", 3_600)
                    $0.member("maximum", 366 * 86_400)
                }
                let exception = Self.participant(and: #","from":\#(Self.time),"until":\#(Self.time)"#)
                writer.member("zone", json: Array(Self.text(100).utf8))
                // More than fit into a body are not to be announced.
                writer.object("overrides") { list(exception, 0...100, &$0) }
            }
        case .quietHours:
            object(required: ["from", "until"], &writer) { writer in
                let days = Hours.dayNames.map { "\"\($0)\"" }.joined(separator: ",")
                for (name, schema) in [
                    ("from", #"{"type":"string","pattern":"^([01][0-9]|2[0-3]):[0-5][0-9]$"}"#),
                    ("until", #"{"type":"string","pattern":"^([01][0-9]|2[0-3]):[0-5][0-9]$"}"#),
                    ("offset", #"{"type":"string","pattern":"^[+-](0[0-9]|1[0-4]):[0-5][0-9]$"}"#),
                    ("zone", Self.text(100)), ("days", #"{"type":"array","items":{"enum":[\#(days)]}}"#),
                    ("outside", #"{"type":"boolean"}"#),
                ] { writer.member(name, json: Array(schema.utf8)) }
            }
        }
    }

    private func object(
        required: [String], _ writer: inout JSONWriter, _ properties: (inout JSONWriter) -> Void
    ) {
        writer.member("type", "object")
        writer.member("additionalProperties", false)
        writer.array("required") { for name in required { $0.string(name) } }
        writer.object("properties") { properties(&$0) }
    }

    private func list(_ items: String, _ counts: ClosedRange<Int>, _ writer: inout JSONWriter) {
        writer.member("type", "array")
        writer.member("minItems", counts.lowerBound)
        writer.member("maxItems", counts.upperBound)
        writer.member("items", json: Array(items.utf8))
    }

    private static func text(_ characterCountMax: Int) -> String {
        #"{"type":"string","minLength":1,"maxLength":\#(characterCountMax)}"#
    }
    private static let time = #"{"type":"string","format":"date-time"}"#
    private static let quotedDimensions = Matcher.Dimension.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
    private static let quotedTests = Matcher.Test.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
    private static let matcher =
        #"{"type":"object","additionalProperties":false,"required":["dimension","value"],"properties":{"#
        + #""dimension":{"enum":[\#(quotedDimensions)]},"op":{"enum":[\#(quotedTests)],"default":"=","#
        + #""description":"=~ compares with a pattern in which only * means something: any text"},"#
        + #""value":{"anyOf":[\#(text(Matcher.valueByteCountMax)),"#
        + #"{"type":"array","minItems":1,"maxItems":\#(Matcher.valuesMax),"items":\#(text(Matcher.valueByteCountMax))}]}}}"#
    private static let step =
        #"{"type":"object","additionalProperties":false,"required":["channel"],"properties":{"#
        + #""channel":\#(text(200)),"after_s":{"type":"integer","minimum":0,"maximum":86400,"#
        + #""description":"after the step before, if nobody has acknowledged by then"}}}"#
    private static func participant(and others: String) -> String {
        #"{"type":"object","additionalProperties":false,"required":["name","channel"],"properties":{"name":\#(text(200)),"#
            + #""channel":\#(text(200))\#(others)}}"#
    }
}
