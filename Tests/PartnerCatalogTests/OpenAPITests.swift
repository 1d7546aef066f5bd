import CallModel
import Testing

@testable import PartnerCatalog

@Suite struct OpenAPITests {
    private func catalogue(_ json: String) -> Catalogue? {
        OpenAPIPaths.patterns(json: Array(json.utf8)).map { routes in
            Catalogue(
                builtIn: false,
                partners: [PartnerDefinition(id: "bank", name: "Bank", hosts: ["api.bank.example"], routes: routes)],
                listedRoutes: [], unknownHosts: .ignore)
        }
    }

    @Test func `a description gives exact templates`() throws {
        let bank = try #require(
            catalogue(
                #"""
                {"openapi":"3.1.0","servers":[{"url":"https://api.bank.example/open/v2/"},{"url":"https://{region}.bank.example/{stage}/open"}],
                 "paths":{"/accounts/{account-id}":{"get":{}},"/accounts/primary":{"get":{}},
                          "/users/{name}":{"get":{},"delete":{}},"/files/{id}.json":{"get":{}},"/files/{id}":{"get":{}},
                          "/fx/{from}:{to}":{"get":{}},"/v{version}/{kind}({id})/items":{"get":{}}}}
                """#))
        func route(_ path: String) -> String { bank.names(call("GET", "https://api.bank.example" + path)) }
        #expect(route("/open/v2/accounts/current") == "bank GET /open/v2/accounts/{account-id}")
        #expect(route("/open/v2/accounts/primary") == "bank GET /open/v2/accounts/primary")
        #expect(route("/open/v2/users/alice") == "bank GET /open/v2/users/{name}")
        #expect(route("/open/v2/files/report.json") == "bank GET /open/v2/files/{id}.json")
        #expect(route("/open/v2/files/report.pdf") == "bank GET /open/v2/files/{id}")
        #expect(route("/open/v2/fx/eur:usd") == "bank GET /open/v2/fx/{from}:{to}")
        #expect(route("/open/v2/v3/orders(7)/items") == "bank GET /open/v2/v{version}/{kind}({id})/items")
        #expect(route("/test/open/users/alice") == "bank GET /{stage}/open/users/{name}")
        #expect(route("/open/v2/else/42") == "bank GET /open/v2/else/{id}")
    }

    @Test func `Swagger 2 has its base path`() throws {
        let bank = try #require(catalogue(#"{"swagger":"2.0","basePath":"/api","paths":{"/people/{who}":{}}}"#))
        #expect(bank.names(call("GET", "https://api.bank.example/api/people/bob")) == "bank GET /api/people/{who}")
    }

    @Test(arguments: [
        ("{id}.json", "a.json", true), ("{id}.json", ".json", false), ("{id}.json", "a.jsonx", false),
        ("{a}:{b}", "eur:usd", true), ("{a}:{b}", ":usd", false), ("{a}:{b}", "eur:", false),
        ("{a}:{b}", "a:b:c", true),
        ("v{n}", "v3", true), ("v{n}", "v", false), ("v{n}", "w3", false), ("{a}{b}", "x", true),
        ("{a}-{b}-{c}", "1-2-3", true), ("{a}-{b}-{c}", "1-2", false), ("{a}--{b}", "1---2", true),
        ("{open", "{open", true),
        ("{open", "x", false), ("x}", "x}", true), ("{k}(id={v})", "Orders(id=7)", true),
        ("{k}(id={v})", "Orders(id=)", false),
    ])
    func `a segment that is a parameter in part is matched whole`(pattern: String, segment: String, fits: Bool) throws {
        let pattern = try #require(RoutePattern("/a/\(pattern)/b"))
        let path = "/a/\(segment)/b"
        let isFitting = path.utf8.withContiguousStorageIfAvailable { bytes in
            PathSegments.with(bytes) { pattern.matches($0, method: "GET") }
        }
        #expect(isFitting == fits)
    }

    @Test(arguments: ["", "{}", "[1]", #"{"paths":{}}"#, #"{"paths":[]}"#, #"{"paths":{"/a":"#])
    func `what is no description is refused`(text: String) {
        #expect(OpenAPIPaths.patterns(json: Array(text.utf8)) == nil)
    }

    @Test func `more paths than the limit are refused`() {
        let paths = (0...OpenAPIPaths.pathCountMax).map { #""/p\#($0)":{}"# }.joined(separator: ",")
        #expect(OpenAPIPaths.patterns(json: Array("{\"paths\":{\(paths)}}".utf8)) == nil)
    }
}
