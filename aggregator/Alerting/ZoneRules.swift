import CallModel

/// By how much the clocks of a place differ from UTC, and when they are set: a named time zone's rules of today.
///
/// Turns and quiet hours are people's: nine in the morning is nine by the clock on the wall, in summer and in winter. Rules are
/// those of POSIX (IEEE 1003.1, `TZ`), which is how the time zone database states what holds from now on; what held in other years
/// is of no use here. A name that is not in the table can be replaced by such a rule.
public struct ZoneRules: Sendable, Equatable {
    /// `M3.5.0/3`: the last Sunday of March at three, by the clock that holds until then.
    struct Change: Sendable, Equatable {
        var month: Int
        /// 1...5; 5 is the last.
        var week: Int
        /// 0 is Sunday.
        var weekday: Int
        /// Seconds since midnight; it may lie on the day before or on one of the next six.
        var time: Int64
    }

    struct Summer: Sendable, Equatable {
        /// Seconds east of UTC.
        var offset: Int64
        var start: Change
        var end: Change
    }

    /// As it was given.
    public let name: String
    /// Seconds east of UTC, outside of summer.
    let offset: Int64
    let summer: Summer?

    /// - Parameter name: of a zone, such as `Europe/Berlin`, or a rule, such as `CET-1CEST,M3.5.0,M10.5.0/3`.
    public init?(_ name: String) {
        let rule = ZoneTable.rule(of: name) ?? name
        var reader = RuleReader(rule)
        guard name.utf8.count <= 100, let offset = reader.standard() else { return nil }
        self.name = name
        self.offset = offset
        if reader.isAtEnd {
            summer = nil
        } else {
            guard let summer = reader.summer(offset) else { return nil }
            self.summer = summer
        }
    }

    public func offset(at instant: Instant) -> Duration {
        guard let summer else { return .seconds(offset) }
        let second = instant.secondsSinceEpoch
        let year = CivilDay.year(of: second + offset)
        let start = summer.start.second(of: year) - offset
        let end = summer.end.second(of: year) - summer.offset
        // South of the equator summer spans the turn of the year.
        let isSummer = start < end ? start <= second && second < end : !(end <= second && second < start)
        return .seconds(isSummer ? summer.offset : offset)
    }

    /// When a clock there shows a time, in nanoseconds since the epoch as if it were UTC. Of an hour that comes twice the first; an
    /// hour that is left out is that after it.
    func instant(showing local: Instant) -> Instant {
        let early = local - offset(at: local - .seconds(86_400))
        let late = local - offset(at: local + .seconds(86_400))
        if early + offset(at: early) == local { return early }
        return late + offset(at: late) == local ? late : max(early, late)
    }
}

extension ZoneRules.Change {
    /// In seconds since the epoch, as if by UTC.
    func second(of year: Int64) -> Int64 {
        let first = CivilDay.number(year, month, 1)
        // 1970-01-01 was a Thursday.
        let firstWeekday = Int((first + 4) % 7 + 7) % 7
        var day = first + Int64((weekday - firstWeekday + 7) % 7 + 7 * (week - 1))
        let next = month == 12 ? CivilDay.number(year + 1, 1, 1) : CivilDay.number(year, month + 1, 1)
        while day >= next { day -= 7 }
        return day * 86_400 + time
    }
}

/// Days since 1970-01-01 of the Gregorian calendar.
private enum CivilDay {
    static func number(_ year: Int64, _ month: Int, _ day: Int) -> Int64 {
        // Years begin in March, so that the day that may be missing is the last.
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let ofEra = year - era * 400
        let ofYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }

    static func year(of second: Int64) -> Int64 {
        let day = second / 86_400
        var year = 1970 + day / 366
        while number(year + 1, 1, 1) <= day { year += 1 }
        while number(year, 1, 1) > day { year -= 1 }
        return year
    }
}

/// Reads `CET-1CEST,M3.5.0,M10.5.0/3`.
private struct RuleReader {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    /// POSIX counts westwards.
    mutating func standard() -> Int64? {
        guard abbreviation(), let west = time(hoursMax: 24) else { return nil }
        return -west
    }

    mutating func summer(_ standard: Int64) -> ZoneRules.Summer? {
        guard abbreviation() else { return nil }
        var offset = standard + 3_600
        if rest.first != UInt8(ascii: ",") {
            guard let west = time(hoursMax: 24) else { return nil }
            offset = -west
        }
        guard let start = change(), let end = change(), isAtEnd else { return nil }
        return ZoneRules.Summer(offset: offset, start: start, end: end)
    }

    private mutating func abbreviation() -> Bool {
        if take("<") {
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
            rest = rest[rest.index(after: end)...]
            return true
        }
        let letters = rest.prefix { (UInt8(ascii: "A")...UInt8(ascii: "z")).contains($0) }
        rest = rest.dropFirst(letters.count)
        return letters.count >= 3
    }

    private mutating func change() -> ZoneRules.Change? {
        guard take(","), take("M"), let month = number(max: 12), month > 0, take("."), let week = number(max: 5),
            week > 0, take("."), let weekday = number(max: 6)
        else { return nil }
        var seconds: Int64 = 7_200
        if take("/") {
            guard let time = time(hoursMax: 167) else { return nil }
            seconds = time
        }
        return ZoneRules.Change(month: month, week: week, weekday: weekday, time: seconds)
    }

    /// `[+-]hh[:mm[:ss]]`, in seconds.
    private mutating func time(hoursMax: Int) -> Int64? {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard let hours = number(max: hoursMax) else { return nil }
        var seconds = hours * 3_600
        for unit in [60, 1] where take(":") {
            guard let part = number(max: 59) else { return nil }
            seconds += part * unit
        }
        return Int64(isNegative ? -seconds : seconds)
    }

    private mutating func number(max: Int) -> Int? {
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard (1...3).contains(digits.count), let value = Int(Substring(digits)), value <= max else { return nil }
        rest = rest.dropFirst(digits.count)
        return value
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }
}
