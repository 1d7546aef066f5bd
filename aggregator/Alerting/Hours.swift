import CallModel

/// Hours of the week, at a fixed offset from UTC or by a zone's clocks: business hours, or the hours of the night.
///
/// A window belongs to the day on which it begins: 22:00 to 07:00 on Friday ends on Saturday morning. By a zone's clocks a window
/// is as long as those clocks show: the night in which they are set is an hour shorter or longer.
public struct Hours: Sendable, Equatable {
    /// Days on which a window begins: 1 for Monday to 7 for Sunday (ISO 8601).
    public var days: Set<Int>
    /// Minutes since midnight, 0..<1440.
    public var from: Int
    /// 1...1440. At or before `from`: on the next day.
    public var until: Int
    /// Where there is no zone.
    public var offset: Duration
    public var zone: ZoneRules?
    /// Whether the hours meant are those outside: business hours are when people are not quiet.
    public var isOutside: Bool

    public init(
        days: Set<Int> = Set(1...7), from: Int, until: Int, offset: Duration = .zero, zone: ZoneRules? = nil,
        isOutside: Bool = false
    ) {
        self.days = days
        self.from = from
        self.until = until
        self.offset = offset
        self.zone = zone
        self.isOutside = isOutside
    }

    public func contains(_ instant: Instant) -> Bool { isInWindow(minute(of: instant)) != isOutside }

    /// When it will be otherwise than it is now; nil where it never will.
    public func nextChange(after now: Instant) -> Instant? {
        let current = contains(now)
        let minute = minute(of: now)
        let day = minute.quotient(of: Self.dayMinutes)
        // A window ends at most a day after it began, so a week and a day see every change.
        let edges = (-1...8).flatMap { ahead in
            let start = (day + Int64(ahead)) * Self.dayMinutes + Int64(from)
            return [start, start + Int64(length)]
        }
        return edges.sorted().lazy.filter { $0 > minute && (self.isInWindow($0) != self.isOutside) != current }.first
            .map { instant(showing: Instant(secondsSinceEpoch: $0 * 60)) }
    }

    private static let dayMinutes: Int64 = 1_440

    private var length: Int { until > from ? until - from : until - from + 1_440 }

    private func minute(of instant: Instant) -> Int64 {
        (instant + (zone?.offset(at: instant) ?? offset)).secondsSinceEpoch.quotient(of: 60)
    }

    private func instant(showing local: Instant) -> Instant { zone?.instant(showing: local) ?? local - offset }

    private func isInWindow(_ minute: Int64) -> Bool {
        let day = minute.quotient(of: Self.dayMinutes)
        let ofDay = minute - day * Self.dayMinutes
        if days.contains(Self.weekday(day)), Int64(from) <= ofDay, ofDay < Int64(from + length) { return true }
        // What began yesterday.
        return days.contains(Self.weekday(day - 1)) && ofDay + Self.dayMinutes < Int64(from + length)
    }

    /// 1970-01-01 was a Thursday.
    private static func weekday(_ day: Int64) -> Int { Int((day + 3) - (day + 3).quotient(of: 7) * 7) + 1 }
}

extension Int64 {
    /// Rounded down, for times before 1970, too.
    fileprivate func quotient(of divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
