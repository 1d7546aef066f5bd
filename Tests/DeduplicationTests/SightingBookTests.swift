import CallModel
import Testing

@testable import Deduplication

struct SightingBookTests {
    private let noon = Instant(nanosecondsSinceEpoch: 1_795_000_000_250_000_000)
    private let span = SpanID(bits: 7)

    private func call(
        _ source: CallSource, at time: Instant, path: String = "/v1/charges", status: Int? = 200, span: SpanID? = nil,
        lasting duration: Duration = .milliseconds(80)
    ) -> APICall {
        var call = APICall(
            time: time, request: .init(method: "POST", url: "https://api.stripe.com\(path)"), source: source)
        call.partner = "stripe"
        call.response = status.map { APICall.Response(status: $0) }
        call.error = status == nil ? .connectRefused : nil
        call.duration = duration
        call.spanID = span
        return call
    }

    private func seen(at time: Instant, span: SpanID? = nil, status: Int? = 200) -> APICall {
        var call = call(.probe, at: time, status: status, span: span, lasting: .milliseconds(50))
        call.request.body = Body("{\"amount\":\"integer\"}", form: .shape)
        call.peerAddress = "192.0.2.7"
        return call
    }

    private func report(at time: Instant, id: String, span: SpanID? = nil, status: Int? = 200) -> APICall {
        var call = call(.otlp, at: time, status: status, span: span)
        call.id = id
        call.service = "shop"
        return call
    }

    private func saw(_ book: inout SightingBook, _ call: APICall, at now: Instant) -> SightingBook.Verdict {
        book.saw(call, by: Witness(call.source), at: now)
    }

    /// One in which the partner's calls are known to be reported.
    private func accustomed(propagating: Bool = false) -> SightingBook {
        var book = SightingBook()
        let before = noon - .seconds(30)
        let other = propagating ? SpanID(bits: 99) : nil
        if propagating { _ = saw(&book, seen(at: before, span: other), at: before) }
        _ = saw(&book, report(at: before, id: "before", span: other), at: before)
        return book
    }

    @Test func `what fails on the wire and in a probed library is one failed call, whatever each could see of it`() {
        for error in [FailureKind.tlsFailure, .reset, .responseTimeout] {
            var wire = call(.packets, at: noon, status: nil, lasting: .seconds(2))
            wire.request = APICall.Request(method: "_OTHER", url: "https://api.stripe.com/")
            wire.error = error
            var probed = call(.probe, at: noon, status: nil, lasting: .seconds(2))
            probed.error = error
            if error == .tlsFailure {
                // The library comes in when the connection is there.
                probed.request = wire.request
                probed.time = noon + .milliseconds(400)
                probed.duration = .milliseconds(1_600)
            }
            for (first, second) in [(wire, probed), (probed, wire)] {
                var book = SightingBook()
                let now = noon + .seconds(2)
                #expect(saw(&book, first, at: now) == .pass(first))
                #expect(saw(&book, second, at: now) == .repeated, "\(error)")
            }
            var later = probed
            later.time = noon + .seconds(4)
            var book = SightingBook()
            _ = saw(&book, wire, at: noon + .seconds(2))
            #expect(saw(&book, later, at: noon + .seconds(6)) == .pass(later), "it began when the other had ended")
        }
    }

    @Test func `alike calls of one witness are counted each, and another witness finds its own among them`() {
        var book = SightingBook()
        func isPassed(_ verdict: SightingBook.Verdict) -> Bool { if case .pass = verdict { true } else { false } }
        for number in 0..<50 {
            let time = noon + .milliseconds(number * 10)
            #expect(isPassed(saw(&book, seen(at: time), at: time)))
        }
        let later = noon + .seconds(1)
        for number in 0..<50 {
            let report = report(at: noon + .milliseconds(number * 10), id: "r\(number)")
            #expect(saw(&book, report, at: later) == .repeated)
        }
        #expect(isPassed(saw(&book, report(at: noon, id: "one more"), at: later)))
        #expect(book.counters.repeats == 50)
        // All of it is forgotten in its time, and what comes then is new.
        let muchLater = noon + .seconds(600)
        #expect(isPassed(saw(&book, report(at: muchLater, id: "new"), at: muchLater)))
        #expect(book.counters.repeats == 50)
    }

