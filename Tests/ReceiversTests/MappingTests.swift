import CallModel
import Receivers
import Testing

/// Which attribute becomes what.
struct MappingTests {
    private let ok: Attributes = ["http.request.method": "GET", "url.full": "https://api.example.com/x"]

    private func url(_ span: SpanSketch, resource: Attributes = [:]) throws -> String? {
        try decode(export([span], resource: resource)).calls.first?.request.url
    }

    @Test func `an outbound URL is put together where none is given`() throws {
        let cases: [(Attributes, String?)] = [
            (
                ["server.address": "api.example.com", "server.port": 443, "url.path": "/v1/x"],
                "https://api.example.com/v1/x"
            ),
            (
                ["server.address": "api.example.com", "server.port": 80, "url.path": "/v1/x"],
                "http://api.example.com/v1/x"
            ),
            (
                ["server.address": "api.example.com", "server.port": 8443, "url.path": "v1", "url.query": "a=1"],
                "https://api.example.com:8443/v1?a=1"
            ),
            (
                ["net.peer.name": "old.example.com", "http.target": "/t?q=1", "http.scheme": "http"],
                "http://old.example.com/t?q=1"
            ),
            (
                ["http.host": "h.example.com:81", "http.target": "/t", "net.peer.port": 81],
                "https://h.example.com:81/t"
            ),
            (
                ["server.address": "::1", "server.port": 9000, "url.path": "/", "url.scheme": "http"],
                "http://[::1]:9000/"
            ),
            (["server.address": "[::1]:9000", "server.port": 9000, "url.path": "/"], "https://[::1]:9000/"),
            (["server.address": "a.example", "url.template": "/u/{id}"], "https://a.example/u/{id}"),
            (["peer.service": "billing.internal", "http.target": "/"], "https://billing.internal/"),
            (["http.url": "/only/a/path", "http.host": "h.example"], "https://h.example/only/a/path"),
            (["url.full": "HTTPS://Api.Example.com/X#fragment"], "HTTPS://Api.Example.com/X"),
            (["url.full": "https://user:p@ss@api.example.com:444/x@y?z=@"], "https://api.example.com:444/x@y?z=@"),
            (["url.full": "https://api.example.com?q#f"], "https://api.example.com?q"),
            (["server.address": "api.example.com"], nil),
            (["url.path": "/v1/x"], nil),
            (["url.full": "ftp://example.com/x"], nil),
            (["url.full": "https:///x"], nil),
            (["url.full": "https://user@/x"], nil),
            (["url.full": "https://exa mple.com/x"], nil),
            (["server.address": "/var/run/docker.sock", "url.path": "/x"], nil),
            (["server.address": "a.example", "url.path": "/x y"], nil),
            ([:], nil),
        ]
        for (attributes, expected) in cases {
            var span = SpanSketch(attributes)
            span.attributes.append(("http.request.method", "GET"))
            let decoded = try decode(export([span]))
            #expect(decoded.calls.first?.request.url == expected, "\(attributes)")
            #expect(decoded.rejectedCounts == (expected == nil ? [.noURL: 1] : [:]), "\(attributes)")
        }
    }

    @Test func `an inbound URL names us as well as it can`() throws {
        let cases: [(Attributes, String)] = [
            (
                ["url.scheme": "https", "server.address": "hooks.example.com", "url.path": "/w", "url.query": "?a=1"],
                "https://hooks.example.com/w?a=1"
            ),
            (
                ["url.scheme": "http", "server.address": "127.0.0.1:41811", "server.port": 41811, "url.path": "/w"],
                "http://127.0.0.1:41811/w"
            ),
            (
                ["http.scheme": "http", "net.host.name": "a.example", "net.host.port": 8080, "http.target": "/t"],
                "http://a.example:8080/t"
            ),
            (["http.url": "http://a.example/full?x=1", "http.target": "/full?x=1"], "http://a.example/full?x=1"),
            (["url.scheme": "https", "url.path": "/w"], "https://app-17/w"),
            (
                ["url.scheme": "http", "server.address": "a.example", "server.port": 443, "url.path": "/w"],
                "http://a.example:443/w"
            ),
            (["http.route": "/only/route", "server.address": "a.example"], "http://a.example/only/route"),
        ]
        for (attributes, expected) in cases {
            var span = SpanSketch.server(attributes)
            span.attributes.append(("http.request.method", "POST"))
            #expect(try url(span, resource: ["host.name": "app-17"]) == expected)
        }
        #expect(try url(.server(["http.method": "GET", "url.path": "/w"])) == "http://localhost/w")
    }

