import CallModel
import Documents
import Testing

@testable import Contrast

struct CallExplainerTests {
    /// What a route with two hundred good orders makes of one failed call.
    private func explain(_ failed: APICall, good: Int = 200, reduce: Bool = false) -> CallExplanation {
        var explainer = CallExplainer()
        for seed in 0..<good {
            explainer.observe(shaped(ExplainedCalls.call(ExplainedCalls.order(seed)), reduce), position: seed)
        }
        let call = shaped(failed, reduce)
        explainer.observe(call, position: good)
        return explainer.explain(call, position: good)
    }

    private func shaped(_ call: APICall, _ reduce: Bool) -> APICall {
        guard reduce, let body = call.request.body else { return call }
        var call = call
        call.request.body = Shape.of(bytes: body.bytes, contentType: "application/json").map { Body($0, form: .shape) }
        return call
    }

    private func vague(_ changes: [String: String?]) -> APICall {
        ExplainedCalls.call(
            ExplainedCalls.order(777, changes), status: 422, answer: "{\"message\":\"Bad Request\"}", id: "bad")
    }

    @Test(
        arguments: [
            (["currency": nil], "$.currency", ExplainTest.missing), (["amount": "\"12\""], "$.amount", .type),
            (["email": "null"], "$.email", .type), (["note": "\"\""], "$.note", .length),
            (["currency": "\"eur\""], "$.currency", .format),
            (["email": "\"user777.mail3.example\""], "$.email", .format),
            (["note": "\"" + String(repeating: "long ", count: 30) + "\""], "$.note", .length),
            (["amount": "-5"], "$.amount", .less), (["amount": "9999999"], "$.amount", .greater),
            (["shipped_on": "\"13/02/2026\""], "$.shipped_on", .format),
            (["note": "\"note 3 of the d\\u0007\""], "$.note", .format), (["extra": "\"x\""], "$.extra", .present),
            (["items": "[{\"sku\":\"SKU-11\",\"quantity\":2},{\"sku\":\"SKU-12\"}]"], "$.items[1].quantity", .missing),
            (["reference": "\"r5x\(5 * 7919 % 9973)\""], "$.reference", .duplicate),
        ] as [([String: String?], String, ExplainTest)])
    func `a body that differs from all good ones in one place is explained by it`(
        changes: [String: String?], path: String, test: ExplainTest
    ) {
        let explanation = explain(vague(changes))
        #expect(explanation.ranked.first?.path == path)
        #expect(explanation.ranked.first?.test == test, "\(explanation.ranked.map(\.text))")
        #expect((explanation.ranked.first?.confidence ?? 0) > 0.4)
    }

    @Test(
        arguments: [
            (["currency": nil], "$.currency"), (["amount": "\"12\""], "$.amount"), (["email": "null"], "$.email"),
            (["note": "\"\""], "$.note"), (["shipped_on": "\"13/02/2026\""], "$.shipped_on"),
            (["amount": "9999999"], "$.amount"),
        ] as [([String: String?], String)])
    func `a shape is enough for what has no value`(changes: [String: String?], path: String) {
        #expect(explain(vague(changes), reduce: true).ranked.first?.path == path)
    }

    @Test func `a renamed key is told with the one it replaces`() {
        let explanation = explain(vague(["currency": nil, "currencies": "\"EUR\""]))
        #expect(explanation.ranked.first?.path == "$.currency")
        #expect(explanation.ranked.first?.test == .renamed)
        #expect(explanation.ranked.first?.text.contains("currencies") == true)
    }

    @Test func `a clear oddity wins against an answer that names something else`() {
        let call = ExplainedCalls.call(
            ExplainedCalls.order(777, ["currency": nil]), status: 422,
            answer: "{\"error\":{\"message\":\"items is invalid\",\"param\":\"note\"}}")
        #expect(explain(call).ranked.first?.path == "$.currency")
    }

    @Test func `an answer that names a place decides where nothing is odd`() {
        let call = ExplainedCalls.call(
            ExplainedCalls.order(779), status: 422,
            answer: "{\"error\":{\"message\":\"items[1].sku is not supported\",\"param\":\"items[1].sku\"}}")
        #expect(explain(call).ranked.first?.path == "$.items[1].sku")
    }

    @Test(arguments: [401, 403, 429, 502, 503, 504])
    func `limits, credentials and outages are not put down to the request`(status: Int) {
        let call = ExplainedCalls.call(
            ExplainedCalls.order(777, ["currency": nil]), status: status, answer: "{\"message\":\"upstream error\"}")
        #expect(explain(call).ranked.isEmpty)
    }

