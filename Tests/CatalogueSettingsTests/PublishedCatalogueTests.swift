import PartnerCatalog
import Runtime
import Testing

@testable import CatalogueSettings

/// What an aggregator publishes is what an agent reads, and nothing else is read.
@Suite struct PublishedCatalogueTests {
    private func read(_ yaml: String) -> (partners: [PartnerDefinition], problems: [String]) {
        let document = SettingsDocument(yaml: yaml, file: "aggregator.yaml")
        let partners = readPartners(document.root, by: .aggregator)
        return (partners, document.problems().map(\.message))
    }

    private func document(_ partners: String, rest: String = "") -> [UInt8] {
        Array(#"{"format": 1, "version": "0123456789abcdef", "partners": {\#(partners)}\#(rest)}"#.utf8)
    }

    private func flaw(_ json: [UInt8]) -> String? {
        do throws(PublishedCatalogue.Flaw) {
            _ = try PublishedCatalogue(json: json)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func `partners come back from the document as they were written`() throws {
        let (partners, problems) = read(
            """
            partners:
              north-bank:
                name: "North \\"Bank\\" – é\\\\"
                hosts: ["api.bank.example", "*.sandbox.bank.example:8443", "127.0.0.1:9001"]
                webhook_signatures: ["X-Bank-Signature+X-Bank-Time"]
                webhook_paths: ["POST /hooks/bank", "/h2/**"]
                routes: ["/accounts/{account}/**", "GET /files/{rest...}"]
                errors:
                  - {status: 200-299, body: "errors[].code", outcome: error_in_success}
                  - {status: 200-299, body: ok, is_false: true, outcome: rejected}
                  - {status: 403, header: Retry-After, outcome: rate_limited}
                  - {status: 404, outcome: success}
              named: {name: Only Named}
              bare: {}
            """)
        #expect(problems.isEmpty, "\(problems)")
        let published = try PublishedCatalogue(partners)
        let read = try PublishedCatalogue(json: published.json)
        #expect(read.partners == partners && partners.count == 3)
        #expect(read.version == published.version && read.entityTag == "\"\(read.version)\"")
        #expect(try PublishedCatalogue(Array(partners.dropLast())).version != published.version)
        #expect(try PublishedCatalogue(json: PublishedCatalogue.empty.json).partners.isEmpty)
    }

    @Test func `what decides which values leave a host cannot be published`() {
        for key in [
            "rate_limit_headers: {remaining: x-user}", "webhook_headers: {event_type: cookie}",
            "errors: [{status: 200, body: user.email, is: [a@b.example], outcome: rejected}]",
            "errors: [{status: 200, header: set-cookie, contains: [a], outcome: rejected}]",
        ] {
            let (_, problems) = read("partners:\n  bank:\n    \(key)\n")
            #expect(problems.count == 1, "\(key): \(problems)")
        }
        for member in [
            #""rate_limit_headers": {"remaining": "x-user"}"#, #""webhook_headers": {"event_type": "cookie"}"#,
            #""errors": [{"status": 200, "body": "user.email", "is": ["a"], "outcome": "rejected"}]"#,
            #""openapi": "/etc/passwd""#, #""mode": "full""#,
        ] {
            #expect(flaw(document(#""bank": {\#(member)}"#)) != nil, "\(member)")
        }
        for rest in [
            #", "listed_routes": [{"path": "/{rest...}", "partner": "bank"}]"#, #", "unknown_hosts": "ignore""#,
            #", "redaction": {"partners": {"bank": {"mode": "full"}}}"#,
            #", "sent_webhooks": [{"headers": ["accept"]}]"#,
        ] {
            #expect(flaw(document(#""bank": {"hosts": ["api.bank.example"]}"#, rest: rest)) != nil, "\(rest)")
        }
        #expect(flaw(document(#""bank": {"hosts": ["api.bank.example"]}"#)) == nil)
    }

    @Test func `malformed documents are refused, whatever is wrong with them`() {
        let fine = document(#""bank": {"name": "Bank", "hosts": ["api.bank.example"], "routes": ["/a/{id}"]}"#)
        #expect(flaw(fine) == nil)
        for end in 0..<fine.count { #expect(flaw(Array(fine[..<end])) != nil, "cut at \(end)") }
        for json in [
            "", "null", "[]", "{}", "{\"format\": 1}", "format: 1\nversion: 0123456789abcdef\npartners: {}\n",
            #"{"format": 2, "version": "0123456789abcdef", "partners": {}}"#,
            #"{"format": 1, "version": "0123456789abcdeg", "partners": {}}"#,
            #"{"format": 1, "version": "0123456789abcdef", "partners": []}"#,
            #"{"format": 1, "version": "0123456789abcdef", "partners": {"a b": {}}}"#,
        ] {
            #expect(flaw(Array(json.utf8)) != nil, "\(json)")
        }
        for partner in [
            #""hosts": ["https://a.example/x"]"#, #""hosts": ["*.com"]"#, #""routes": ["nowhere"]"#, #""hosts": {}"#,
            #""name": "a\u0007b""#, #""name": ["a"]"#, #""errors": [{"status": 200, "outcome": "fine"}]"#,
            #""errors": [{"outcome": "rejected"}]"#, #""webhook_signatures": ["a b"]"#,
        ] {
            #expect(flaw(document(#""bank": {\#(partner)}"#)) != nil, "\(partner)")
        }
    }

    @Test func `damage of any one byte never traps, and what is read still keeps the bounds`() throws {
        let fine = document(#""bank": {"name": "Bank", "hosts": ["api.bank.example"], "routes": ["/a/{id}"]}"#)
        var generator = SystemRandomNumberGenerator()
        for position in fine.indices {
            var damaged = fine
            damaged[position] = UInt8.random(in: .min ... .max, using: &generator)
            guard flaw(damaged) == nil else { continue }
            let read = try PublishedCatalogue(json: damaged)
            #expect(read.version.utf8.count == 16, "byte \(position) is \(damaged[position])")
        }
    }

    @Test func `sizes are bounded`() {
        let long = String(repeating: "a", count: PublishedCatalogue.textByteCountMax + 1)
        #expect(flaw(document(#""bank": {"name": "\#(long)"}"#)) != nil)
        #expect(flaw(document(#""bank": {"routes": ["/\#(long)"]}"#)) != nil)
        let many = (0...PublishedCatalogue.partnerCountMax).map { "\"p\($0)\": {}" }.joined(separator: ",")
        #expect(flaw(document(many))?.contains("partners") == true)
        let hosts = (0...PublishedCatalogue.patternCountMax).map { "\"h\($0).example\"" }.joined(separator: ",")
        #expect(flaw(document(#""bank": {"hosts": [\#(hosts)]}"#))?.contains("hosts") == true)
        #expect(flaw(Array(repeating: UInt8(ascii: " "), count: PublishedCatalogue.byteCountMax + 1)) != nil)
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(flaw(document(#""bank": {"hosts": \#(deep)}"#)) != nil)
    }
}
