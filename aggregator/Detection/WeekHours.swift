import Glibc

/// An amount for each hour of the week (UTC), forgotten by halves in four weeks.
///
/// Partners and fleets live by the hour and the weekday: a nightly batch that is slow, a Monday morning of refused requests, a
/// webhook that rests at weekends. What an hour was like is believed when it was seen in two weeks; until then the same
/// hour of all days is, when it was seen on three.
struct WeekHours: Sendable {
    static let count = 168
    private static let halfLifeEpochs = 4 * 7 * 288.0
    private static let epochsPerHour: Int32 = 12
    private static let epochsPerWeek: Int32 = 12 * 168
    private static let weeksMin = 2
    private static let daysMin = 3

    private var amounts = [Float](repeating: 0, count: WeekHours.count)
    /// Of the last addition.
    private var epochs = [Int32](repeating: .min, count: WeekHours.count)
    /// Weeks in which the hour was seen.
    private var weeks = [UInt8](repeating: 0, count: WeekHours.count)

    /// The hour of the week: 0 is Thursday's first, as 1970 began.
    static func hour(of epoch: Int32, shiftedBy hours: Int = 0) -> Int {
        (Int((epoch / epochsPerHour) % Int32(count)) + hours + count) % count
    }

    /// Hours by which the clock that a rhythm follows may be off: it is set in spring and autumn, on days that differ by country, and
    /// neither is a partner's country known nor whose clock starts its batches.
    static let clockShifts = [-1, 1]

    @inline(__always)
    mutating func add(_ amount: Double, epoch: Int32) {
        let hour = Self.hour(of: epoch)
        if epochs[hour] != epoch {
            if epochs[hour] == .min || epoch / Self.epochsPerWeek != epochs[hour] / Self.epochsPerWeek {
                weeks[hour] = min(weeks[hour], 254) + 1
            }
            if epochs[hour] != .min { amounts[hour] *= Float(Self.kept(epoch &- epochs[hour])) }
            epochs[hour] = epoch
        }
        amounts[hour] += Float(amount)
    }

    private static func kept(_ passed: Int32) -> Double { passed <= 0 ? 1 : exp2(-Double(passed) / halfLifeEpochs) }

    func amount(_ hour: Int, epoch now: Int32) -> Double {
        epochs[hour] == .min ? 0 : Double(amounts[hour]) * Self.kept(now &- epochs[hour])
    }

    /// The hours that tell what this one is like; none where too little was seen.
    @inline(__always)
    func forEachAlike(_ hour: Int, _ body: (Int) -> Void) {
        if weeks[hour] >= Self.weeksMin { return body(hour) }
        var days = 0
        for daily in stride(from: hour % 24, to: Self.count, by: 24) where weeks[daily] > 0 { days += 1 }
        guard days >= Self.daysMin else { return }
        for daily in stride(from: hour % 24, to: Self.count, by: 24) where weeks[daily] > 0 { body(daily) }
    }
}

/// How much more often a symptom is usual at an hour of the week than it is otherwise.
enum Season {
    /// So many calls at the overall share stand against an hour's own.
    private static let priorCalls = 300.0
    private static let factorMax = 30.0

    /// At least 1: an hour that is usually better is not held to that. The most of the hour's on this clock and on one that goes an
    /// hour earlier or later.
    static func factor(_ calls: WeekHours, _ failures: WeekHours, share: Double, epoch: Int32) -> Double {
        let hour = WeekHours.hour(of: epoch)
        return WeekHours.clockShifts.reduce(factor(calls, failures, share, hour, epoch)) {
            max($0, factor(calls, failures, share, WeekHours.hour(of: epoch, shiftedBy: $1), epoch))
        }
    }

    private static func factor(
        _ calls: WeekHours, _ failures: WeekHours, _ share: Double, _ hour: Int, _ epoch: Int32
    ) -> Double {
        var (seen, failed) = (0.0, 0.0)
        calls.forEachAlike(hour) { hour in
            seen += calls.amount(hour, epoch: epoch)
            failed += failures.amount(hour, epoch: epoch)
        }
        guard failed > 0, share > 0 else { return 1 }
        let own = (failed + priorCalls * share) / (seen + priorCalls)
        return min(factorMax, max(1, own / share))
    }
}

extension WeekHours {
    init(_ reader: inout StateReader) throws(StateError) {
        for hour in try reader.array({ (reader) throws(StateError) in Int(try reader.next() as UInt8) }) {
            guard hour < Self.count else { throw .malformed("an hour of the week") }
            amounts[hour] = try reader.float()
            epochs[hour] = try reader.next()
            weeks[hour] = try reader.next()
        }
    }

    func write(to writer: inout StateWriter) {
        let seen = epochs.indices.filter { epochs[$0] != .min }
        writer.put(seen) { $0.put(UInt8($1)) }
        for hour in seen {
            writer.put(amounts[hour])
            writer.put(epochs[hour])
            writer.put(weeks[hour])
        }
    }
}
