import CallModel
import Testing

@testable import Drift

/// What a partner changed, told as a timeline: an answer every ten seconds, from two hosts in turn.
struct DriftCoreTests {
    private var core = DriftCore()
    private var now = Instant(rfc3339: "2026-11-24T00:00:00Z")!
    private var number = 0
    private let reader = AnswerReader()

    private mutating func answer(
        _ body: String = #"{"id":"ch_1","amount":100,"card":{"brand":"visa"}}"#, headers: [Header] = [],
        host: String? = nil,
        milliseconds: Int = 100, status: Int = 200
    ) {
        number += 1
        now = now + .seconds(10)
        var call = APICall(
            time: now, request: .init(method: "POST", url: "https://api.stripe.com/v1/charges"), source: .json)
        (call.partner, call.route, call.host) = ("stripe", "POST /v1/charges", host ?? "app-\(number % 2)")
        call.response = .init(
            status: status, headers: [Header("content-type", "application/json")] + headers, body: Body(body))
        call.duration = .milliseconds(milliseconds)
        if let observed = reader.read(call, id: "c\(number)") { core.observe(observed, at: now) }
    }

    private mutating func learn(_ count: Int = 400) { for _ in 0..<count { answer() } }

    private mutating func found() -> [String] {
        core.takeChanged(at: now).map { "\($0.kind.rawValue) \($0.subject): \($0.before ?? "-") > \($0.after ?? "-")" }
    }