    @Test func `a call seen on the wire waits for its report and goes into it`() throws {
        var book = accustomed()
        #expect(saw(&book, seen(at: noon, span: span), at: noon) == .held)
        let told = saw(&book, report(at: noon - .milliseconds(20), id: "a", span: span), at: noon + .seconds(5))
        guard case .pass(let call) = told else { throw Unexpected(told) }
        #expect((call.source, call.service, call.id) == (.otlp, "shop", "a"))
        #expect(call.request.body?.form == .shape)
        #expect(call.peerAddress == "192.0.2.7")
        #expect(call.duration == .milliseconds(80))
        #expect(book.due(at: noon + .seconds(60)).isEmpty)
        #expect(book.counters.joinedBySpan == 1)
    }

    @Test func `without a report it is passed on after its wait and a late report is a repeat`() {
        var book = accustomed()
        #expect(saw(&book, seen(at: noon), at: noon) == .held)
        #expect(book.due(at: noon + .seconds(7)).isEmpty)
        #expect(book.due(at: noon + .seconds(8)) == [seen(at: noon)])
        #expect(saw(&book, report(at: noon, id: "late"), at: noon + .seconds(20)) == .repeated)
        #expect(saw(&book, report(at: noon, id: "late"), at: noon + .seconds(25)) == .repeated)
        #expect((book.counters.unreported, book.counters.repeats) == (1, 1))
    }

    @Test func `nothing waits where nobody reports`() {
        var book = SightingBook()
        #expect(saw(&book, seen(at: noon), at: noon) == .pass(seen(at: noon)))
        #expect(saw(&book, report(at: noon, id: "first"), at: noon + .seconds(5)) == .repeated)
        #expect(saw(&book, seen(at: noon + .seconds(6)), at: noon + .seconds(6)) == .held)
    }

    @Test func `a report that came first makes what is seen a repeat`() {
        var book = SightingBook()
        #expect(saw(&book, report(at: noon, id: "a"), at: noon) == .pass(report(at: noon, id: "a")))
        #expect(saw(&book, seen(at: noon + .milliseconds(30)), at: noon + .seconds(1)) == .repeated)
        #expect(saw(&book, seen(at: noon + .milliseconds(30)), at: noon + .seconds(1)) == .held, "one to one")
    }

    @Test func `a report sent again joins with nothing more`() {
        var book = accustomed()
        let report = report(at: noon, id: "again")
        _ = saw(&book, report, at: noon)
        #expect(saw(&book, seen(at: noon), at: noon) == .repeated)
        #expect(saw(&book, report, at: noon + .seconds(1)) == .pass(report), "the spool knows its id")
        #expect(saw(&book, seen(at: noon), at: noon + .seconds(1)) == .held)
    }

