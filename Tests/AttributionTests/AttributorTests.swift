import Attribution
import CallModel
import Documents
import Testing

@Suite struct AttributorTests {
    private func call(
        _ url: String = "https://api.example.com/x", headers: [Header] = [], body: String? = nil, partner: String = "p"
    ) -> APICall {
        var call = APICall(
            time: .epoch,
            request: .init(method: "POST", url: url, headers: headers, body: body.map { Body($0) }), source: .json)
        call.partner = partner
        return call
    }

    private func customer(_ call: APICall, _ sources: AttributionRule.Source..., process: ProcessFacts? = nil)
        -> String?
    {
        var attributor = Attributor(rules: [.customer: sources.map { AttributionRule($0) }])
        var call = call
        attributor.attribute(&call, process: process, parser: JSONParser())
        return call.customer
    }

    @Test func `a header, the query, the path and the host tell the customer`() throws {
        #expect(customer(call(headers: [Header("x-tenant", " acme ")]), .header("x-tenant")) == "acme")
        #expect(customer(call("https://a.example/x?b=1&tenant=ac%6De+inc&tenant=z"), .query("tenant")) == "acme inc")
        let path = try #require(PathCapture("/tenants/{customer}/**"))
        #expect(customer(call("https://a.example/tenants/t%2D9/orders/7"), .path(path)) == "t-9")
        #expect(customer(call("https://a.example/tenants"), .path(path)) == nil)
        let exact = try #require(PathCapture("/v1/*/{who}"))
        #expect(customer(call("https://a.example/v1/x/acme?y"), .path(exact)) == "acme")
        #expect(customer(call("https://a.example/v1/x/acme/z"), .path(exact)) == nil)
        let host = try #require(HostCapture("{customer}.zendesk.com"))
        #expect(customer(call("https://Acme.zendesk.com/api"), .host(host)) == "acme")
        #expect(customer(call("https://zendesk.com/api"), .host(host)) == nil)
        #expect(customer(call("/api", headers: [Header("host", "acme.zendesk.com:443")]), .host(host)) == "acme")
    }

    @Test func `a claim of a token tells the customer`() {
        // {"sub":"u1","org":{"id":"org_77"},"n":5}
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSIsIm9yZyI6eyJpZCI6Im9yZ183NyJ9LCJuIjo1fQ.c2ln"
        let bearer = call(headers: [Header("authorization", "Bearer " + token)])
        #expect(customer(bearer, .jwt(header: "authorization", claim: ["org", "id"])) == "org_77")
        #expect(customer(bearer, .jwt(header: "authorization", claim: ["n"])) == "5")
        #expect(customer(bearer, .jwt(header: "authorization", claim: ["none"])) == nil)
        for text in ["Bearer a.b", "Bearer a.!!.c", "Bearer ..", "", "Bearer a.eyJ.c"] {
            let broken = call(headers: [Header("authorization", text)])
            #expect(customer(broken, .jwt(header: "authorization", claim: ["org", "id"])) == nil, "\(text)")
        }
        let own = call(headers: [Header("x-identity", token)])
        #expect(customer(own, .jwt(header: "x-identity", claim: ["sub"])) == "u1")
    }

    @Test func `a body tells the customer, as JSON or as a form`() {
        let json = call(body: #" {"account":{"id":42},"items":[{"owner":"a"},{"owner":"b"}]}"#)
        #expect(customer(json, .body(["account", "id"])) == "42")
        #expect(customer(json, .body(["items", "[]", "owner"])) == "a")
        #expect(customer(json, .body(["account"])) == nil)
        let form = call(
            headers: [Header("content-type", "application/x-www-form-urlencoded")], body: "a=1&account=ac+me%21")
        #expect(customer(form, .body(["account"])) == "ac me!")
        #expect(customer(call(body: "account=1"), .body(["account"])) == nil)
        #expect(customer(call(body: "{oops"), .body(["account"])) == nil)
    }

    @Test func `rules are tried in order, for their partner and direction`() {
        var attributor = Attributor(rules: [
            .customer: [
                AttributionRule(.header("x-a"), partner: "other"), AttributionRule(.header("x-a"), direction: .inbound),
                AttributionRule(.header("x-b")), AttributionRule(.attribute), AttributionRule(.constant("none")),
            ]
        ])
        func attributed(_ change: (inout APICall) -> Void) -> String? {
            var call = call(headers: [Header("x-a", "a")])
            change(&call)
            attributor.attribute(&call, parser: JSONParser())
            return call.customer
        }
        #expect(attributed { _ in } == "none")
        #expect(attributed { $0.partner = "other" } == "a")
        #expect(attributed { $0.direction = .inbound } == "a")
        #expect(attributed { $0.request.headers.append(Header("x-b", "b")) } == "b")
        #expect(attributed { $0.customer = "said" } == "said")
        #expect(attributor.counts.callCount == 5)
        #expect(attributor.counts.found[.customer] == [1, 1, 1, 1, 1])
        #expect(attributor.counts.missing == [.service: 5, .serviceVersion: 5, .region: 5, .environment: 5])
        #expect(attributor.takeCounts().callCount == 5)
        #expect(attributor.counts.callCount == 0)
    }

    @Test func `a field without rules keeps what the sender said`() {
        var attributor = Attributor(rules: [.region: [AttributionRule(.constant("eu"))]])
        var said = call()
        (said.service, said.customer, said.region) = ("billing", "acme", "us")
        attributor.attribute(&said, parser: JSONParser())
        #expect(said.service == "billing" && said.customer == "acme" && said.region == "eu")
    }

    @Test func `a name is never longer than names are`() {
        let long = String(repeating: "é", count: 300)
        #expect(customer(call(headers: [Header("x", long)]), .header("x"))?.utf8.count == Limits.nameByteCountMax)
        #expect(customer(call(headers: [Header("x", "  ")]), .header("x"), .constant("c")) == "c")
    }

    @Test(
        arguments: [
            ("0::/system.slice/billing.service\n", "billing", nil),
            ("12:cpu:/x\n0::/system.slice/docker-\(String(repeating: "0a", count: 32)).scope", nil, "0a0a0a0a0a0a"),
            (
                "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-\(String(repeating: "b1", count: 32)).scope",
                nil,
                "b1b1b1b1b1b1"
            ),
            ("5:pids:/docker/\(String(repeating: "c2", count: 32))", nil, "c2c2c2c2c2c2"),
            ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/shop.service", "shop", nil), ("", nil, nil),
            ("0::/", nil, nil),
        ] as [(String, String?, String?)])
    func `a process's control group tells its unit or container`(text: String, unit: String?, container: String?) {
        let facts = ProcessFacts(cgroup: text)
        #expect(facts == ProcessFacts(unit: unit, container: container))
        #expect(customer(call(), .unit, process: facts) == unit)
        #expect(customer(call(), .cgroup, process: facts) == container)
    }

    @Test(arguments: ["", "x", "/a", "/{a}/{b}", "/**/{a}"])
    func `what is no path to take from is refused`(text: String) { #expect(PathCapture(text) == nil) }

    @Test(arguments: ["", "a.example", "{a}", "{a}.{b}.example", "}{.example", "{a}example"])
    func `what is no host to take from is refused`(text: String) { #expect(HostCapture(text) == nil) }
}