    @Test func `no answer is not put down to the request`() {
        var call = ExplainedCalls.call(ExplainedCalls.order(777, ["currency": nil]))
        call.response = nil
        call.error = .responseTimeout
        call.outcome = .noAnswer(.responseTimeout)
        #expect(explain(call).ranked.isEmpty)
    }

    @Test func `a value with which calls only fail is found though it was fine before`() {
        var explainer = CallExplainer()
        var failures: [(APICall, Int)] = []
        for seed in 0..<400 {
            let isBroken = seed >= 150 && seed < 320 && seed % 3 == 2
            let call = ExplainedCalls.call(
                ExplainedCalls.order(seed), status: isBroken ? 422 : 201,
                answer: isBroken ? "{\"message\":\"Bad Request\"}" : nil)
            explainer.observe(call, position: seed)
            if isBroken { failures.append((call, seed)) }
        }
        for (call, position) in failures {
            let best = explainer.explain(call, position: position).ranked.first
            #expect(best?.path == "$.currency", "position \(position)")
            #expect(best?.value == "GBP")
        }
    }

    @Test func `a value that fails for one customer is told with the customer`() throws {
        var explainer = CallExplainer()
        var last: (APICall, Int)?
        for seed in 0..<600 {
            let customer = ["acme", "globex", "initech", "umbrella"][seed % 4]
            let isBroken = seed > 200 && customer == "globex" && seed % 3 == 1
            let call = ExplainedCalls.call(
                ExplainedCalls.order(seed), status: isBroken ? 422 : 201,
                answer: isBroken ? "{\"message\":\"Bad Request\"}" : nil, customer: customer)
            explainer.observe(call, position: seed)
            if isBroken { last = (call, seed) }
        }
        let (call, position) = try #require(last)
        let explanation = explainer.explain(call, position: position)
        #expect(explanation.ranked.first?.path == "$.currency")
        #expect(explanation.ranked.first?.text.contains("globex") == true)
    }

    /// A customer of whom little else is known fails with one value, every time: it is the value that the partner refuses to him.
    @Test func `what all failing requests of a rare customer share is told, not the customer alone`() {
        var explainer = CallExplainer()
        var last: (APICall, Int)?
        for seed in 0..<300 {
            let isRefused = seed >= 200 && seed % 10 == 1
            let isRare = isRefused || seed % 70 == 7
            let takesFrancs = isRefused || seed % 20 == 3
            let call = ExplainedCalls.call(
                ExplainedCalls.order(seed, takesFrancs ? ["currency": "\"CHF\""] : [:]), status: isRefused ? 422 : 201,
                answer: isRefused ? "{\"message\":\"Bad Request\"}" : nil, customer: isRare ? "rare" : "c\(seed % 7)")
            explainer.observe(call, position: seed)
            if isRefused { last = (call, seed) }
        }
        let best = last.flatMap { explainer.explain($0.0, position: $0.1).ranked.first }
        #expect(best?.path == "$.currency")
        #expect(best?.text.contains("rare") == true)
    }

    @Test func `of a first failure that nothing explains, the value that successes went longest without is suspected`()
    {
        var configuration = CallExplainer.Configuration()
        configuration.isOnline = true
        var explainer = CallExplainer(configuration)
        for seed in 0..<300 {
            // Good for a while, and then in no success any more.
            let changes: [String: String?] = seed < 100 && seed % 9 == 0 ? ["currency": "\"CHF\""] : [:]
            explainer.observe(ExplainedCalls.call(ExplainedCalls.order(seed, changes)), position: seed)
        }
        let call = ExplainedCalls.call(
            ExplainedCalls.order(300, ["currency": "\"CHF\""]), status: 400,
            answer: "{\"message\":\"Bad Request\"}")
        let ranked = explainer.explain(call, position: 300).ranked
        #expect(ranked.first?.path == "$.currency")
        #expect(ranked.first?.text.hasPrefix("Perhaps") == true)
        #expect((ranked.first?.confidence ?? 1) < 0.2)
    }

    @Test func `online a call is judged by those before it alone`() {
        var configuration = CallExplainer.Configuration()
        configuration.isOnline = true
        var explainer = CallExplainer(configuration)
        let bad = vague(["currency": nil])
        #expect(explainer.explain(bad, position: 0).ranked.isEmpty)
        for seed in 0..<100 { explainer.observe(ExplainedCalls.call(ExplainedCalls.order(seed)), position: seed + 1) }
        #expect(explainer.explain(bad, position: 200).ranked.first?.path == "$.currency")
    }