    @Test func `calls that are alike are joined one to one and none gets anothers content`() throws {
        var book = accustomed()
        for _ in 0..<3 { #expect(saw(&book, seen(at: noon), at: noon) == .held) }
        for number in 0..<2 {
            let told = saw(&book, report(at: noon, id: "\(number)"), at: noon + .seconds(5))
            guard case .pass(let call) = told else { throw Unexpected(told) }
            #expect(call.request.body == nil)
        }
        #expect(book.due(at: noon + .seconds(8)).count == 1)
        #expect((book.counters.ambiguous, book.counters.unreported) == (2, 1))
    }

    @Test(arguments: [
        ("/v1/refunds", 200, Duration.zero), ("/v1/charges", 402, .zero), ("/v1/charges", 200, .seconds(-1)),
        ("/v1/charges", 200, .seconds(2)),
    ])
    func `another path or status or time is another call`(path: String, status: Int, later: Duration) {
        var book = accustomed()
        #expect(saw(&book, seen(at: noon), at: noon) == .held)
        // An SDK begins earlier, never later; and it lasts until the answer came.
        var other = call(.json, at: noon - later, path: path, status: status)
        other.duration = .milliseconds(100)
        #expect(saw(&book, other, at: noon + .seconds(5)) == .pass(other))
        #expect(book.due(at: noon + .seconds(8)).count == 1)
    }

    @Test func `an SDK begins its call before the connection is made`() {
        var book = accustomed()
        #expect(saw(&book, seen(at: noon), at: noon) == .held)
        let slow = call(.otlp, at: noon - .seconds(3), lasting: .milliseconds(3_060))
        #expect(saw(&book, slow, at: noon + .seconds(5)) != .pass(slow))
        #expect(book.counters.joinedByLikeness == 1)
    }

    @Test func `whole seconds are compared with a second to spare`() {
        var book = accustomed()
        #expect(saw(&book, seen(at: noon), at: noon) == .held)
        let coarse = call(.json, at: Instant(secondsSinceEpoch: noon.secondsSinceEpoch), lasting: .milliseconds(40))
        #expect(saw(&book, coarse, at: noon + .seconds(5)) != .pass(coarse))
        #expect(book.counters.joinedByLikeness == 1)
    }

    @Test func `a connection that failed is the call that got no answer`() {
        var book = accustomed()
        var failed = APICall(
            time: noon, request: .init(method: "_OTHER", url: "https://api.stripe.com/"), source: .packets)
        (failed.partner, failed.error, failed.duration) = ("stripe", .connectRefused, .milliseconds(1))
        #expect(saw(&book, failed, at: noon) == .held)
        #expect(saw(&book, report(at: noon, id: "answered"), at: noon + .seconds(1)) != .repeated)
        #expect(book.counters.joinedByLikeness == 0)
        _ = saw(&book, report(at: noon - .milliseconds(5), id: "refused", status: nil), at: noon + .seconds(5))
        #expect(book.counters.joinedByLikeness == 1)
        #expect(book.due(at: noon + .seconds(9)).isEmpty)
    }

    @Test func `two spans are two calls however alike`() {
        var book = accustomed()
        #expect(saw(&book, seen(at: noon, span: SpanID(bits: 1)), at: noon) == .held)
        let other = report(at: noon, id: "b", span: SpanID(bits: 2))
        #expect(saw(&book, other, at: noon + .seconds(5)) == .pass(other))
        #expect(book.due(at: noon + .seconds(8)).count == 1)
    }

    @Test func `where an SDK sends its span along a call without one is not its`() {
        var book = accustomed(propagating: true)
        #expect(saw(&book, seen(at: noon), at: noon) == .held)
        let other = report(at: noon, id: "b", span: SpanID(bits: 2))
        #expect(saw(&book, other, at: noon + .seconds(5)) == .pass(other))
        #expect(book.due(at: noon + .seconds(8)).count == 1)
    }

    @Test func `an inbound call is found by the span of who sent it`() {
        var book = SightingBook()
        var (wire, told) = (seen(at: noon), report(at: noon + .milliseconds(300), id: "in"))
        (wire.direction, told.direction) = (.inbound, .inbound)
        (wire.parentSpanID, told.parentSpanID, told.spanID) = (span, span, SpanID(bits: 8))
        told.request.url = "http://127.0.0.1:8080/v1/charges"
        #expect(saw(&book, told, at: noon) == .pass(told))
        #expect(saw(&book, wire, at: noon + .seconds(1)) == .repeated)
    }

    @Test func `packets and probes and a report of one call are one`() throws {
        var book = accustomed()
        var packet = seen(at: noon)
        packet.source = .keylog
        packet.request.httpVersion = "1.1"
        #expect(saw(&book, seen(at: noon), at: noon) == .held)
        #expect(saw(&book, packet, at: noon + .seconds(1)) == .repeated)
        let told = saw(&book, report(at: noon, id: "a"), at: noon + .seconds(5))
        guard case .pass(let call) = told else { throw Unexpected(told) }
        #expect((call.request.httpVersion, call.request.body?.form) == ("1.1", .shape))
        #expect(book.due(at: noon + .seconds(60)).isEmpty)
    }

    @Test func `who saw the body knows what the status hides and a sampled call stands for itself`() throws {
        var book = accustomed()
        var wire = seen(at: noon)
        wire.outcome = .errorInSuccess
        var told = report(at: noon, id: "a")
        told.weight = 10
        _ = saw(&book, wire, at: noon)
        let verdict = saw(&book, told, at: noon + .seconds(5))
        guard case .pass(let call) = verdict else { throw Unexpected(verdict) }
        #expect((call.outcome, call.weight) == (.errorInSuccess, 1))
    }

    private func parts(_ url: String) -> (scheme: String, authority: String, host: String, path: String) {
        Array(url.utf8).withUnsafeBytes { bytes in
            let target = RequestTarget(bytes)
            func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
            return (text(target.scheme), text(target.authority), text(target.host), text(target.path))
        }
    }

    @Test func `hosts are compared as they are meant`() {
        #expect(parts("https://user@API.stripe.com:443?x=1") == ("https", "API.stripe.com", "API.stripe.com", ""))
        #expect(parts("http://[2001:db8::1]:8080/a/b#c") == ("http", "[2001:db8::1]:8080", "[2001:db8::1]", "/a/b"))
        #expect(parts("http://[::1]") == ("http", "[::1]", "[::1]", ""))
        #expect(parts("HTTPS://h:443/x?y=/z") == ("HTTPS", "h", "h", "/x"))
        #expect(parts("http://h:443") == ("http", "h:443", "h", ""))
        #expect(parts("") == ("", "", "", ""))
        #expect(parts("api.example/a@b:80") == ("", "api.example", "api.example", "/a@b:80"))
    }

    @Test func `what is written otherwise and means the same is alike, and what means another is not`() {
        func likeness(_ url: String, _ direction: Direction = .outbound, status: Int? = 200) -> UInt64 {
            var call = APICall(
                time: noon, direction: direction, request: .init(method: "GET", url: url), source: .packets)
            call.response = status.map { APICall.Response(status: $0) }
            return Sighting(call, by: .packets).likeness
        }
        let one = likeness("https://api.stripe.com/")
        #expect(likeness("HTTPS://user@API.Stripe.com:443?x=1") == one)
        #expect(likeness("https://api.stripe.com:8443/") != one)
        #expect(likeness("http://api.stripe.com/") != one)
        #expect(likeness("https://api.stripe.com/A") != likeness("https://api.stripe.com/a"))
        #expect(likeness("https://api.stripe.com/", .inbound) != one)
        #expect(likeness("https://api.stripe.com/", status: 404) != one)
        let failed = likeness("https://api.stripe.com/v1/charges", status: nil)
        #expect(failed != one && failed == likeness("http://API.stripe.com:80/", status: nil))
    }

    @Test func `memory finds what it remembers, latest first, while its ring grows and turns`() {
        var memory = SightingMemory()
        let sighting = Sighting(call(.packets, at: noon, span: span), by: .packets)
        let slot = SightingMemory.slot(ofNs: sighting.beganNs)
        func found(of span: SpanID?) -> [UInt64] {
            var ids: [UInt64] = []
            if let span {
                memory.forEach(of: span) { id, _ in
                    ids.append(id)
                    return ids.count < 3
                }
            } else {
                memory.forEach(likeness: sighting.likeness, slot: slot) { id, _ in
                    ids.append(id)
                    return true
                }
            }
            return ids
        }
        for id: UInt64 in 1...300 {
            #expect(memory.remember(sighting, until: noon) == id)
            if id > 200 { memory.forgetFirst() }
        }
        #expect(memory.count == 200 && memory[100] == nil && memory[301] == nil)
        #expect(found(of: nil) == Array((101...300).reversed()))
        #expect(found(of: span) == [300, 299, 298])
        #expect(!memory.holdsOther(than: .packets, likeness: sighting.likeness))
        #expect(memory.holdsOther(than: .report, likeness: sighting.likeness))
        for id: UInt64 in 101...300 { memory.note(.report, of: id) }
        #expect(!memory.holdsOther(than: .report, likeness: sighting.likeness))
        for _ in 0..<200 { memory.forgetFirst() }
        #expect(memory.count == 0 && found(of: nil).isEmpty && found(of: span).isEmpty)
        #expect(!memory.holdsOther(than: .probe, likeness: sighting.likeness))
    }

    @Test func `bounds let the oldest go and count it`() {
        var configuration = SightingBook.Configuration()
        (configuration.heldCallsMax, configuration.sightingsMax) = (3, 5)
        var book = SightingBook(configuration)
        _ = saw(&book, report(at: noon - .seconds(20), id: "before"), at: noon)
        for number in 0..<6 { _ = saw(&book, call(.probe, at: noon, path: "/\(number)"), at: noon) }
        #expect(book.due(at: noon).map { parts($0.request.url).path } == ["/0", "/1", "/2"])
        #expect((book.counters.heldEvictions, book.counters.sightingEvictions) == (3, 2))
        #expect(book.finish().count == 3)
        #expect(book.heldCount == 0)
    }

    @Test(arguments: 0..<20) func `in any order each call counts once`(seed: UInt64) {
        var random = Seeded(state: seed)
        var book = accustomed()
        var (kept, count) = (0, 0)
        var events: [(time: Instant, call: APICall)] = []
        for number in 0..<200 {
            let time = noon + .milliseconds(Int64(number * 37))
            let span: SpanID? = number % 3 == 0 ? SpanID(bits: UInt64(1_000 + number)) : nil
            let (isSeen, isReported) = (number % 5 != 0, number % 7 != 0)
            guard isSeen || isReported else { continue }
            count += 1
            // Apart enough that those told of by one witness only are not taken for one another's.
            var (wire, told) = (
                seen(at: time, span: span), report(at: time - .milliseconds(3), id: "\(number)", span: span)
            )
            (wire.request.url, told.request.url) = (
                "https://api.stripe.com/\(number % 50)", "https://api.stripe.com/\(number % 50)"
            )
            if isSeen { events.append((time + .milliseconds(Int64(random.next() % 1_200)), wire)) }
            if isReported { events.append((time + .milliseconds(Int64(random.next() % 15_000)), told)) }
        }
        for event in events.sorted(by: { $0.time < $1.time }) {
            kept += book.due(at: event.time).count
            if case .pass = saw(&book, event.call, at: event.time) { kept += 1 }
        }
        #expect(kept + book.finish().count == count)
    }
}

private struct Unexpected: Error {
    let verdict: SightingBook.Verdict
    init(_ verdict: SightingBook.Verdict) { self.verdict = verdict }
}

/// SplitMix64.
private struct Seeded {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

extension SightingBookTests {
    /// The row that a call is encoded as.
    private func asRow(_ call: APICall, _ arena: TextArena) -> CallRow {
        var row = CallRow()
        (row.time, row.duration, row.direction, row.source) = (call.time, call.duration, call.direction, call.source)
        (row.status, row.error, row.spanID) = (call.response?.status, call.error, call.spanID)
        (row.method, row.url) = (arena.copy(call.request.method), arena.copy(call.request.url))
        (row[.partner], row[.service]) = (arena.copy(call.partner ?? ""), arena.copy(call.service ?? ""))
        row.id = arena.copy(call.id ?? "")
        return row
    }

