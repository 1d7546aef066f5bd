import Documents

// JSON Schema (2020-12) of what `NestedField` takes.
extension NestedField {
    /// The members of the schema, into an object that is open.
    func writeSchema(to writer: inout JSONWriter) {
        switch self {
        case .matchers(let countMin): list(Self.matcher, countMin...Self.matchersMax, &writer)
        case .steps: list(Self.step, 0...Self.stepsMax, &writer)
        case .schedule:
            writer.member("type", "object")
            writer.member("additionalProperties", false)
            writer.array("required") { for name in ["participants", "hand_over", "every_hours"] { $0.string(name) } }
            writer.object("properties") { writer in
                writer.object("participants") { list(Self.participant(and: ""), 1...Self.participantsMax, &$0) }
                writer.member("hand_over", json: Array(Self.time.utf8))
                writer.object("every_hours") {
                    $0.member("type", "integer")
                    $0.member("minimum", 1)
                }
                writer.object("overrides") {
                    list(
                        Self.participant(and: #","from":\#(Self.time),"until":\#(Self.time)"#), 0...Self.overridesMax,
                        &$0)
                }
            }
        }
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
    private static let quotedDimensions = dimensions.map { "\"\($0)\"" }.joined(separator: ",")
    private static let quotedOps = ops.map { "\"\($0)\"" }.joined(separator: ",")
    private static let matcher =
        #"{"type":"object","additionalProperties":false,"required":["dimension","op","value"],"properties":{"#
        + #""dimension":{"enum":[\#(quotedDimensions)]},"op":{"enum":[\#(quotedOps)],"#
        + #""description":"=~ compares with a pattern in which only * means something: any text"},"#
        + #""value":{"anyOf":[\#(text(valueByteCountMax)),"#
        + #"{"type":"array","minItems":1,"maxItems":\#(valuesMax),"items":\#(text(valueByteCountMax))}]}}}"#
    private static let step =
        #"{"type":"object","additionalProperties":false,"required":["channel"],"properties":{"#
        + #""channel":\#(text(channelByteCountMax)),"after_s":{"type":"integer","minimum":0,"maximum":604800,"#
        + #""description":"after the step before, if nobody has acknowledged by then"}}}"#
    private static func participant(and others: String) -> String {
        #"{"type":"object","additionalProperties":false,"required":["name","channel"],"properties":{"name":\#(text(200)),"#
            + #""channel":\#(text(channelByteCountMax))\#(others)}}"#
    }
}
