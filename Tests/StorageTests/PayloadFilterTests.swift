import CallModel
import Storage
import Testing

struct PayloadFilterTests {
    private func call(request: String = "{}", response: String? = nil, form: Body.Form = .shape) -> APICall {
        var call = APICall(
            time: .epoch,
            request: .init(
                method: "POST", url: "https://a.example/", headers: [Header("x-version", "3")],
                body: Body(request, form: form)), source: .json)
        call.response = APICall.Response(
            status: 200, headers: [Header("retry-after", "30")], body: response.map { Body($0, form: form) })
        return call
    }

    private func matches(_ call: APICall, _ change: (inout PayloadFilter) -> Void) -> Bool {
        var filter = PayloadFilter()
        change(&filter)
        return PayloadMatcher(filter).matches(call)
    }

    @Test(arguments: [
        ("$", true), ("$.a", true), ("$.a.b", true), ("$.a.c", false), ("$.list[1]", true), ("$.list[2]", false),
        ("$.list[].sku", true), ("$.list[*].sku", true), ("$.list[].size", false), ("$['odd key']", true),
        ("$.a[0]", false), ("$.list.sku", false),
    ]) func `a path finds what is there`(path: String, isThere: Bool) throws {
        let path = try #require(JSONPath(path))
        let call = call(request: #"{"a":{"b":1},"list":[{"sku":"x"},{"sku":"y"}],"odd key":null}"#)
        #expect(matches(call) { $0.jsonPath = path } == isThere)
    }

    @Test(arguments: ["", "a", "$a", "$.", "$..a", "$.a[", "$.a[x]", "$.a[-1]", "$['a]", "$.a[1234567890]"])
    func `what is no path is none`(text: String) { #expect(JSONPath(text) == nil) }

    @Test func `a path is as deep as may be, and no deeper`() {
        #expect(JSONPath("$" + String(repeating: ".a", count: JSONPath.stepCountMax)) != nil)
        #expect(JSONPath("$" + String(repeating: ".a", count: JSONPath.stepCountMax + 1)) == nil)
    }

    @Test func `values are compared as they are written`() {
        let call = call(response: #"{"s":"x","n":12,"f":1.5,"t":true,"z":null,"o":{}}"#)
        for (path, value, isEqual) in [
            ("$.s", "x", true), ("$.s", "y", false), ("$.n", "12", true), ("$.n", "1", false), ("$.f", "1.5", true),
            ("$.t", "true", true), ("$.z", "null", true), ("$.o", "{}", false),
        ] {
            let found = matches(call) {
                $0.jsonPath = JSONPath(path)
                $0.jsonValue = value
            }
            #expect(found == isEqual, "\(path) = \(value)")
        }
    }

    @Test func `headers of both messages are looked at`() {
        #expect(matches(call()) { $0.headerName = "x-version" })
        #expect(
            matches(call()) {
                $0.headerName = "retry-after"
                $0.headerValue = "30"
            })
        #expect(
            !matches(call()) {
                $0.headerName = "retry-after"
                $0.headerValue = "3"
            })
        #expect(!matches(call()) { $0.headerName = "authorization" })
    }

    @Test func `who may not read content does not find out by searching what it is`() {
        let secret = call(request: #"{"card":"4242"}"#, form: .full)
        #expect(!matches(secret) { $0.text = "4242" })
        #expect(!matches(secret) { $0.jsonPath = JSONPath("$.card") })
        #expect(
            matches(secret) {
                $0.text = "4242"
                $0.looksIntoContent = true
            })
    }

    @Test func `text is found in either case, at both ends, and nowhere else`() {
        let call = call(request: "Needle in the hay, STACK")
        for (text, isThere) in [
            ("needle", true), ("stack", true), ("STACK", true), ("stacks", false), ("eedle ", true),
        ] {
            #expect(matches(call) { $0.text = text } == isThere, "\(text)")
        }
    }

    @Test func `bodies that are no JSON are no error`() {
        #expect(!matches(call(request: "<a/>", response: "{broken")) { $0.jsonPath = JSONPath("$.a") })
    }

    @Test func `calls that come by are judged as those that are looked for`() {
        var filter = CallFilter(since: .epoch, until: .epoch)
        var call = call()
        call.partner = "stripe"
        call.outcome = .noAnswer(.reset)
        #expect(filter.matches(call))
        filter.partner = "stripe"
        filter.failed = true
        filter.failure = .reset
        #expect(filter.matches(call))
        filter.failure = .connectRefused
        #expect(!filter.matches(call))
        filter.failure = nil
        filter.status = 400...499
        #expect(!filter.matches(call))
        call.response?.status = 404
        #expect(filter.matches(call))
    }
}