    private func sawAlone(_ book: inout SightingBook, _ call: APICall, at now: Instant) -> Bool {
        let sighting = withExtendedLifetime(TextArena()) { RowSighting(asRow(call, $0), by: .packets) }
        return book.sawAlone(sighting, at: now)
    }

    @Test func `a row is recognised by the same as its call`() {
        for path in ["", "/", "/v1/charges?a=b#c", ":443/x", ":8443", "/é"] {
            for status in [nil, 200] {
                for direction in [Direction.inbound, .outbound] {
                    var call = call(.packets, at: noon, path: path, status: status, span: span)
                    call.direction = direction
                    let one = Sighting(call, by: .packets)
                    let other = withExtendedLifetime(TextArena()) { Sighting(asRow(call, $0), by: .packets) }
                    #expect(one.likeness == other.likeness)
                    #expect(one.request == other.request)
                    #expect(one.group == other.group)
                    #expect(one.beganNs == other.beganNs)
                    #expect(one.endedNs == other.endedNs)
                    #expect(one.span == other.span)
                }
            }
        }
    }

    @Test func `a row that nobody told of is remembered, and its report is a repeat`() {
        var book = SightingBook()
        var seen = call(.packets, at: noon)
        seen.duration = .milliseconds(50)
        #expect(sawAlone(&book, seen, at: noon))
        #expect(book.counters.sightings == 1)
        #expect(saw(&book, report(at: noon, id: "r"), at: noon + .seconds(1)) == .repeated)
    }

    @Test func `a row is no row where a report of it came or is expected, and nothing has changed then`() {
        var reported = SightingBook()
        _ = saw(&reported, report(at: noon, id: "r"), at: noon)
        for var book in [reported, accustomed()] {
            let before = book.counters
            let seen = call(.packets, at: noon, lasting: .milliseconds(50))
            #expect(!sawAlone(&book, seen, at: noon + .seconds(1)))
            #expect(book.counters == before)
        }
        var book = SightingBook()
        #expect(
            !sawAlone(&book, call(.packets, at: noon, span: span), at: noon), "its span tells"
        )
    }
}