    @Test func `the stable name wins over the older one`() throws {
        let call = try call(
            SpanSketch([
                "http.method": "PUT", "http.request.method": "POST", "http.url": "http://old.example/",
                "url.full": "http://new.example/",
                "http.status_code": 500, "http.response.status_code": 201, "http.flavor": "1.0",
                "network.protocol.version": "2", "http.request_content_length": 1, "http.request.body.size": 2,
            ]))
        #expect(call.request.method == "POST")
        #expect(call.request.url == "http://new.example/")
        #expect(call.response?.status == 201)
        #expect(call.request.httpVersion == "2")
        #expect(call.request.bodyByteCount == 2)
    }

    @Test func `a method the SDK does not know is told by its original name`() throws {
        var span = SpanSketch([
            "http.request.method": "_OTHER", "http.request.method_original": "purge", "url.full": "http://a/",
        ])
        #expect(try call(span).request.method == "PURGE")
        span.attributes[1].1 = "not a token"
        #expect(try decode(export([span])).rejectedCounts == [.badMethod: 1])
    }

    @Test func `a status is read as a number, a double or text, and 0 is none`() throws {
        let cases: [(Value, Int?)] = [
            (200, 200), (200.0, 200), ("404", 404), (0, nil), (99, nil), (1_000, nil), (-1, nil), ("x", nil),
            (1e300, nil),
            (999, 999),
        ]
        for (value, expected) in cases {
            var span = SpanSketch(ok)
            span.attributes.append(("http.response.status_code", value))
            #expect(try call(span).response?.status == expected, "\(value)")
        }
    }

    @Test func `a status that came only as the error's type is a response`() throws {
        var span = SpanSketch(ok)
        span.attributes.append(("error.type", "503"))
        let call = try call(span)
        #expect(call.response?.status == 503)
        #expect(call.error == nil)
    }

    @Test func `headers are lower case with dashes, each value by itself`() throws {
        var span = SpanSketch(ok)
        span.attributes += [
            ("http.request.header.x_request_id", .texts(["1"])), ("http.request.header.Accept", .texts(["a", "b"])),
            ("http.response.header.set-cookie", "one"), ("http.response.status_code", 200),
            ("http.request.header.bad name", "x"), ("http.request.header.", "x"), ("http.response.body.size", 31),
        ]
        let call = try call(span)
        #expect(call.request.headers == [Header("x-request-id", "1"), Header("accept", "a"), Header("accept", "b")])
        #expect(call.response?.headers == [Header("set-cookie", "one")])
        #expect(call.response?.bodyByteCount == 31)
    }

    @Test func `the peer is an address or nothing`() throws {
        let cases: [(Attributes, String?)] = [
            (["network.peer.address": "203.0.113.7"], "203.0.113.7"),
            (["network.peer.address": "2001:db8::1"], "2001:db8::1"),
            (["network.peer.address": "api.example.com"], nil), (["net.peer.ip": "10.0.0.1"], "10.0.0.1"),
            (["net.sock.peer.addr": "10.0.0.2", "network.peer.address": "name"], "10.0.0.2"),
            (["net.peer.ip": ""], nil),
            (["client.address": "198.51.100.1", "network.peer.address": "10.0.0.3"], "10.0.0.3"),
        ]
        for (attributes, expected) in cases {
            var span = SpanSketch(attributes)
            span.attributes += ok.map { ($0.key, $0.value) }
            #expect(try call(span).peerAddress == expected, "\(attributes)")
        }
        let inbound = SpanSketch.server([
            "http.method": "GET", "url.path": "/", "client.address": "198.51.100.1", "network.peer.address": "10.0.0.3",
        ])
        #expect(try call(inbound).peerAddress == "198.51.100.1")
    }

    @Test func `the resource names service, host, region and customer`() throws {
        let resource: Attributes = [
            "service.name": "unknown_service:python", "service.version": "7", "deployment.environment": "staging",
            "k8s.node.name": "node-1", "cloud.region": "eu-central-1", "tenant.id": "acme",
        ]
        let call = try call(SpanSketch(ok), resource: resource)
        #expect(call.service == nil)
        #expect(call.serviceVersion == "7")
        #expect(call.environment == "staging")
        #expect(call.host == "node-1")
        #expect(call.region == "eu-central-1")
        #expect(call.customer == "acme")
    }

    @Test func `the customer comes from the best configured attribute, the span's before the resource's`() throws {
        var span = SpanSketch(ok)
        span.attributes += [("tenant.id", "t"), ("customer.id", "c")]
        #expect(try call(span, resource: ["farwatch.customer": "r"]).customer == "t")
        span.attributes += [("farwatch.customer", 4711), ("app.account", "a")]
        #expect(try call(span).customer == "4711")
        var configuration = OTLPConfiguration()
        configuration.customerAttributes = ["app.account"]
        #expect(try call(span, configuration: configuration).customer == "a")
        configuration.customerAttributes = []
        #expect(try call(span, configuration: configuration).customer == nil)
    }

