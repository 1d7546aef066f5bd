import CallModel
import Testing

@testable import Alerting

struct ZoneRulesTests {
    private func hours(_ zone: String, _ time: String) throws -> Double {
        let rules = try #require(ZoneRules(zone))
        return rules.offset(at: try #require(Instant(rfc3339: time))).inSeconds / 3_600
    }

    @Test func `summer time begins and ends in the second in which the law says so`() throws {
        #expect(try hours("Europe/Berlin", "2026-03-29T00:59:59Z") == 1)
        #expect(try hours("Europe/Berlin", "2026-03-29T01:00:00Z") == 2)
        #expect(try hours("Europe/Berlin", "2026-10-25T00:59:59Z") == 2)
        #expect(try hours("Europe/Berlin", "2026-10-25T01:00:00Z") == 1)
        #expect(try hours("America/New_York", "2027-03-14T06:59:59Z") == -5)
        #expect(try hours("America/New_York", "2027-03-14T07:00:00Z") == -4)
    }

    @Test func `south of the equator summer spans the turn of the year`() throws {
        #expect(try hours("Australia/Sydney", "2026-01-15T00:00:00Z") == 11)
        #expect(try hours("Australia/Sydney", "2026-07-15T00:00:00Z") == 10)
        #expect(try hours("Australia/Sydney", "2026-10-03T15:59:59Z") == 10)
        #expect(try hours("Australia/Sydney", "2026-10-03T16:00:00Z") == 11)
    }

    @Test func `places without summer time, of odd quarters, and with odd rules`() throws {
        #expect(try hours("Asia/Kathmandu", "2026-07-15T00:00:00Z") == 5.75)
        #expect(try hours("UTC", "2026-07-15T00:00:00Z") == 0)
        #expect(try hours("Australia/Lord_Howe", "2026-01-15T00:00:00Z") == 11)
        #expect(try hours("Australia/Lord_Howe", "2026-07-15T00:00:00Z") == 10.5)
        // Ireland's winter is the time that is set, by an hour less.
        #expect(try hours("Europe/Dublin", "2026-07-15T00:00:00Z") == 1)
        #expect(try hours("Europe/Dublin", "2026-01-15T00:00:00Z") == 0)
    }

    @Test func `a rule stands where a name does not, and what is neither is refused`() throws {
        #expect(try hours("XYZ-3", "2026-07-15T00:00:00Z") == 3)
        for text in [
            "", "Europe/Nowhere", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "A-1",
            "CET-1CEST,M3.5.0,M10.5.0/", "CET-99", String(repeating: "A", count: 200) + "-1",
        ] {
            #expect(ZoneRules(text) == nil, "\(text)")
        }
    }

    @Test func `the time on the wall gives back the instant, and an hour that is left out the one after it`() throws {
        let berlin = try #require(ZoneRules("Europe/Berlin"))
        for hour in 0..<24 * 366 {
            let instant = Instant(rfc3339: "2026-01-01T00:00:00Z")! + .seconds(hour * 3_600)
            let back = berlin.instant(showing: instant + berlin.offset(at: instant))
            // Of the hour that comes twice it is the first.
            #expect(back == instant || back == instant - .seconds(3_600), "\(instant)")
        }
        let missing = Instant(rfc3339: "2026-03-29T02:30:00Z")!
        #expect(berlin.instant(showing: missing) == Instant(rfc3339: "2026-03-29T01:30:00Z"))
    }
}
