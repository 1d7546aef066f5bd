import CallModel
import Rollups
import Testing

@testable import Detection

struct WeekHoursTests {
    private let monday = Instant(rfc3339: "2026-11-02T00:00:00Z")!

    /// One partner, a call every five seconds; every weekday from 02:00 to 03:00 one in five is refused for its rate.
    private func weeks(_ count: Int, nights: Bool) -> Detector {
        var detector = Detector()
        var time = monday
        var number = 0
        while time < monday + .seconds(Int64(count) * 7 * 86_400) {
            let hour = time.secondsSinceEpoch / 3_600 % 24
            let day = time.secondsSinceEpoch / 86_400 % 7  // 4 is Monday.
            let isWeekend = day == 2 || day == 3
            number += 1
            var cell = CallCell(time: time, partner: 1, route: 2)
            if nights, hour == 2, !isWeekend, number % 5 == 0 { cell.symptom = Symptom(.rateLimited) }
            if number % 200 == 0 { cell.symptom = Symptom(.rateLimited) }
            let judged = detector.count(cell, teaches: true)
            if judged.symptom != .none { detector.test(judged) }
            time = time + .seconds(30)
        }
        return detector
    }

    @Test func `what is usual at an hour of the week is learned in weeks, for that hour alone`() {
        let detector = weeks(3, nights: true)
        let whole = SeriesKey(partner: 1, direction: .outbound, dimension: .partner, value: 0)
        let route = SeriesKey(partner: 1, direction: .outbound, dimension: .route, value: 2)
        func usual(_ key: SeriesKey, day: Int, hour: Double) -> Double {
            detector.usual(
                key, .rateLimited, at: monday + .seconds(21 * 86_400 + Int64((Double(day) * 24 + hour) * 3_600)))
        }
        for key in [whole, route] {
            // Of 20 % in truth: 240 calls of two Tuesdays stand against 300 at the share of all hours.
            #expect(usual(key, day: 1, hour: 2.5) > 0.08, "Tuesday night")
            #expect(usual(key, day: 1, hour: 14.5) < 0.03, "Tuesday noon")
            #expect(usual(key, day: 5, hour: 2.5) < 0.03, "Saturday night")
        }
    }

    @Test func `without a season every hour is alike`() {
        let detector = weeks(2, nights: false)
        let whole = SeriesKey(partner: 1, direction: .outbound, dimension: .partner, value: 0)
        for hour in 0..<24 {
            let usual = detector.usual(whole, .rateLimited, at: monday + .seconds(14 * 86_400 + Int64(hour) * 3_600))
            #expect(usual < 0.02, "hour \(hour): \(usual)")
        }
    }

    /// A flow that calls from 08:00 to 18:00 on weekdays, beside a fleet that never rests.
    /// - Parameter clocksSet: to summer time: from then on an hour earlier.
    private func silences(stopsAt stop: Instant?, clocksSet: Instant? = nil, weeks: Int64) -> [(
        at: Instant, missing: Double
    )] {
        var watch = SilenceWatch()
        var found: [(at: Instant, missing: Double)] = []
        var time = monday
        let end = monday + .seconds(weeks * 7 * 86_400)
        while time < end {
            let isSummer = clocksSet.map { time >= $0 } ?? false
            let hour = time.secondsSinceEpoch / 3_600 % 24 + (isSummer ? 1 : 0)
            let day = time.secondsSinceEpoch / 86_400 % 7
            let isOpen = (8..<18).contains(hour) && day != 2 && day != 3
            watch.observe(CallCell(time: time, partner: 2))
            if isOpen, stop.map({ time < $0 }) ?? true {
                watch.observe(CallCell(time: time, partner: 1, direction: .inbound))
            }
            time = time + .seconds(60)
            found += watch.look(at: time).silent.map { (time, $0.missing) }
        }
        return found
    }

    @Test func `a flow that rests at night and at weekends falls silent in no week after the first two`() {
        let late = silences(stopsAt: nil, weeks: 5).filter { $0.at > monday + .seconds(15 * 86_400) }
        #expect(late.isEmpty)
    }

    @Test func `when such a flow stops on a working day it is seen that day`() throws {
        let stop = monday + .seconds(4 * 7 * 86_400 + 10 * 3_600)
        let found = silences(stopsAt: stop, weeks: 5).filter { $0.at >= stop }
        let first = try #require(found.first)
        #expect(first.at - stop < .seconds(2 * 3_600), "\((first.at - stop).inSeconds) s")
    }

    @Test func `such a flow is not silent when the clocks are set, in spring or in autumn`() {
        let sunday = monday + .seconds(4 * 7 * 86_400 - 86_400)
        #expect(silences(stopsAt: nil, clocksSet: sunday, weeks: 6).allSatisfy { $0.at < sunday })
    }

    @Test func `a nightly batch that comes an hour off is as usual as it was`() {
        let detector = weeks(3, nights: true)
        let whole = SeriesKey(partner: 1, direction: .outbound, dimension: .partner, value: 0)
        for hour in [1.5, 2.5, 3.5] {
            let at = monday + .seconds(21 * 86_400 + Int64((24 + hour) * 3_600))
            #expect(detector.usual(whole, .rateLimited, at: at) > 0.08, "Tuesday, \(hour)")
        }
    }
}