    @Test func `a framework's template becomes the catalogue's form of a route`() throws {
        let cases: [(Value, String?)] = [
            ("/users/{id}", "GET /users/{id}"), ("/users/:id", "GET /users/{id}"),
            ("/users/<int:id>/x", "GET /users/{id}/x"),
            ("api/{version:apiVersion}/Orders/{id?}", "GET /api/{version}/Orders/{id}"),
            ("/files/{*path}", "GET /files/{path}"),
            ("/*", nil), ("/{anything}", nil), ("^users/(?P<id>[0-9]+)/$", nil), ("/", nil), ("", nil), ("/a b", nil),
            ("/{}", nil),
        ]
        for (template, expected) in cases {
            let span = SpanSketch.server(["http.request.method": "get", "url.path": "/p", "http.route": template])
            #expect(try call(span).route == expected, "\(template)")
        }
        var client = SpanSketch(ok)
        client.attributes += [("url.template", "/v1/charges/{id}"), ("http.route", "/not/mine")]
        #expect(try call(client).route == "GET /v1/charges/{id}")
    }

    @Test func `a sampling threshold becomes a weight`() throws {
        let cases: [(String?, UInt32)] = [
            (nil, 1), ("", 1), ("ot=th:0", 1), ("ot=th:8", 2), ("ot=th:c", 4), ("vendor=x, ot=rv:abc;th:fd70a", 100),
            ("ot=th:e", 8), ("ot=th:5", 1), ("ot=th:6", 2), ("ot=th:ffffffffffffff", 1_000_000), ("ot=th:zz", 1),
            ("ot=th:", 1),
            ("ot=th:123456789012345", 1), ("rojo=th:c", 1), ("ot=p:8", 1),
        ]
        for (traceState, expected) in cases {
            var span = SpanSketch(ok)
            span.traceState = traceState
            #expect(try call(span).weight == expected, "\(traceState ?? "none")")
        }
    }

    @Test func `an end before the start leaves the duration unknown and no start at all is rejected`() throws {
        var span = SpanSketch(ok)
        #expect(try call(span).duration == .milliseconds(250))
        span.endNs = span.startNs - 1
        #expect(try call(span).duration == nil)
        span.endNs = 0
        #expect(try call(span).duration == nil)
        span.startNs = 0
        #expect(try decode(export([span])).rejectedCounts == [.noTime: 1])
        span.startNs = .max
        #expect(try decode(export([span])).rejectedCounts == [.noTime: 1])
    }

    @Test func `the past is taken, a clock days ahead is not`() throws {
        var span = SpanSketch(ok)
        span.startNs = 1
        #expect(try call(span).time == Instant(nanosecondsSinceEpoch: 1))
        span.startNs = UInt64(testNow.nanosecondsSinceEpoch + 86_400_000_000_000)
        #expect(try decode(export([span])).calls.count == 1)
        span.startNs += 1
        #expect(try decode(export([span])).rejectedCounts == [.future: 1])
    }

    @Test func `spans that are no HTTP client or server spans are let go, whatever is wrong with them`() throws {
        var spans = [SpanSketch(["db.system": "postgresql"]), SpanSketch(ok), SpanSketch(ok), SpanSketch(ok)]
        spans[1].kind = 1
        spans[2].kind = 4
        spans[3].kind = 99
        spans[0].startNs = 0
        let decoded = try decode(export(spans))
        #expect(decoded.letGoCount == 4)
        #expect(decoded.calls.isEmpty && decoded.rejectedCount == 0)
    }

    @Test func `values over their bound are cut at a whole character and counted`() throws {
        var span = SpanSketch([
            "http.request.method": "GET",
            "url.full": .text("https://a.example/" + String(repeating: "é", count: 5_000)),
        ])
        span.attributes.append(("http.request.header.x", .text(String(repeating: "h", count: 9_000))))
        let decoded = try decode(export([span], resource: ["service.name": .text(String(repeating: "s", count: 300))]))
        let call = try #require(decoded.calls.first)
        #expect(call.request.url.utf8.count == Limits.urlByteCountMax)
        #expect(call.request.url.hasSuffix("é"))
        #expect(call.request.headers.first?.value.utf8.count == Limits.headerValueByteCountMax)
        #expect(call.service?.utf8.count == Limits.nameByteCountMax)
        #expect(decoded.cutCount == 3)
    }

    @Test func `more calls in a request than taken are rejected by number`() throws {
        var configuration = OTLPConfiguration()
        configuration.callCountMax = 2
        configuration.rejectionsKeptMax = 1
        let decoded = try decode(export(Array(repeating: SpanSketch(ok), count: 5)), configuration: configuration)
        #expect(decoded.calls.count == 2)
        #expect(decoded.rejectedCounts == [.tooMany: 3])
        #expect(decoded.rejections.map(\.spanIndex) == [2])
    }
}
