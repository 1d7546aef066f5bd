import CallModel
import Testing

struct InstantTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0 as Int64), ("2026-11-23T19:34:00.123Z", 1_795_462_440_123_000_000),
        ("2024-02-29T23:59:59.999999999Z", 1_709_251_199_999_999_999), ("1969-12-31T23:59:59.5Z", -500_000_000),
        ("2026-11-23T21:34:00+02:00", 1_795_462_440_000_000_000), ("2026-11-23t19:34:00z", 1_795_462_440_000_000_000),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
    ])
    func `RFC 3339 is read to the nanosecond`(text: String, nanoseconds: Int64) {
        #expect(Instant(rfc3339: text)?.nanosecondsSinceEpoch == nanoseconds)
    }

    @Test(arguments: [
        "", "2026-11-23", "2026-11-23T19:34:00", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "2026-11-23T24:00:00Z",
        "2026-11-23T19:34:00.Z", "2026-11-23T19:34:00Zx", "9999-01-01T00:00:00Z", "2026-11-23T19:34:00+99:00",
    ])
    func `what is no time is refused`(text: String) {
        #expect(Instant(rfc3339: text) == nil)
    }

    @Test func `a naive time is UTC only where the caller says so`() {
        #expect(Instant(rfc3339: "2026-11-23T19:34:00.5", assumingUTC: true)?.rfc3339 == "2026-11-23T19:34:00.500Z")
    }

    @Test func `text and time agree on every day of four centuries`() {
        for day in stride(from: Int64(-100_000), through: 100_000, by: 37) {
            let instant = Instant(secondsSinceEpoch: day * 86_400 + 86_399)
            #expect(Instant(rfc3339: instant.rfc3339) == instant, "day \(day)")
        }
    }

    @Test func `arithmetic stops at the ends of time`() {
        #expect(Instant(nanosecondsSinceEpoch: .max) + .seconds(1) == Instant(nanosecondsSinceEpoch: .max))
        #expect(Instant(nanosecondsSinceEpoch: .min) - .seconds(1) == Instant(nanosecondsSinceEpoch: .min))
        #expect(Instant(secondsSinceEpoch: .max).nanosecondsSinceEpoch == .max)
        #expect(Instant(nanosecondsSinceEpoch: -1).floored(to: .seconds(10)) == Instant(secondsSinceEpoch: -10))
    }
}

struct OutcomeTests {
    @Test func `every outcome reads back from its code`() {
        for outcome in Outcome.allCases { #expect(Outcome(code: outcome.code) == outcome) }
        #expect(Outcome(code: 6) == nil)
        #expect(Outcome(code: 26) == nil)
    }

    @Test func `a rejected request and a cancelled call are nobody's failure`() {
        let failures = Outcome.allCases.filter(\.isFailure)
        #expect(!failures.contains(.rejected) && !failures.contains(.noAnswer(.cancelled)))
        #expect(failures.count == Outcome.allCases.count - 3)
    }
}

struct TraceContextTests {
    @Test func `hex reads back, and all zero is no id`() {
        let hex = "0af7651916cd43dd8448eb211c80319c"
        #expect(TraceID(hex: hex)?.hex == hex)
        #expect(TraceID(hex: hex.uppercased())?.hex == hex)
        #expect(TraceID(hex: String(repeating: "0", count: 32)) == nil)
        #expect(TraceID(hex: "0af7651916cd43dd8448eb211c80319") == nil)
        #expect(SpanID(hex: "b7ad6b7169203331")?.hex == "b7ad6b7169203331")
        #expect(SpanID(hex: "b7ad6b716920333g") == nil)
    }
}
