import CallModel
import PartnerCatalog
import Runtime
import Testing

@testable import AgentApp

/// What an operator writes, and what becomes of it.
@Suite struct AgentSettingsTests {
    private func read(_ yaml: String, files: [String: String] = [:]) -> (settings: AgentSettings, problems: [String]) {
        let document = SettingsDocument(yaml: yaml, file: "agent.yaml")
        let settings = AgentSettings(document.root, ownHostName: "app-1")
        return (settings, document.problems().map { $0.rendered() })
    }

    private func names(_ settings: AgentSettings, _ method: String, _ url: String, _ headers: [Header] = []) -> String {
        let call = APICall(
            time: .epoch, request: .init(method: method, url: url, headers: headers), source: .json)
        guard case .partner(let id, let route, _) = settings.catalogue.resolve(call) else { return "not ours" }
        return "\(id) \(route)"
    }

    @Test func `a partner is told with hosts, routes, webhooks, limits and errors`() {
        let (settings, problems) = read(
            """
            partners:
              bank:
                name: North Bank
                hosts: ["api.bank.example", "*.sandbox.bank.example"]
                routes: ["/accounts/{account}/**"]
                webhook_signatures: ["X-Bank-Signature+X-Bank-Time"]
                webhook_headers: {event_type: X-Bank-Event, delivery_id: x-bank-delivery, retry: x-bank-retry}
                rate_limit_headers: {remaining: x-bank-left, reset: x-bank-reset}
                errors:
                  - {status: 200-299, body: error.code, is: [quota], outcome: rate_limited}
                  - {status: 200-299, body: ok, is_false: true, outcome: error_in_success}
                  - {status: 403, header: retry-after, outcome: rate_limited}
            unknown_hosts: ignore
            """)
        #expect(problems.isEmpty, "\(problems)")
        #expect(
            names(settings, "GET", "https://api.bank.example/accounts/de-7/orders/4")
                == "bank GET /accounts/{account}/orders/{id}")
        #expect(names(settings, "GET", "https://x.sandbox.bank.example/a") == "bank GET /a")
        #expect(names(settings, "GET", "https://else.example/a") == "not ours")
        var hook = APICall(
            time: .epoch, direction: .inbound,
            request: .init(
                method: "POST", url: "https://us.example/h",
                headers: [
                    Header("x-bank-signature", "s"), Header("x-bank-time", "1"), Header("x-bank-event", "paid"),
                    Header("x-bank-retry", "1"),
                ]),
            source: .json)
        #expect(settings.catalogue.resolve(hook) == .partner(id: "bank", route: "POST /h", isWebhook: true))
        #expect(settings.catalogue.webhookDetails(of: hook, partner: "bank")?.attempt == 2)
        hook.response = .init(status: 200, body: Body(#"{"error":{"code":"quota"}}"#))
        #expect(settings.catalogue.outcome(of: hook, partner: "bank") == .rateLimited)
        hook.response = .init(status: 200, body: Body(#"{"ok":false}"#))
        #expect(settings.catalogue.outcome(of: hook, partner: "bank") == .errorInSuccess)
        hook.response = .init(status: 403, headers: [Header("retry-after", "3")])
        #expect(settings.catalogue.outcome(of: hook, partner: "bank") == .rateLimited)
    }

    @Test func `routes come from an OpenAPI file, in JSON and in YAML`() throws {
        let directory = try temporaryDirectory()
        defer { removeDirectory(directory) }
        let yaml =
            "openapi: 3.1.0\nservers:\n  - url: https://api.bank.example/v2\npaths:\n  /people/{name}:\n    get: {}\n"
        let json = #"{"servers":[{"url":"https://api.bank.example/v2"}],"paths":{"/people/{name}":{}}}"#
        for (name, text) in [("bank.yaml", yaml), ("bank.json", json)] {
            try Files.writeAtomically(Array(text.utf8), to: directory + "/" + name)
            let (settings, problems) = read(
                "partners:\n  bank:\n    hosts: [api.bank.example]\n    openapi: \(directory)/\(name)\n")
            #expect(problems.isEmpty, "\(problems)")
            #expect(names(settings, "GET", "https://api.bank.example/v2/people/bob") == "bank GET /v2/people/{name}")
        }
        try Files.writeAtomically(Array("no: paths".utf8), to: directory + "/none.yaml")
        #expect(read("partners:\n  bank:\n    openapi: \(directory)/none.yaml\n").problems.count == 1)
        #expect(read("partners:\n  bank:\n    openapi: \(directory)/absent.yaml\n").problems.count == 1)
    }

    @Test func `webhooks we send, listed routes and public suffixes are read`() throws {
        let directory = try temporaryDirectory()
        defer { removeDirectory(directory) }
        try Files.writeAtomically(Array("com\nshared.example\n".utf8), to: directory + "/list.dat")
        let (settings, problems) = read(
            """
            sent_webhooks:
              - {headers: [X-Acme-Signature], event_type: x-acme-event}
            listed_routes:
              - {path: "/api/{rest...}", method: post, partner: customers, host: api.us.example}
            public_suffixes: \(directory)/list.dat
            """)
        #expect(problems.isEmpty, "\(problems)")
        #expect(
            names(settings, "POST", "https://c.example/x", [Header("x-acme-signature", "s")])
                == "sent-webhooks POST {recipient}")
        #expect(names(settings, "GET", "https://a.b.shared.example/") == "b.shared.example GET /")
        let inbound = APICall(
            time: .epoch, direction: .inbound, request: .init(method: "POST", url: "https://api.us.example/api/x"),
            source: .json)
        #expect(
            settings.catalogue.resolve(inbound)
                == .partner(id: "customers", route: "POST /api/{rest}", isWebhook: false))
    }

    @Test(arguments: [
        "partners:\n  bank:\n    hosts: [\"https://x\"]\n", "partners:\n  bank:\n    errors:\n      - {status: 200}\n",
        "partners:\n  bank:\n    errors:\n      - {status: 299-200, outcome: success}\n",
        "partners:\n  bank:\n    errors:\n      - {status: 200, outcome: success, header: a, body: b}\n",
        "partners:\n  bank:\n    webhook_signatures: [\"a b\"]\n", "sent_webhooks:\n  - {headers: []}\n",
        "listed_routes:\n  - {path: /x}\n", "public_suffixes: /nonexistent\n", "customer:\n  - {}\n",
        "customer:\n  - {query: a, header: b}\n", "customer:\n  - {path: /no/braces}\n",
        "customer:\n  - {host: none}\n",
        "receive:\n  listen: 0.0.0.0:4318\n  tokens: {a: 0123456789abcdef}\n",
        "receive:\n  tokens: {a: short}\n", "receive:\n  tls: {certificate: /x}\n", "redaction:\n  hash_key: abc\n",
        "redaction:\n  hash_codes: true\n",
        "redaction:\n  partners:\n    stripe: {mode: full}\n", "redaction:\n  default: full\n", "unknown_key: 1\n",
    ])
    func `what is wrong is told with its place`(yaml: String) {
        let problems = read(yaml).problems
        #expect(problems.count == 1, "\(problems)")
        #expect(problems.first?.hasPrefix("agent.yaml:") == true, "\(problems)")
    }

    @Test func `beyond loopback both TLS and tokens are wanted`() {
        #expect(read("receive:\n  listen: 0.0.0.0:4318\n").problems.count == 2)
        #expect(read("receive:\n  listen: 127.0.0.1:4318\n").problems.isEmpty)
    }

    @Test func `the places of customers are read, and tell the receivers what to look for`() {
        let (settings, problems) = read(
            """
            host: {region: eu-west-1}
            customer:
              - {header: X-Tenant}
              - {jwt: org.id}
              - {jwt: sub, header: x-identity, partner: stripe, direction: inbound}
              - {attribute: tenant.id}
              - {attribute: metadata.tenant}
              - {body: "items[].owner"}
              - {host: "{customer}.zendesk.com", partner: zendesk}
            service:
              - {unit: true}
              - {cgroup: true}
              - {value: unknown}
            """)
        #expect(problems.isEmpty, "\(problems)")
        let rules = settings.attribution.rules
        #expect(rules[.customer]?.count == 7)
        #expect(rules[.customer]?[1].source == .jwt(header: "authorization", claim: ["org", "id"]))
        #expect(rules[.customer]?[2].partner == "stripe" && rules[.customer]?[2].direction == .inbound)
        #expect(rules[.customer]?[5].source == .body(["items", "[]", "owner"]))
        #expect(rules[.service]?.map(\.source) == [.unit, .cgroup, .constant("unknown"), .attribute])
        #expect(rules[.region]?.map(\.source) == [.attribute, .constant("eu-west-1")])
        #expect(settings.attribution.otlpCustomers == ["tenant.id"])
        #expect(settings.attribution.moesifCustomers == [.metadata("tenant")])
    }

    @Test func `packets are off unless asked for, and then on every interface and port`() {
        #expect(!read("").settings.capture.packets)
        let (settings, problems) = read("capture: {packets: \"on\"}")
        #expect(problems.isEmpty, "\(problems)")
        #expect(settings.capture.packets && settings.capture.interface == "any" && settings.capture.ports.isEmpty)
        #expect(settings.interfaceConfiguration.interface == nil)
    }

    @Test func `an interface and ports are taken as they are told, and refused where they make no sense`() {
        let (settings, problems) = read("capture: {packets: \"on\", interface: eth0, ports: [80, 8080]}")
        #expect(problems.isEmpty, "\(problems)")
        #expect(settings.interfaceConfiguration.interface == "eth0" && settings.capture.ports == [80, 8_080])
        for wrong in [
            "packets: maybe", "interface: \"\"", "interface: a-name-of-sixteen", "ports: [0]", "ports: [65536]",
            "ports: [http]", "ports: [\((1...17).map(String.init).joined(separator: ","))]",
        ] {
            #expect(read("capture: {\(wrong)}").problems.count == 1, "\(wrong)")
        }
    }

    @Test func `the agent's own ports are left out, but for those that partners share`() {
        let (settings, _) = read(
            """
            receive: {listen: "127.0.0.1:4319"}
            forward: {endpoints: ["https://a.example", "https://b.example:7443", "http://127.0.0.1:7443"]}
            """)
        #expect(settings.ownPorts == [4_319, 7_070, 7_443])
    }

    @Test func `the annotated example is valid`() throws {
        let path = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let bytes = try Files.read("/\(path)/deploy/agent.yaml", byteCountMax: 1 << 20)
        #expect(read(String(decoding: bytes, as: UTF8.self)).problems.isEmpty)
    }
}
