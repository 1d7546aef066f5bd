import CallModel
import Documents
import PartnerCatalog
import Testing

@Suite struct AnswerJudgeTests {
    private func isSuccess(_ status: Int, _ body: String, partner: String = "nobody", route: String = "POST /v1/x")
        -> Bool?
    {
        let judge = Catalogue.builtIn.answerJudge(partner: partner, route: route)
        return try? JSONParser().parse(Array(body.utf8)) { judge.isSuccess(status: status, body: $0) }
    }

    @Test(arguments: [
        (200, "{\"id\":1}", true), (200, "{\"ok\":false}", false), (200, "{\"success\":false}", false),
        (404, "{}", false),
        (500, "{\"ok\":true}", false), (204, "null", true),
    ])
    func `status and body tell as the whole call would`(status: Int, body: String, expected: Bool) {
        #expect(isSuccess(status, body) == expected)
        var call = APICall(
            time: .epoch, request: .init(method: "POST", url: "https://api.nobody.example/v1/x"), source: .json)
        call.response = .init(status: status, body: Body(body))
        #expect((Catalogue.builtIn.outcome(of: call, partner: "nobody") == .success) == expected)
    }

    @Test func `a rule for certain paths holds for routes that end in them`() {
        let body = "{\"data\":null,\"errors\":[{\"message\":\"no\"}]}"
        #expect(isSuccess(200, body, route: "POST /graphql") == false)
        #expect(isSuccess(200, body) == true)
    }

    @Test func `a body that is a text with JSON in it is left to whoever has the whole call`() {
        #expect(isSuccess(200, "\"{\\\"ok\\\":false}\"") == nil)
    }
}
