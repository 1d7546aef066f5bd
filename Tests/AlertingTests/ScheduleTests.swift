import CallModel
import Incidents
import Testing

@testable import Alerting

/// Whose turn it is, across midnights and month ends.
/// Nine o'clock is nine o'clock, whatever the clocks are set to.
struct SummerTimeTests {
    private let handOver = Instant(rfc3339: "2026-01-05T09:00:00+01:00")!

    @Test func `who takes over at nine on Monday does so in summer and in winter`() throws {
        let schedule = OnCallSchedule(
            participants: [.init(name: "Ann", channel: "ann"), .init(name: "Bea", channel: "bea")], handOver: handOver,
            every: .seconds(7 * 86_400), zone: ZoneRules("Europe/Berlin"))
        var now = handOver
        var names: [String] = []
        for week in 1...52 {
            let next = schedule.nextHandOver(after: now)
            let isSummer = (12...41).contains(week)
            #expect(next == handOver + .seconds(week * 7 * 86_400 - (isSummer ? 3_600 : 0)), "week \(week)")
            names += [schedule.participant(at: next - .seconds(1)).name, schedule.participant(at: next).name]
            now = next
        }
        #expect(names == (1...52).flatMap { $0 % 2 == 1 ? ["Ann", "Bea"] : ["Bea", "Ann"] })
    }

    @Test func `turns of six hours follow without gap through the night in which the clocks are set`() {
        let start = Instant(rfc3339: "2026-10-24T20:00:00+02:00")!
        let schedule = OnCallSchedule(
            participants: (0..<4).map { .init(name: "\($0)", channel: "c\($0)") }, handOver: start,
            every: .seconds(6 * 3_600), zone: ZoneRules("Europe/Berlin"))
        var now = start
        let lengths = (0..<4).map { _ in
            let next = schedule.nextHandOver(after: now)
            defer { now = next }
            return Int((next - now).inSeconds / 3_600)
        }
        #expect(lengths == [6, 7, 6, 6], "from two, which came twice, until eight")
    }

    @Test func `quiet hours end at seven by the clock on the wall`() {
        let nights = Hours(from: 1_320, until: 420, zone: ZoneRules("Europe/Berlin"))
        #expect(nights.contains(Instant(rfc3339: "2026-07-01T04:59:00Z")!))
        #expect(!nights.contains(Instant(rfc3339: "2026-07-01T05:00:00Z")!))
        #expect(nights.contains(Instant(rfc3339: "2026-12-01T05:59:00Z")!))
        #expect(
            nights.nextChange(after: Instant(rfc3339: "2026-03-28T23:00:00Z")!)
                == Instant(rfc3339: "2026-03-29T05:00:00Z"))
    }
}

struct ScheduleTests {
    private let ann = OnCallSchedule.Participant(name: "Ann", channel: "ann")
    private let bea = OnCallSchedule.Participant(name: "Bea", channel: "bea")
    private let cyd = OnCallSchedule.Participant(name: "Cyd", channel: "cyd")

    private func at(_ text: String) -> Instant { Instant(rfc3339: text) ?? .epoch }

    @Test func `weeks are handed over on a Monday at nine of a fixed offset, over month and year ends`() {
        let weeks = OnCallSchedule(
            participants: [ann, bea, cyd], handOver: at("2026-12-21T09:00:00+01:00"), every: .seconds(7 * 86_400))
        for (time, name) in [
            ("2026-12-21T07:59:59Z", "Cyd"), ("2026-12-21T08:00:00Z", "Ann"), ("2026-12-28T07:59:59Z", "Ann"),
            ("2026-12-28T08:00:00Z", "Bea"), ("2026-12-31T23:59:59Z", "Bea"), ("2027-01-01T00:00:00Z", "Bea"),
            ("2027-01-04T08:00:00Z", "Cyd"), ("2027-02-01T07:00:00Z", "Cyd"), ("2027-02-01T08:00:00Z", "Ann"),
            ("2026-11-30T08:00:00Z", "Ann"),
        ] {
            #expect(weeks.participant(at: at(time)).name == name, "\(time)")
        }
        #expect(weeks.nextHandOver(after: at("2026-12-30T00:00:00Z")) == at("2027-01-04T08:00:00Z"))
        #expect(weeks.nextHandOver(after: at("2027-01-04T08:00:00Z")) == at("2027-01-11T08:00:00Z"))
    }

    @Test func `twelve hours at a time cross midnight`() {
        let days = OnCallSchedule(
            participants: [ann, bea], handOver: at("2026-02-28T20:00:00Z"), every: .seconds(43_200))
        #expect(days.participant(at: at("2026-02-28T23:59:59Z")).name == "Ann")
        #expect(days.participant(at: at("2026-03-01T00:00:00Z")).name == "Ann")
        #expect(days.participant(at: at("2026-03-01T08:00:00Z")).name == "Bea")
        #expect(days.participant(at: at("2026-03-01T20:00:00Z")).name == "Ann")
    }

