import CallModel
import Documents
import Testing

@testable import QueryAPI
@testable import Storage

struct PopulationTests {
    private let now = Instant(secondsSinceEpoch: 1_800_000_000)

    @Test func `conditions become a filter`() {
        let filter = Population.filter("until=1h&customer=AT T&status=5xx&failed=true", now: now)
        #expect(filter.until == now - .seconds(3_600))
        #expect(filter.since == filter.until - Population.span)
        #expect((filter.customer, filter.failed) == ("AT T", true))
        #expect(filter.status == 500...599)
    }

    @Test(arguments: ["since=1h", "route=POST /v1/orders&since=2026-11-23T19:34:00Z", "host=a=b"])
    func `what is well written has no complaint`(text: String) {
        #expect(Population.complaint(about: text, now: now) == nil)
    }

    @Test(arguments: ["", "failed", "failed=maybe", "colour=red", "since=1h&since=2h", "since=1h&", "host="])
    func `what is not is complained of`(text: String) {
        #expect(Population.complaint(about: text, now: now) != nil)
    }

    @Test func `a misspelt name is told what was meant`() {
        #expect(Population.nearest(to: "since=1h&customr=acme") == "customer")
        #expect(Population.nearest(to: "since=1h") == nil)
    }
}

struct ExplainingTests {
    private func first(_ document: [UInt8]) throws -> String? {
        try JSONParser().parse(document) { root -> String? in
            var first: String?
            root.member("ranked")?.forEachElement { place in first = first ?? place.member("path")?.string }
            return first
        }
    }

    @Test(arguments: [true, false])
    func `the missing key is named, with the content of bodies and with their shapes`(readsContent: Bool) throws {
        var work = Explaining(KeptOrders(240).samples, readsContent: readsContent)
        let one = try #require(try work.explain(call: "c101", RouteMemory(.init())))
        #expect(try first(one) == "$.shipping.zip")
        #expect((work.contentReadCount > 0) == readsContent)
        let text = String(decoding: one, as: UTF8.self)
        #expect(readsContent || !text.contains("Springfield"))
    }

    @Test func `a call that is not there has no explanation`() throws {
        var work = Explaining(KeptOrders(240).samples, readsContent: false)
        #expect(try work.explain(call: "nobody", RouteMemory(.init())) == nil)
    }

    @Test func `slices of time give in proportion, and never more than there is`() {
        for (counts, most) in [([10, 0, 30], 20), ([1, 1, 1], 2), ([5, 5], 100), ([], 10)] {
            let quotas = CallSample.quotas(counts, callsMax: most)
            #expect(quotas.reduce(0, +) == min(most, counts.reduce(0, +)))
            #expect(zip(quotas, counts).allSatisfy { $0 <= $1 })
        }
        #expect(CallSample.quotas([10, 0, 30], callsMax: 20) == [5, 0, 15])
    }
}