    @Test mutating func `a new key is found once it is common, and once`() {
        learn()
        for _ in 0..<30 {
            answer(#"{"id":"ch_1","amount":100,"card":{"brand":"visa"},"risk":{"score":5,"level":"low"}}"#)
        }
        #expect(found() == ["key_appeared 2xx $.risk: - > object"], "and not what stands inside it")
        for _ in 0..<300 {
            answer(#"{"id":"ch_1","amount":100,"card":{"brand":"visa"},"risk":{"score":5,"level":"low"}}"#)
        }
        #expect(found().count == 1, "the same, seen more often")
    }

    @Test mutating func `a key that is merely rare is no change`() {
        learn()
        for index in 0..<1_000 {
            answer(
                index % 200 == 0
                    ? #"{"id":"ch_1","amount":100,"card":{"brand":"visa"},"note":"x"}"#
                    : #"{"id":"ch_1","amount":100,"card":{"brand":"visa"}}"#)
        }
        #expect(found().isEmpty)
    }

    @Test
    mutating func `a key that was always there and goes missing is found, though a part of the fleet still gets it`() {
        learn()
        for index in 0..<60 {
            if index % 2 == 0 { answer(#"{"id":"ch_1","amount":100}"#, host: "app-1") } else { answer(host: "app-0") }
        }
        let changed = core.takeChanged(at: now)
        #expect(changed.map(\.kind) == [.keyVanished] && changed.map(\.subject) == ["2xx $.card"])
        #expect(changed[0].hostsSeeing == 1 && changed[0].hostsCalling == 2)
        #expect(changed[0].samples.count == 3)
    }

    @Test mutating func `another type is found with what it was before`() {
        learn()
        for _ in 0..<30 { answer(#"{"id":"ch_1","amount":"100.00","card":{"brand":"visa"}}"#) }
        let kinds = found()
        #expect(kinds.contains("type_changed 2xx $.amount: number > string"), "\(kinds)")
        #expect(!kinds.contains { $0.hasPrefix("key_") }, "\(kinds)")
    }

    @Test mutating func `headers and versions that change are found`() {
        for _ in 0..<400 { answer(headers: [Header("stripe-version", "2024-06-20"), Header("etag", "x")]) }
        for _ in 0..<40 { answer(headers: [Header("stripe-version", "2025-01-27"), Header("x-new", "1")]) }
        let kinds = Set(found())
        #expect(
            kinds == [
                "version_changed stripe-version: 2024-06-20 > 2025-01-27", "header_appeared 2xx x-new: - > -",
                "header_vanished 2xx etag: - > -",
            ])
    }

    @Test mutating func `a notice of an end is told at its first sight`() {
        answer(headers: [
            Header("sunset", "Sat, 01 May 2027 00:00:00 GMT"), Header("deprecation", "@1767225600"),
        ])
        let changed = core.takeChanged(at: now)
        #expect(Set(changed.map(\.kind)) == [.sunset, .deprecation])
        #expect(changed.first { $0.kind == .sunset }?.effectiveAt?.rfc3339 == "2027-05-01T00:00:00.000Z")
        #expect(changed.first { $0.kind == .deprecation }?.effectiveAt?.rfc3339 == "2026-01-01T00:00:00.000Z")
        answer(headers: [Header("sunset", "Sat, 01 May 2027 00:00:00 GMT")])
        #expect(core.takeChanged(at: now).map(\.answers) == [2])
    }

    @Test mutating func `answers that take longer for an hour are a step, a burst is none`() {
        learn(1_000)
        for _ in 0..<200 { answer(milliseconds: 400) }
        learn(400)
        #expect(found().isEmpty, "half an hour")
        for _ in 0..<600 { answer(milliseconds: 400) }
        #expect(found() == ["latency_step latency: 100 ms > 400 ms"])
    }

    @Test mutating func `errors have bodies of their own, and none is no change`() {
        learn()
        for _ in 0..<100 { answer(#"{"error":{"message":"no"}}"#, status: 500) }
        for _ in 0..<100 { answer("") }
        #expect(found().isEmpty)
    }

    @Test mutating func `a restart forgets nothing, wherever it comes`() throws {
        learn()
        for _ in 0..<4 { answer(#"{"id":"ch_1","amount":100,"card":{"brand":"visa"},"risk":1}"#) }
        core = try DriftCore(core.encoded())
        for _ in 0..<4 { answer(#"{"id":"ch_1","amount":100,"card":{"brand":"visa"},"risk":1}"#) }
        #expect(found() == ["key_appeared 2xx $.risk: - > number"])
        core = try DriftCore(core.encoded())
        answer(#"{"id":"ch_1","amount":100,"card":{"brand":"visa"},"risk":1}"#)
        #expect(found() == ["key_appeared 2xx $.risk: - > number"], "still followed")
    }

    @Test mutating func `state that is cut or damaged is refused, and never traps`() {
        learn(50)
        let bytes = core.encoded()
        for count in 0..<bytes.count { #expect(throws: (any Error).self) { try DriftCore(Array(bytes.prefix(count))) } }
        for index in stride(from: 0, to: bytes.count, by: 7) {
            var damaged = bytes
            damaged[index] ^= 0xff
            _ = try? DriftCore(damaged)
        }
    }

    @Test mutating func `what is kept is bounded, whatever answers look like`() {
        for index in 0..<2_000 { answer("{\"k\(index)x\":1,\"id\":2}", headers: [Header("h\(index)", "v")]) }
        var configuration = DriftCore.Configuration()
        configuration.routesMax = 10
        var small = DriftCore(configuration)
        for index in 0..<100 {
            small.observe(
                ObservedAnswer(
                    partner: "p", route: "r\(index)", host: "h", callID: "c", time: now, answers: "2xx"), at: now)
        }
        #expect(small.routeCount == 10)
        #expect(core.featureCount <= 3 * FeatureFamily.featuresMax)
    }

    @Test func `dates of notices are read as their documents write them`() {
        #expect(noticeTime("@1688169599")?.rfc3339 == "2023-06-30T23:59:59.000Z")
        #expect(noticeTime("Sun, 06 Nov 1994 08:49:37 GMT")?.rfc3339 == "1994-11-06T08:49:37.000Z")
        for text in ["", "true", "@", "@x", "Sun, 99 Nov 1994 08:49:37 GMT", "@99999999999999999999999"] {
            #expect(noticeTime(text) == nil, "\(text)")
        }
    }
}
