import CallModel
import PartnerCatalog
import Testing

@Suite struct PartnerExampleTests {
    @Test func `a real URL of each partner has the expected names`() {
        var partners: Set<String> = []
        for line in partnerExamples.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            #expect(words.count == 4, "\(line)")
            let (partner, method, url, route) = (words[0], words[1], words[2], words[3])
            #expect(Catalogue.builtIn.names(call(method, url)) == "\(partner) \(method) \(route)")
            partners.insert(partner)
        }
        let called = Set(PartnerDefinition.builtIn.filter { !$0.hosts.isEmpty }.map(\.id))
        #expect(called.subtracting(partners) == [], "partners without an example")
        #expect(partners.count >= 80)
    }
}
