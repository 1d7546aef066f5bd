import CallModel
import PartnerCatalog
import SimulationKit
import Testing

@Suite struct ResolveTests {
    let catalogue = Catalogue.builtIn

    @Test(arguments: [
        ("https://api.stripe.com/v1/charges/ch_1?expand=x", "stripe GET /v1/charges/{id}"),
        ("https://API.STRIPE.COM.:443/v1/charges", "stripe GET /v1/charges"),
        ("https://sk_live_x:@api.stripe.com/v1/charges", "stripe GET /v1/charges"),
        ("https://acme.zendesk.com/api/v2/tickets/35436.json", "zendesk GET /api/v2/tickets/{id}.json"),
        (
            "https://shop.myshopify.com/admin/api/2024-01/orders/1.json",
            "shopify GET /admin/api/2024-01/orders/{id}.json"
        ),
        ("https://api.github.com/repos/apple/swift-nio/issues/12", "github GET /repos/{owner}/{repo}/issues/{id}"),
        ("https://api.github.com/repos/a/b/contents/docs/x/y.md", "github GET /repos/{owner}/{repo}/contents/{path}"),
        (
            "https://api.twilio.com/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json",
            "twilio GET /2010-04-01/Accounts/{id}/Messages.json"
        ),
        ("https://slack.com/api/chat.postMessage", "slack GET /api/chat.postMessage"),
        ("https://api.telegram.org/bot123:abc/sendMessage", "telegram GET /{bot}/sendMessage"),
        ("https://bucket.s3.eu-west-1.amazonaws.com/any/key.txt", "aws-s3 GET /{key}"),
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/queue", "aws GET /{id}/queue"),
        (
            "https://storage.googleapis.com/upload/storage/v1/b/mine/o",
            "google-cloud-storage GET /upload/storage/v1/b/{bucket}/o"
        ),
        ("https://maps.googleapis.com/maps/api/geocode/json", "google-maps GET /maps/api/geocode/json"),
        ("https://api.mailgun.net/v3/mg.acme.example/messages", "mailgun GET /v3/{domain}/messages"),
    ])
    func `a known host names the partner and the route`(url: String, names: String) {
        #expect(catalogue.names(call("GET", url)) == names)
    }

    @Test(arguments: [
        ("https://api.acme-bank.co.uk/v1/x", "acme-bank.co.uk"), ("https://a.b.kyc.com.au/", "kyc.com.au"),
        ("https://api.shipfast.example/x", "shipfast.example"), ("https://shipfast.example/x", "shipfast.example"),
        ("https://visa-net.api.example.com/v1/x", "example.com"),
        ("https://my-app.herokuapp.com/x", "my-app.herokuapp.com"),
        ("https://x.my-app.herokuapp.com/", "my-app.herokuapp.com"), ("https://herokuapp.com/", "herokuapp.com"),
        ("https://abc.execute-api.eu-west-1.amazonaws.com/prod", "abc.execute-api.eu-west-1.amazonaws.com"),
        ("https://fn-abc-uc.a.run.app/", "fn-abc-uc.a.run.app"), ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://stripe.com.evil.example/", "evil.example"), ("https://notstripe.com/", "notstripe.com"),
        ("https://xslack.com/", "xslack.com"), ("https://zendesk.com/", "zendesk.com"),
    ])
    func `an unknown public host is named by its registrable domain`(url: String, partner: String) {
        #expect(catalogue.partner(url) == partner)
    }

    @Test(arguments: [
        ("http://localhost:3000/x", "internal_host"), ("http://billing/x", "internal_host"),
        ("http://x.svc.cluster.local/", "internal_host"), ("http://10.0.0.1/", "internal_host"),
        ("http://[::1]:80/", "internal_host"), ("http://[fe80::1%25eth0]/", "internal_host"),
        ("http://169.254.169.254/latest/meta-data", "internal_host"), ("https://8.8.8.8/dns", "bare_address"),
        ("https://[2606:4700::1111]/", "bare_address"), ("https://co.uk/", "unknown_host"), ("/v1/charges", "no_host"),
        ("", "no_host"), ("https:///x", "no_host"), ("http://a..b/", "no_host"), ("https://h ost.example/", "no_host"),
    ])
    func `everything else stays on the host`(url: String, reason: String) {
        #expect(catalogue.partner(url) == reason)
    }

    @Test func `a path alone is completed by the host header`() {
        let call = call("GET", "/v1/charges", headers: [Header("host", "api.stripe.com")])
        #expect(catalogue.names(call) == "stripe GET /v1/charges")
    }

