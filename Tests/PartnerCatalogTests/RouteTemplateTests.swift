import PartnerCatalog
import SimulationKit
import Testing

@Suite struct RouteTemplateTests {
    @Test(arguments: [
        ("/v1/charges/ch_1", "/v1/charges/{id}"),
        ("/v1/charges/ch_3NqL2eKZvKYlo2C1abcd/refunds", "/v1/charges/{id}/refunds"),
        ("/v1/customers/cus_NffrFeUfNV2Hib", "/v1/customers/{id}"),
        ("/v1/customers/cus_NffrFeUfNVHibX", "/v1/customers/{id}"),
        ("/orders/42", "/orders/{id}"), ("/orders/2024-11-23", "/orders/{id}"),
        ("/x/123e4567-e89b-12d3-a456-426614174000/y", "/x/{id}/y"), ("/x/9f86d081/y", "/x/{id}/y"),
        ("/x/deadbeef", "/x/{id}"), ("/users/ann@example.com", "/users/{id}"),
        ("/users/ann%40example.com", "/users/{id}"),
        ("/browse/KEY-12", "/browse/{id}"), ("/bot123456:ABC-DEF1234ghIkl/sendMessage", "/{id}/sendMessage"),
        ("/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", "/services/{id}/{id}/{id}"),
        ("/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def_ghi", "/t/{id}"), ("/f/aGVsbG8gd29ybGQ=", "/f/{id}"),
        ("/files/4fzyo82jvg", "/files/{id}"), ("/p/52.5200,13.4050", "/p/{id}"), ("/ip/203.0.113.7", "/ip/{id}"),
        ("/projects/group%2Fproject/issues", "/projects/{id}/issues"), ("/users/jos%C3%A9", "/users/{id}"),
        ("/users/auth0%7C5f7c8ec7c33c6c004bbafe82", "/users/{id}"), ("/Accounts(42)", "/Accounts({id})"),
        ("/accounts(3b1a8ac1-f5ae-4f6a-9fd7-1c2b3d4e5f60)/contacts", "/accounts({id})/contacts"),
        ("/tickets/35436.json", "/tickets/{id}.json"), ("/operations/op-77:cancel", "/operations/{id}:cancel"),
        ("/blog/my-first-post-about-all-the-cats-i-know", "/blog/{id}"), ("/k/ABCDEFGHJKLMNPQRSTVWXYZ", "/k/{id}"),
        ("/{id}/x", "/{id}/x"), ("/u/01HZX3Y5V8E7D6C5B4A3Z2Y1X0", "/u/{id}"), ("/a/+4915112345678", "/a/{id}"),
    ])
    func `what names one object becomes an id`(path: String, template: String) {
        #expect(RouteTemplate.template(path: path) == template)
    }

    @Test(arguments: [
        "/", "/v1/charges", "/v2.1/accounts", "/v1beta1/models", "/v20.0/me", "/admin/api/2024-01/products.json",
        "/rest/api/3/issue/createmeta", "/2/tweets/search/recent", "/3.0/lists", "/api.xro/2.0/Invoices",
        "/oauth2/token",
        "/api/chat.postMessage", "/.well-known/openid-configuration", "/crm/v3/objects/contacts/batch/read", "/graphql",
        "/payment-method-configurations", "/documents:batchGet", "/$metadata", "/v1/payment_intents", "/s3/buckets",
        "/encrypt/sha256", "/listS3Buckets", "/GetUserV2", "/getUserByIdAndOrganization", "/v3/mail/send",
        "/ipv4/pools",
        "/CreatePaymentIntentRequest", "/getAPIKeyURL", "/k8s/clusters", "/oauth_v2/authorize",
        "/subscriptionSchedules",
        "/applicationdefaultcredentials", "/x-www-form", "/index.html", "/2-factor-auth/verify", "/rhythms/strengths",
    ])
    func `what names a function stays`(path: String) {
        #expect(RouteTemplate.template(path: path) == path)
    }

    @Test(arguments: [
        ("", "/"), ("//v1///charges/", "/v1/charges"), ("/v1/./charges/../refunds", "/v1/refunds"), ("/../..", "/"),
        ("v1/charges?x=1", "/v1/charges"), ("/v1;a=b/charges;c", "/v1/charges"), ("/v1/ch%61rges", "/v1/charges"),
        ("/a%zz", "/{id}"), ("/%", "/{id}"), ("/a b", "/{id}"), ("/getAll()", "/getAll({id})"), ("/7", "/{id}"),
    ])
    func `spelling is evened out`(path: String, template: String) {
        #expect(RouteTemplate.template(path: path) == template)
    }

    @Test func `a deep path ends in the rest`() {
        let path = String(repeating: "/a", count: 40)
        #expect(RouteTemplate.template(path: path) == String(repeating: "/a", count: 16) + "/{rest}")
    }

    @Test func `a long path ends in the rest within the limit`() {
        let path = String(repeating: "/accountingPeriodAdjustmentRules", count: 12)
        let template = RouteTemplate.template(path: path)
        #expect(template.utf8.count <= RouteTemplate.byteCountMax + 7)
        #expect(template.hasSuffix("/accountingPeriodAdjustmentRules/{rest}"))
    }

    @Test func `random ids hardly ever pass for words`() {
        let seed: UInt64 = 5
        var random = SeededGenerator(seed: seed)
        let base62 = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        let hex = Array("0123456789abcdef")
        func text(_ alphabet: [Character], _ length: Int) -> String {
            String((0..<length).map { _ in alphabet.randomElement(using: &random) ?? "a" })
        }
        var missed: [String] = []
        for _ in 0..<4_000 {
            for id in [text(base62, 16), text(base62, 22), text(hex, 8), text(hex, 32), "cus_" + text(base62, 14)]
            where RouteTemplate.template(path: "/x/" + id) != "/x/{id}" { missed.append(id) }
        }
        // 20,000 tried; an opaque text without any digit can look like camel case.
        #expect(missed.count < 40, "seed \(seed): \(missed)")
    }

    @Test func `any path has a template that is its own template`() {
        let seed: UInt64 = 7
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "/", "//", "v1", "%2F", "%", "é", "(", ")", ":", "a", "B9", "..", ".", ";", "?", "_", "-", "123", "{id}",
            "$", "json",
        ]
        for round in 0..<20_000 {
            var path = "/"
            for _ in 0..<Int.random(in: 0...10, using: &random) { path += pieces.randomElement(using: &random) ?? "" }
            let template = RouteTemplate.template(path: path)
            #expect(template.utf8.count <= RouteTemplate.byteCountMax + 7, "seed \(seed), round \(round)")
            let again = RouteTemplate.template(path: template)
            #expect(again == template, "seed \(seed), round \(round): \(path)")
        }
    }

    @Test(
        arguments: [
            ("POST /v1/charges/{id}", "POST"), ("/repos/{owner}/{repo}/**", nil), ("* /x", nil),
            ("get /x/{path...}", "GET"),
        ] as [(String, String?)])
    func `patterns are read`(text: String, method: String?) {
        #expect(RoutePattern(text)?.method == method)
        #expect(RoutePattern(text)?.text == text)
    }

    @Test(arguments: ["", "v1", "GET", "GET POST /x", "/a/**/b", "/a/{x...}/b", "/a?b"])
    func `what is no pattern is refused`(text: String) {
        #expect(RoutePattern(text) == nil)
    }
}
