import CallModel

/// How often a flow calls at each hour of the week.
struct FlowWeek: Sendable {
    /// Seconds. For a gap of minutes the flow's pace does; for one of many weeks nothing does.
    private static let gapMin = 300.0
    private static let gapMax = 14 * 86_400.0

    private var calls = WeekHours()
    private var seconds = WeekHours()
    /// Of the running epoch, not added yet.
    private var fresh = (calls: 0.0, seconds: 0.0)
    private var epoch = Int32.min

    /// A silence that comes back every week is a rhythm: it is learned like everything else.
    mutating func learn(_ count: Double, seconds passed: Double, at now: Instant) {
        let epoch = Forgetting.epoch(of: now)
        if epoch != self.epoch {
            settle()
            self.epoch = epoch
        }
        fresh.calls += count
        fresh.seconds += passed
    }

    private mutating func settle() {
        guard epoch != .min else { return }
        seconds.add(fresh.seconds, epoch: epoch)
        if fresh.calls > 0 { calls.add(fresh.calls, epoch: epoch) }
        fresh = (0, 0)
    }

    /// Calls that the hours of a gap usually have; nil while one of them is not known.
    ///
    /// The least of what they have on this clock and on one that goes an hour earlier or later: whoever calls may live by a clock
    /// that is set for the summer, on a day that differs by country, and a rhythm that comes an hour off is the same rhythm.
    func expected(_ start: Instant, through end: Instant) -> Double? {
        let passed = end.seconds(since: start)
        guard passed > Self.gapMin, passed <= Self.gapMax else { return nil }
        guard let asUsual = expected(start, through: end, shiftedBy: 0) else { return nil }
        return WeekHours.clockShifts.reduce(asUsual) { min($0, expected(start, through: end, shiftedBy: $1) ?? $0) }
    }

    private func expected(_ start: Instant, through end: Instant, shiftedBy hours: Int) -> Double? {
        var expected = 0.0
        var at = start
        let now = Forgetting.epoch(of: end)
        while at < end {
            let hour = WeekHours.hour(of: Forgetting.epoch(of: at), shiftedBy: hours)
            let alike = seconds.alike(hour)
            let known = alike.reduce(0) { $0 + seconds.amount($1, epoch: now) }
            guard known > 0 else { return nil }
            let hourEnd = min(end, Instant(secondsSinceEpoch: (at.secondsSinceEpoch / 3_600 + 1) * 3_600))
            expected += alike.reduce(0) { $0 + calls.amount($1, epoch: now) } / known * hourEnd.seconds(since: at)
            at = hourEnd
        }
        return expected
    }
}

extension FlowWeek {
    init(_ reader: inout StateReader) throws(StateError) {
        calls = try WeekHours(&reader)
        seconds = try WeekHours(&reader)
        fresh = (try reader.double(), try reader.double())
        epoch = try reader.next()
    }

    func write(to writer: inout StateWriter) {
        calls.write(to: &writer)
        seconds.write(to: &writer)
        writer.put(fresh.calls)
        writer.put(fresh.seconds)
        writer.put(epoch)
    }
}