    @Test func `over a change to and from summer time somebody is on call at every second, and one alone`() {
        // Europe's clocks went back on 2026-10-25 and go forward on 2027-03-28; an offset is fixed, and so are the
        // turns.
        let weeks = OnCallSchedule(
            participants: [ann, bea], handOver: at("2026-10-19T09:00:00+02:00"), every: .seconds(7 * 86_400))
        for (time, name) in [
            ("2026-10-25T02:30:00+02:00", "Ann"), ("2026-10-25T02:30:00+01:00", "Ann"),
            ("2026-10-26T07:59:59+01:00", "Ann"), ("2026-10-26T08:00:00+01:00", "Bea"),
            ("2027-03-28T01:59:59+01:00", "Ann"), ("2027-03-28T03:00:00+02:00", "Ann"),
            ("2027-03-29T08:59:59+02:00", "Ann"), ("2027-03-29T09:00:00+02:00", "Bea"),
        ] {
            #expect(weeks.participant(at: at(time)).name == name, "\(time)")
        }
        var (now, turns) = (at("2026-10-19T07:00:00Z"), 0)
        while now < at("2027-04-05T00:00:00Z") {
            let next = weeks.nextHandOver(after: now)
            #expect(next - now == .seconds(7 * 86_400), "turn \(turns) is as long as each")
            #expect(weeks.participant(at: now).name == (turns % 2 == 0 ? "Ann" : "Bea"))
            (now, turns) = (next, turns + 1)
        }
        #expect(turns == 24)
    }

    @Test func `an override stands in for its time, to the second`() {
        let override = OnCallSchedule.Override(
            from: at("2026-03-01T12:00:00Z"), until: at("2026-03-01T18:00:00Z"), participant: cyd)
        let days = OnCallSchedule(
            participants: [ann], handOver: at("2026-03-01T00:00:00Z"), every: .seconds(86_400), overrides: [override])
        #expect(days.participant(at: at("2026-03-01T11:59:59Z")).name == "Ann")
        #expect(days.participant(at: at("2026-03-01T12:00:00Z")).name == "Cyd")
        #expect(days.participant(at: at("2026-03-01T18:00:00Z")).name == "Ann")
        #expect(days.nextHandOver(after: at("2026-03-01T01:00:00Z")) == at("2026-03-01T12:00:00Z"))
        #expect(OnCallSchedule.overlap(in: [override, override]) == override)
        let next = OnCallSchedule.Override(
            from: override.until, until: override.until + .seconds(60), participant: bea)
        #expect(OnCallSchedule.overlap(in: [next, override]) == nil)
    }

    @Test func `hours of the night belong to the evening on which they begin`() {
        // Friday and Saturday, 22:00 to 07:00 at +01:00. 2026-11-20 is a Friday.
        let nights = Hours(days: [5, 6], from: 1_320, until: 420, offset: .seconds(3_600))
        for (time, isNight) in [
            ("2026-11-20T20:59:59Z", false), ("2026-11-20T21:00:00Z", true), ("2026-11-21T05:59:59Z", true),
            ("2026-11-21T06:00:00Z", false), ("2026-11-21T23:30:00Z", true), ("2026-11-22T21:30:00Z", false),
            ("2026-11-30T22:00:00Z", false),
        ] {
            #expect(nights.contains(at(time)) == isNight, "\(time)")
        }
        #expect(nights.nextChange(after: at("2026-11-20T22:00:00Z")) == at("2026-11-21T06:00:00Z"))
        #expect(nights.nextChange(after: at("2026-11-22T06:00:00Z")) == at("2026-11-27T21:00:00Z"))
    }

    @Test func `hours that never end have no change, and whole days join`() {
        #expect(Hours(from: 0, until: 1_440).nextChange(after: Timeline.start) == nil)
        let weekend = Hours(days: [6, 7], from: 0, until: 1_440)
        #expect(weekend.contains(at("2026-11-21T23:59:59Z")) && weekend.contains(at("2026-11-22T00:00:00Z")))
        #expect(weekend.nextChange(after: at("2026-11-21T12:00:00Z")) == at("2026-11-23T00:00:00Z"))
    }

    @Test func `each minute of two weeks agrees with the next change that is foretold`() {
        let hours = Hours(days: [1, 3, 7], from: 1_380, until: 60, offset: .seconds(-12_600))
        var now = at("2026-12-24T00:00:30Z")
        var next = hours.nextChange(after: now)
        for _ in 0..<20_160 {
            let before = hours.contains(now)
            now = now + .seconds(60)
            let isChanged = hours.contains(now) != before
            #expect(isChanged == (next.map { $0 <= now } ?? false))
            if isChanged { next = hours.nextChange(after: now) }
        }
    }

    @Test func `whoever goes on call hears of what is open, acknowledged or not`() {
        let schedule = OnCallSchedule(
            participants: [ann, bea], handOver: Timeline.start - .seconds(3_600), every: .seconds(7_200))
        var night = Timeline {
            $0.owners = [
                Owner(
                    name: "payments", matchers: [Matcher(.partner, "stripe")],
                    steps: [Step(Step.onCall), Step("team")], schedule: schedule)
            ]
        }
        night.handle(.opened, outage())
        night.apply(.acknowledge)
        night.wait(.seconds(4_000))
        #expect(night.news() == ["0 ann opened", "3600 bea updated"])
        #expect(night.messages[0].summary.contains("Owner: payments, on call: Ann."))
        #expect(night.messages[1].reason == "on call from now: Bea")
        night.handle(.resolved, outage().resolved(at: night.now))
        #expect(night.news() == ["4000 ann resolved", "4000 bea resolved"])
    }
}
