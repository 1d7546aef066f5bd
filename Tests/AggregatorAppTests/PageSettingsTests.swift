import Runtime
import Testing
import Transport

@testable import AggregatorApp

/// The section `partner_pages`, and where links lead.
struct PageSettingsTests {
    private func read(_ yaml: String) -> (settings: AggregatorSettings, problems: [String]) {
        let document = SettingsDocument(yaml: yaml, file: "aggregator.yaml")
        let settings = AggregatorSettings(document.root)
        return (settings, document.problems().map(\.message))
    }

    @Test func `pages are asked each minute, the shipped ones and the operator's before them`() {
        let (settings, problems) = read(
            """
            partner_pages: {interval: 30s, allow_private: true}
            partners:
              bank: {hosts: [api.bank.example], status_page: "https://status.bank.example/fw"}
              github: {status_page: "http://127.0.0.1:1"}
            """)
        #expect(problems == [])
        #expect(settings.pages.isEnabled && settings.pages.watch.interval == .seconds(30))
        #expect(settings.pages.pages["bank"]?.appending("/api").target == "/fw/api")
        #expect(settings.pages.pages["github"]?.endpoint.port == 1)
        #expect(settings.pages.pages["twilio"] != nil)
        #expect(settings.pages.web.addresses.allowsPrivate)
        let (usual, _) = read("{}")
        #expect(usual.pages.watch.interval == .seconds(60) && !usual.pages.web.addresses.allowsPrivate)
        #expect(read("partner_pages: {enabled: false}").settings.pages.isEnabled == false)
    }

    @Test func `every shipped page is an address`() {
        #expect(AggregatorSettings().pages.pages.count > 50)
        #expect(AggregatorSettings().pages.pages.values.allSatisfy { $0.endpoint.isTLS && $0.target == "/" })
    }

    @Test func `what is wrong with them is said`() {
        #expect(read("partner_pages: {interval: 1s}").problems.count == 1)
        #expect(read("partners: {bank: {status_page: nonsense}}").problems.count == 1)
        #expect(read("partner_pages: {ca: /nonexistent}").problems == ["there is no file /nonexistent"])
        #expect(read("partner_pages: {intervall: 60s}").problems.count == 1)
    }

    @Test func `a public address that would leave no room in a message is refused`() {
        let longest = "https://" + String(repeating: "f", count: 48)
        #expect(read("api: {public_url: \(longest)}").problems == [])
        #expect(read("api: {public_url: \(longest)/}").problems == [])
        #expect(read("api: {public_url: \(longest)f}").problems == ["an address of at most 56 characters is wanted"])
    }
}
