import Documents

/// The public JSON of explanations and comparisons, the same on the command line and in the API.
public enum ExplanationJSON {
    /// One line of `explain --per-call`: `{"id","ranked":[{"path","where","test","confidence","text"}],"note","values_read","values_cut"}`.
    public static func append(_ call: CallExplanation, to bytes: inout [UInt8]) {
        var object = ObjectText()
        object.text("id", call.id)
        object.array("ranked", call.ranked) { place, bytes in
            var object = ObjectText()
            object.text("path", place.path)
            object.text("where", place.where.rawValue)
            object.text("test", place.test.rawValue)
            if let value = place.value { object.text("value", value) }
            object.number("confidence", place.confidence)
            object.text("text", place.text)
            object.end(into: &bytes)
        }
        object.text("note", call.note)
        object.number("values_read", Double(call.valuesRead))
        object.bool("values_cut", call.isCut)
        object.end(into: &bytes)
    }

    public static func append(_ population: PopulationExplanation, to bytes: inout [UInt8]) {
        var object = ObjectText()
        object.object("population") { inner in
            inner.number("failures", population.failures)
            inner.number("successes", population.successes)
            inner.number("explained_one_by_one", Double(population.explainedCount))
            inner.number("unexplained", population.unexplained)
        }
        object.array("causes", population.causes) { cause, bytes in
            var object = ObjectText()
            object.array("predicate", cause.predicate, append)
            object.text("kind", cause.kind)
            object.number("failures_with", cause.failuresWith)
            object.number("failures_total", cause.failuresTotal)
            object.number("successes_with", cause.successesWith)
            object.number("risk_ratio", cause.riskRatio)
            object.number("confidence", cause.confidence)
            object.text("text", cause.text)
            object.object("samples") { inner in
                inner.array("failing", cause.failingSamples) { JSONText.appendString($0, to: &$1) }
                inner.array("succeeding", cause.succeedingSamples) { JSONText.appendString($0, to: &$1) }
            }
            object.bool("chosen", cause.isChosen)
            object.end(into: &bytes)
        }
        object.end(into: &bytes)
    }

    public static func append(_ comparison: Comparison, to bytes: inout [UInt8]) {
        var object = ObjectText()
        object.object("population") { inner in
            inner.number("a", comparison.a)
            inner.number("b", comparison.b)
            inner.number("routes_left_out", Double(comparison.routesLeftOut))
            inner.number("values_left_out", Double(comparison.valuesLeftOut))
            inner.number("changes_left_out", Double(comparison.changesLeftOut))
        }
        object.array("causes", comparison.changes) { change, bytes in
            var object = ObjectText()
            object.array("predicate", change.predicate, append)
            object.text("kind", change.kind.rawValue)
            object.number("a_with", change.aWith)
            object.number("a_total", change.aTotal)
            object.number("b_with", change.bWith)
            object.number("b_total", change.bTotal)
            object.number("risk_ratio", change.riskRatio)
            object.number("confidence", change.confidence)
            object.text("text", change.text)
            object.object("samples") { inner in
                inner.array("a", change.aSamples) { JSONText.appendString($0, to: &$1) }
                inner.array("b", change.bSamples) { JSONText.appendString($0, to: &$1) }
            }
            object.bool("chosen", true)
            object.end(into: &bytes)
        }
        object.end(into: &bytes)
    }

    /// What `explain --counts` finds: the same shape, with dimensions alone.
    public static func append(_ findings: ContrastFindings, to bytes: inout [UInt8]) {
        var object = ObjectText()
        object.object("population") { inner in
            inner.number("failures", findings.failures)
            inner.number("successes", findings.successes)
            inner.number("explained_ratio", findings.explainedRatio)
            inner.bool("sampled", findings.isSampled)
        }
        object.array("causes", findings.causes) { cause, bytes in
            var object = ObjectText()
            object.array("predicate", cause.predicate) { literal, bytes in
                let condition = CallCondition(
                    path: literal.dimension, place: "dimension", test: "equals", value: literal.value)
                append(condition, to: &bytes)
            }
            object.text("kind", "dimension")
            object.number("failures_with", cause.failuresWith)
            object.number("failures_total", cause.failuresTotal)
            object.number("successes_with", cause.successesWith)
            object.number("risk_ratio", cause.riskRatio)
            object.number("confidence", cause.confidence)
            object.text("text", sentence(cause))
            object.object("samples") { inner in
                inner.array("failing", [String]()) { JSONText.appendString($0, to: &$1) }
                inner.array("succeeding", [String]()) { JSONText.appendString($0, to: &$1) }
            }
            object.bool("chosen", cause.isChosen)
            object.end(into: &bytes)
        }
        object.end(into: &bytes)
    }

    private static func sentence(_ cause: ContrastCause) -> String {
        let words = cause.predicate.map { "\($0.dimension) = \($0.value)" }.joined(separator: " and ")
        let total = cause.failuresWith + cause.successesWith
        return "\(words): \(Int(cause.failuresWith.rounded())) of \(Int(total.rounded())) failed, "
            + "\(Int(cause.expectedFailures.rounded())) were to be expected."
    }

    private static func append(_ condition: CallCondition, to bytes: inout [UInt8]) {
        var object = ObjectText()
        object.text("path", condition.path)
        object.text("where", condition.place)
        object.text("test", condition.test)
        object.textOrNull("value", condition.value)
        object.end(into: &bytes)
    }
}

extension Change {
    /// How many times more often calls of `b` meet the predicate than those of `a`.
    public var riskRatio: Double {
        let (shareA, shareB) = (aTotal > 0 ? aWith / aTotal : 0, bTotal > 0 ? bWith / bTotal : 0)
        return shareA > 0
            ? min(shareB / shareA, ContrastCause.riskRatioMax) : shareB > 0 ? ContrastCause.riskRatioMax : 1
    }
}
