import CallModel
import Testing

@testable import Contrast

/// Requests beyond the bounds of what is looked at: what was not looked at is unknown, and never missing.
struct WideRequestTests {
    private static let keys = (0..<40).map { "key\($0)" }

    private func object(_ keys: some Sequence<String>, value: String = "1", more: Int? = nil) -> String {
        let members = keys.map { "\"\($0)\":\(value)" } + (more.map { ["\"{more}\":\"more/\($0)\""] } ?? [])
        return "{" + members.joined(separator: ",") + "}"
    }

    private func explained(
        _ body: String, among good: [String], form: Body.Form = .full, type: String = "application/json"
    ) -> CallExplanation {
        var explainer = CallExplainer()
        for (position, good) in good.enumerated() {
            explainer.observe(ExplainedCalls.call(good, type: type, form: form), position: position)
        }
        let failed = ExplainedCalls.call(
            body, type: type, status: 422, answer: "{\"message\":\"Bad Request\"}", form: form)
        explainer.observe(failed, position: good.count)
        return explainer.explain(failed, position: good.count)
    }

    private func missing(_ explanation: CallExplanation) -> [String] {
        explanation.ranked.filter { $0.test == .missing || $0.test == .renamed }.map(\.path)
    }

    @Test func `keys behind the two thousandth value are not missing`() {
        let good = Array(repeating: object(Self.keys), count: 100)
        let junk = (0..<2_000).map { "junk\($0)" }
        let explanation = explained(object(junk + Self.keys), among: good)
        #expect(explanation.isCut)
        #expect(missing(explanation).isEmpty)
        #expect(explanation.ranked.first?.test == .present)
        #expect(missing(explained(object(Self.keys.dropLast()), among: good)) == ["$.key39"])
    }

    @Test func `headers behind the two thousandth value are not missing`() {
        let headers = [Header("api-version", "7")]
        var explainer = CallExplainer()
        for seed in 0..<100 {
            explainer.observe(ExplainedCalls.call(ExplainedCalls.order(seed), headers: headers), position: seed)
        }
        let failed = ExplainedCalls.call(
            object((0..<2_500).map { "junk\($0)" }), status: 422, answer: "{}", headers: headers)
        explainer.observe(failed, position: 100)
        #expect(!explainer.explain(failed, position: 100).ranked.contains { $0.where == .header })
    }

    @Test func `keys that a shape left out are not missing`() {
        let good = Array(repeating: object(Self.keys, value: "\"integer/1\""), count: 100)
        let cut = explained(object(Self.keys.prefix(20), value: "\"integer/1\"", more: 20), among: good, form: .shape)
        #expect(cut.isCut)
        #expect(missing(cut).isEmpty)
        let whole = explained(object(Self.keys.prefix(39), value: "\"integer/1\""), among: good, form: .shape)
        #expect(missing(whole) == ["$.key39"])
    }

    @Test func `a key is missing only as far as successes were looked at as a whole`() {
        // All that was looked at of them has the key; nine of ten were cut before where it may stand.
        let cut = object(Self.keys.prefix(20), value: "\"integer/1\"", more: 20)
        let whole = object(Self.keys, value: "\"integer/1\"")
        let good = (0..<200).map { $0 % 10 == 0 ? whole : cut }
        let explanation = explained(
            object(Self.keys.dropLast(), value: "\"integer/1\""), among: good, form: .shape)
        #expect(explanation.ranked.first?.path == "$.key39")
        #expect(explanation.ranked.first?.text.contains("20 of 20 successful ones have it") == true)
    }

    @Test func `a new key says little where no success was looked at as a whole`() {
        let good = Array(repeating: object(Self.keys, value: "\"integer/1\"", more: 9), count: 100)
        let explanation = explained(
            object(Self.keys + ["other"], value: "\"integer/1\""), among: good, form: .shape)
        let place = explanation.ranked.first { $0.path == "$.other" }
        #expect(place?.text.contains("as far as successful requests of this route were looked at") == true)
        #expect((place?.confidence ?? 1) < 0.5)
    }

    @Test func `an array is as long as it was before its shape was cut`() {
        func list(_ count: Int, more: Int) -> String {
            let elements =
                Array(repeating: "\"integer/1\"", count: count) + (more > 0 ? ["\"more/\(more)\""] : [])
            return "{\"rows\":[" + elements.joined(separator: ",") + "]}"
        }
        let explanation = explained(
            list(64, more: 5_000), among: (0..<100).map { list(60 + $0 % 5, more: 0) }, form: .shape)
        #expect(explanation.ranked.first?.path == "$.rows")
        #expect(explanation.ranked.first?.text.contains("(5064 elements) is longer") == true)
    }

    @Test func `fields of a form that is cut are not missing, in whatever order they come`() {
        let type = "application/x-www-form-urlencoded"
        let good = (0..<100).map { "order[id]=\($0)&order[note]=x&name=n" }
        let cut = "order[id]=7&" + (0..<2_500).map { "junk\($0)=1" }.joined(separator: "&") + "&order[note]=x&name=n"
        #expect(missing(explained(cut, among: good, type: type)).isEmpty)
        #expect(missing(explained("order[id]=7&name=n", among: good, type: type)) == ["$.order.note"])
    }

    @Test func `elements of XML that is cut are not missing`() {
        func order(_ inner: String) -> String { "<order><id>1</id>\(inner)<name>n</name></order>" }
        let good = Array(repeating: order("<row>1</row>"), count: 100)
        let cut = order((0..<2_500).map { "<junk\($0)>1</junk\($0)>" }.joined())
        #expect(missing(explained(cut, among: good, type: "text/xml")).isEmpty)
        #expect(
            missing(explained("<order><id>1</id><row>1</row></order>", among: good, type: "text/xml")) == [
                "/order/name"
            ])
    }

    @Test func `what was not looked at did not vanish`() {
        var comparison = CallComparison()
        let whole = object(Self.keys, value: "\"integer/1\"")
        let cut = object(Self.keys.prefix(20), value: "\"integer/1\"", more: 20)
        for seed in 0..<300 {
            comparison.add(ExplainedCalls.call(whole, form: .shape), to: .a)
            comparison.add(ExplainedCalls.call(seed % 2 == 0 ? whole : cut, form: .shape), to: .b)
        }
        #expect(comparison.finish().changes.map(\.text) == [])
        let lacking = object(Self.keys.dropLast(), value: "\"integer/1\"")
        for _ in 0..<300 { comparison.add(ExplainedCalls.call(lacking, form: .shape), to: .b) }
        #expect(comparison.finish().changes.first?.predicate.first?.path == "$.key39")
    }
}
