import CallModel

/// How often a flow calls at each hour of the week.
struct FlowWeek: Sendable {
    /// Seconds. A gap of minutes that has ended is measured by the flow's pace alone; of many weeks nothing tells.
    static let gapMin = 300.0
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
    /// Of each hour and its neighbours the one with fewest counts: whoever calls may live by a clock that is set for the summer, on a
    /// day that differs by country, and for weeks after it what is known is a mixture of both.
    func expected(_ start: Instant, through end: Instant) -> Double? {
        let passed = end.seconds(since: start)
        guard passed > 0, passed <= Self.gapMax else { return nil }
        let now = Forgetting.epoch(of: end)
        var expected = 0.0
        var at = start
        while at < end {
            let epoch = Forgetting.epoch(of: at)
            guard var rate = rate(WeekHours.hour(of: epoch), epoch: now) else { return nil }
            for shift in WeekHours.clockShifts {
                rate = min(rate, self.rate(WeekHours.hour(of: epoch, shiftedBy: shift), epoch: now) ?? rate)
            }
            let hourEnd = min(end, Instant(secondsSinceEpoch: (at.secondsSinceEpoch / 3_600 + 1) * 3_600))
            expected += rate * hourEnd.seconds(since: at)
            at = hourEnd
        }
        return expected
    }

    /// Calls a second.
    private func rate(_ hour: Int, epoch now: Int32) -> Double? {
        var (known, came) = (0.0, 0.0)
        seconds.forEachAlike(hour) { hour in
            known += seconds.amount(hour, epoch: now)
            came += calls.amount(hour, epoch: now)
        }
        return known > 0 ? came / known : nil
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
