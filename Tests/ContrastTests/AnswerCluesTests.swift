import CallModel
import Testing

@testable import Contrast

/// Answers as partners write them, and the place each of them names first.
struct AnswerCluesTests {
    private let body =
        "{\"customer\":{\"email\":\"a@b.example\"},\"items\":[{\"sku\":\"a\"},{\"sku\":\"b\",\"unit_price\":3}],\"postal_code\":\"1\"}"

    private func named(_ answer: String, type: String = "application/json") -> String? {
        var explainer = CallExplainer()
        for position in 0..<30 { explainer.observe(ExplainedCalls.call(body), position: position) }
        let call = ExplainedCalls.call(body, status: 400, answer: answer, answerType: type)
        return explainer.explain(call, position: 30).ranked.first?.path
    }

    @Test(
        arguments: [
            // RFC 9457 with the errors extension of its section 3.
            (
                "{\"type\":\"about:blank\",\"errors\":[{\"detail\":\"must be positive\",\"pointer\":\"#/items/1/unit_price\"}]}",
                "$.items[1].unit_price"
            ),
            // JSON:API.
            ("{\"errors\":[{\"source\":{\"pointer\":\"/customer/email\"},\"title\":\"Invalid\"}]}", "$.customer.email"),
            // Stripe.
            (
                "{\"error\":{\"type\":\"invalid_request_error\",\"param\":\"items[1][sku]\",\"message\":\"No such sku\"}}",
                "$.items[1].sku"
            ),
            // FastAPI.
            (
                "{\"detail\":[{\"loc\":[\"body\",\"items\",0,\"sku\"],\"msg\":\"field required\",\"type\":\"value_error\"}]}",
                "$.items[0].sku"
            ),
            // Rails, Laravel.
            (
                "{\"message\":\"The given data was invalid.\",\"errors\":{\"customer.email\":[\"has already been taken\"]}}",
                "$.customer.email"
            ),
            // Django REST framework.
            ("{\"postal_code\":[\"This field may not be blank.\"]}", "$.postal_code"),
            // Google.
            (
                "{\"error\":{\"status\":\"INVALID_ARGUMENT\",\"details\":[{\"fieldViolations\":[{\"field\":\"customer.email\",\"description\":\"bad\"}]}]}}",
                "$.customer.email"
            ),
            // Spring.
            (
                "{\"status\":400,\"errors\":[{\"field\":\"postalCode\",\"defaultMessage\":\"size must be between 4 and 9\"}]}",
                "$.postal_code"
            ),
            // Plain sentences.
            ("{\"message\":\"The value of unit_price is out of range\"}", "$.items[1].unit_price"),
            ("{\"message\":\"postal code is invalid\"}", "$.postal_code"),
            ("{\"error\":\"Field 'email' must be a valid address\"}", "$.customer.email"),
        ])
    func `a place is found where the answer names it`(answer: String, path: String) {
        #expect(named(answer) == path)
    }

    @Test func `a page and a plain text are read as well`() {
        #expect(
            named("<html><body><h1>Bad Request</h1><p>postal_code is required</p></body></html>", type: "text/html")
                == "$.postal_code")
        #expect(named("unit_price must be positive", type: "text/plain") == "$.items[1].unit_price")
    }

    @Test func `an everyday word in a sentence names no place`() {
        var explainer = CallExplainer()
        let body = "{\"type\":\"card\",\"name\":\"x\",\"amount\":5}"
        for position in 0..<30 { explainer.observe(ExplainedCalls.call(body), position: position) }
        let call = ExplainedCalls.call(
            body, status: 400, answer: "{\"message\":\"amount has an invalid type\"}")
        #expect(explainer.explain(call, position: 30).ranked.first?.path == "$.amount")
    }

    @Test func `an answer cut anywhere, and one that never ends, are read without harm`() {
        let answer = "{\"errors\":[{\"source\":{\"pointer\":\"/customer/email\"},\"title\":\"Invalid\"}]}"
        for end in 0...answer.utf8.count { _ = named(String(answer.prefix(end))) }
        let deep = String(repeating: "{\"errors\":[", count: 40) + String(repeating: "]}", count: 40)
        _ = named(deep)
        _ = named("{\"message\":\"" + String(repeating: "word ", count: 10_000) + "\"}")
    }
}
