import CallModel
import Testing

@testable import Impact

/// What partners' trouble did to our own requests, told as a timeline in microseconds.
struct ImpactReportTests {
    private let stripe: Int32 = 1
    private let checkout: Int32 = 10
    private let charge: Int32 = 20

    /// A request of 100 ms every 200 ms, on one host, with a call to the partner inside.
    private func requests(
        _ count: Int, from start: Int64 = 0, customer: Int32 = 5, isTraced: Bool = true,
        call: (Int) -> Outcome? = { _ in .success }, request: (Int) -> Outcome = { _ in .success },
        callTime: Int64 = 50_000
    ) -> [ImpactCall] {
        (0..<count).flatMap { number in
            let time = start + Int64(number) * 200_000
            let trace = isTraced ? TraceID(hex: String(repeating: "0", count: 24) + digits(number + 1)) : nil
            var calls = [
                ImpactCall(
                    isInbound: true, start: time, end: time + callTime + 50_000, host: 1, route: checkout,
                    customer: customer,
                    outcome: request(number), traceID: trace)
            ]
            if let outcome = call(number) {
                calls.append(
                    ImpactCall(
                        isInbound: false, start: time + 10_000, end: time + 10_000 + callTime, host: 1, partner: stripe,
                        route: charge, outcome: outcome, traceID: trace))
            }
            return calls
        }
    }

    private func digits(_ number: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 8 - text.utf8.count) + text
    }

    private func report(_ calls: [ImpactCall], earlier: [ImpactCall] = []) -> ImpactReport {
        ImpactReport(
            [ImpactWindow(calls: calls, countsUntil: .max)], earlier: [ImpactWindow(calls: earlier, countsUntil: .max)])
    }

    @Test func `a request that fails with its partner's call is put down to the partner, others are not`() {
        // Every tenth call fails, and its request with it; every twentieth request fails by our own fault.
        let found = report(
            requests(
                1_000, call: { $0 % 10 == 0 ? .serverError : .success },
                request: { $0 % 10 == 0 || $0 % 20 == 7 ? .serverError : .success }))
        #expect(found.all.requests == 1_000 && found.all.failed == 150)
        #expect(abs(found.all.failedBecause.count - 94.4) < 1, "100, less those that would have failed anyway")
        #expect(found.all.failedBecause.confidence > 0.999)
        #expect(found.all.failedBecause.low > 80 && found.all.failedBecause.high < 110)
        #expect(found.routes[checkout]?.failedBecause == found.all.failedBecause)
        #expect(found.partners[stripe]?.troubled == 100)
        #expect(found.tracedCalls == 1_000 && found.timedCalls == 0)
    }

    @Test func `a failure that our code catches is no impact`() {
        let found = report(requests(1_000, call: { $0 % 10 == 0 ? .serverError : .success }))
        #expect(found.all.failedBecause.count == 0 && found.all.failedBecause.confidence == 0)
        #expect(found.all.troubled == 100)
    }

    @Test func `in a total outage the time before says what is usual`() {
        let found = report(
            requests(100, call: { _ in .noAnswer(.connectRefused) }, request: { _ in .serverError }),
            earlier: requests(500, request: { $0 % 100 == 0 ? .serverError : .success }))
        #expect(found.all.failedBecause.count == 99)
        #expect(found.all.failedBecause.confidence > 0.999)
    }

    @Test func `without traces calls within the time of one request of the host are its own`() {
        let found = report(
            requests(
                400, isTraced: false, call: { $0 % 4 == 0 ? .noAnswer(.responseTimeout) : .success },
                request: { $0 % 4 == 0 ? .serverError : .success }))
        #expect(found.timedCalls == 400 && found.ambiguousCalls == 0 && found.tracedCalls == 0)
        #expect(found.all.failedBecause.count == 100)
    }

    @Test func `where requests overlap the sum stays right`() {
        // Two streams of requests on one host: the calls of one fail, and its requests; the other calls nobody.
        var calls = requests(
            2_000, isTraced: false, call: { $0 % 10 == 0 ? .serverError : .success },
            request: { $0 % 10 == 0 ? .serverError : .success })
        calls += requests(2_000, from: 5_000, customer: 6, isTraced: false, call: { _ in nil })
        let found = report(calls.sorted { $0.start < $1.start })
        #expect(found.ambiguousCalls == 2_000)
        #expect(abs(found.all.failedBecause.count - 200) < 20, "\(found.all.failedBecause)")
        #expect(found.all.failedBecause.confidence > 0.99)
    }

    @Test func `two traces on one host are two stories`() {
        let other = TraceID(hex: String(repeating: "a", count: 32))
        let found = report([
            ImpactCall(isInbound: true, start: 0, end: 100_000, host: 1, route: checkout, traceID: other),
            ImpactCall(
                isInbound: false, start: 10_000, end: 50_000, host: 1, partner: stripe, outcome: .serverError,
                traceID: TraceID(hex: String(repeating: "b", count: 32))),
        ])
        #expect(found.callsAlone == 1 && found.all.troubled == 0)
    }

    @Test func `a call that outlives its request belongs to none`() {
        let found = report([
            ImpactCall(isInbound: true, start: 0, end: 100_000, host: 1, route: checkout),
            ImpactCall(
                isInbound: false, start: 50_000, end: 30_000_000, host: 1, partner: stripe, outcome: .serverError),
        ])
        #expect(found.callsAlone == 1)
    }

    @Test func `slow calls cost their requests what they took beyond the usual`() {
        let found = report(requests(100, callTime: 350_000), earlier: requests(100))
        #expect(found.all.slowed == 100)
        #expect(found.all.extraMilliseconds == 30_000)
        #expect(found.all.millisecondsWith == 400)
    }

    @Test func `each customer's part is its own`() {
        let calls =
            requests(200, customer: 5, call: { $0 < 100 ? .serverError : .success }) {
                $0 < 100 ? .serverError : .success
            }
            + requests(200, from: 100_000_000, customer: 6)
        let found = report(calls)
        #expect(found.customers[5]?.failedBecause.count == 100)
        #expect(found.customers[6]?.failedBecause.count == 0)
    }

    @Test func `a single request tells little, and says so`() {
        let found = report(requests(1, call: { _ in .serverError }, request: { _ in .serverError }))
        #expect(found.all.failedBecause.count == 1)
        #expect(found.all.failedBecause.low == 0 && found.all.failedBecause.confidence < 0.7)
    }

    @Test func `windows that overlap count each request and each call once`() {
        let calls = requests(100)
        let half = Int64(50 * 200_000)
        let found = ImpactReport(
            [
                ImpactWindow(calls: calls, countsUntil: half),
                ImpactWindow(calls: calls.filter { $0.start >= half }, countsUntil: .max),
            ], earlier: [])
        #expect(found.all.requests == 100 && found.tracedCalls == 100 && found.callsAlone == 0)
    }
}