    @Test func `a form and XML are explained in their own words`() {
        var explainer = CallExplainer()
        for seed in 0..<100 {
            explainer.observe(
                ExplainedCalls.call(
                    "customer[name]=n\(seed)&items[0][price]=\(seed)", type: "application/x-www-form-urlencoded"),
                position: seed)
        }
        let form = ExplainedCalls.call(
            "customer[name]=x&items[0][cost]=3", type: "application/x-www-form-urlencoded", status: 400, answer: "{}")
        let ofForm = explainer.explain(form, position: 100).ranked.first
        #expect(ofForm?.path == "$.items[0].price")
        #expect(ofForm?.test == .missing)
        #expect(ofForm?.where == .body)

        explainer = CallExplainer()
        for seed in 0..<100 {
            let items =
                "<Item><Sku>A\(seed)</Sku><Count>\(seed % 7)</Count></Item><Item><Sku>B</Sku><Count>2</Count></Item>"
            explainer.observe(ExplainedCalls.call("<Order>\(items)</Order>", type: "text/xml"), position: seed)
        }
        let xml = ExplainedCalls.call(
            "<Order><Item><Sku>A</Sku><Count>1</Count></Item><Item><Sku>B</Sku></Item></Order>", type: "text/xml",
            status: 500,
            answer:
                "<Envelope><Body><Fault><faultcode>soap:Client</faultcode><faultstring>Invalid request</faultstring></Fault></Body></Envelope>",
            answerType: "text/xml")
        let ofXML = explainer.explain(xml, position: 100).ranked.first
        #expect(ofXML?.path == "/Order/Item[2]/Count")
        #expect(ofXML?.test == .missing)
        #expect(ofXML?.where == .body)
    }

    /// Good calls have the versions 1 and 2, and the modes `fast` and `slow`.
    private func explainBeside(version: String?, mode: String) -> RankedPlace? {
        func call(_ seed: Int, _ version: String?, _ mode: String, status: Int = 201) -> APICall {
            ExplainedCalls.call(
                ExplainedCalls.order(seed), status: status, answer: "{\"message\":\"Bad Request\"}",
                headers: version.map { [Header("api-version", $0)] } ?? [],
                url: "https://api.pay.example/v1/orders?mode=\(mode)")
        }
        var explainer = CallExplainer()
        for seed in 0..<200 {
            explainer.observe(call(seed, seed % 2 == 0 ? "v1" : "v2", seed % 3 == 0 ? "fast" : "slow"), position: seed)
        }
        return explainer.explain(call(777, version, mode, status: 422), position: 200).ranked.first
    }

    @Test func `a header that is missing or has another value is told`() {
        let missing = explainBeside(version: nil, mode: "slow")
        #expect(missing?.path == "api-version" && missing?.where == .header && missing?.test == .missing)
        let other = explainBeside(version: "v9", mode: "slow")
        #expect(other?.path == "api-version" && other?.where == .header && other?.test == .equals)
        #expect(other?.value == "v9")
    }

    @Test func `a query parameter of another value is told`() {
        let best = explainBeside(version: "v2", mode: "soft")
        #expect(best?.path == "mode" && best?.where == .query && best?.test == .equals)
        #expect(best?.value == "soft")
    }

    @Test func `two keys that are fine alone and fail together are told together`() throws {
        var explainer = CallExplainer()
        var last: (APICall, Int)?
        for seed in 0..<600 {
            let (hasCoupon, hasGift) = (seed % 4 == 1, seed % 7 == 3)
            var keys: [String: String?] = [:]
            if hasCoupon { keys["coupon"] = "\"spring\"" }
            if hasGift { keys["gift"] = "true" }
            let isRefused = hasCoupon && hasGift
            let call = ExplainedCalls.call(
                ExplainedCalls.order(seed, keys), status: isRefused ? 422 : 201,
                answer: isRefused ? "{\"message\":\"Bad Request\"}" : nil)
            explainer.observe(call, position: seed)
            if isRefused { last = (call, seed) }
        }
        let (call, position) = try #require(last)
        let best = try #require(explainer.explain(call, position: position).ranked.first)
        #expect(Set(best.conditions.map(\.path)) == ["$.coupon", "$.gift"])
        #expect(best.successesWith == 0)
    }

    @Test func `explanations depend on the calls alone`() {
        #expect(explain(vague(["email": "null"])) == explain(vague(["email": "null"])))
    }
}