    @Test func `unknown hosts can be left alone`() {
        let strict = Catalogue(builtIn: true, partners: [], listedRoutes: [], unknownHosts: .ignore)
        #expect(strict.partner("https://api.acme-bank.co.uk/") == "unknown_host")
        #expect(strict.partner("https://api.stripe.com/") == "stripe")
    }

    @Test func `what the sender named is kept, within bounds`() {
        #expect(catalogue.names(call("GET", "http://localhost/x/1", partner: "acme")) == "acme GET /x/{id}")
        #expect(catalogue.names(call("GET", "http://h/x", partner: "acme", route: "GET /odd/42")) == "acme GET /odd/42")
        let long = String(repeating: "é", count: 400)
        guard
            case .partner(let id, let route, _) = catalogue.resolve(
                call("GET", "http://h/x", partner: long, route: long))
        else {
            Issue.record("a named partner is a partner")
            return
        }
        #expect(id.utf8.count == Limits.nameByteCountMax && id.allSatisfy { $0 == "é" })
        #expect(route.utf8.count == Limits.nameByteCountMax)
    }

    @Test func `a named partner's templates apply on any host`() {
        let call = call("GET", "http://127.0.0.1:9000/repos/a/b/issues/7", partner: "github")
        #expect(catalogue.names(call) == "github GET /repos/{owner}/{repo}/issues/{id}")
    }

    @Test func `an operator's definitions win`() throws {
        let mock = PartnerDefinition(
            id: "stripe", name: "", hosts: ["127.0.0.1:12111"], routes: ["POST /v1/charges/{charge}"])
        let bank = PartnerDefinition(
            id: "bank", name: "The Bank",
            hosts: ["api.stripe.com:8443", "10.0.0.7", "*.bank.internal", "gateway.acme.example"])
        let mine = Catalogue(builtIn: true, partners: [mock, bank], listedRoutes: [], unknownHosts: .ignore)
        #expect(mine.partner("http://127.0.0.1:12111/v1/charges") == "stripe")
        #expect(mine.partner("http://127.0.0.1:12112/v1/charges") == "internal_host")
        #expect(mine.partner("https://api.stripe.com/") == "stripe")
        #expect(mine.partner("https://api.stripe.com:8443/") == "bank")
        #expect(mine.partner("http://10.0.0.7/") == "bank")
        #expect(mine.partner("http://a.b.bank.internal/") == "bank")
        #expect(mine.partner("http://bank.internal/") == "internal_host")
        #expect(
            mine.names(call("POST", "https://api.stripe.com/v1/charges/word")) == "stripe POST /v1/charges/{charge}")
        #expect(mine.name(of: "stripe") == "Stripe")
        #expect(mine.name(of: "bank") == "The Bank")
        #expect(mine.name(of: "nobody.example") == "nobody.example")
    }

    @Test func `the default port is the scheme's`() {
        let tls = PartnerDefinition(id: "tls", name: "", hosts: ["pay.example:443"])
        let mine = Catalogue(builtIn: false, partners: [tls], listedRoutes: [], unknownHosts: .ignore)
        #expect(mine.partner("https://pay.example/") == "tls")
        #expect(mine.partner("http://pay.example/") == "unknown_host")
    }

    @Test func `odd methods make one route`() {
        #expect(catalogue.names(call("get", "https://api.stripe.com/x")) == "stripe GET /x")
        #expect(catalogue.names(call("BREW", "https://api.stripe.com/x")) == "stripe _OTHER /x")
        #expect(catalogue.names(call("", "https://api.stripe.com/x")) == "stripe _OTHER /x")
    }

    @Test func `webhooks we send have one partner`() {
        var sent = call("POST", "https://customer.example/hooks/42")
        sent.webhook = APICall.Webhook()
        #expect(catalogue.resolve(sent) == .partner(id: "sent-webhooks", route: "POST {recipient}", isWebhook: true))
    }

    @Test func `nothing makes it fail, and the same call always gets the same names`() {
        let seed: UInt64 = 3
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "https://", "http://", "api.", "stripe.com", "co.uk", "[", "]", ":", "8", "/", "%", "é", ".", "\0", "@",
            "?", "x",
        ]
        for round in 0..<20_000 {
            var url = ""
            for _ in 0..<Int.random(in: 0...9, using: &random) { url += pieces.randomElement(using: &random) ?? "" }
            let call = call("GET", url, direction: round % 4 == 0 ? .inbound : .outbound)
            let first = catalogue.resolve(call)
            #expect(first == catalogue.resolve(call), "seed \(seed), round \(round): \(url)")
            guard case .partner(let id, let route, _) = first else { continue }
            #expect(
                !id.isEmpty && id.utf8.count <= 256 && route.utf8.count <= 256, "seed \(seed), round \(round): \(url)")
        }
    }
}
