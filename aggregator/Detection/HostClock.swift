import CallModel
import Rollups

/// Hosts' clocks, told by ours: a call's time is on the clock of its host, which may run ahead or behind.
///
/// A call cannot arrive before it was made, and the fastest arrivals of a host take hardly any time; so the least that "received
/// minus made" has been of late is how far its clock is off. Corrected by it a call is never in the future, and its age is
/// told as well as the fastest way allows.
public struct HostClock: Sendable {
    /// The least of the last one to two windows is used, so that a clock that was set is noticed.
    private static let window: Duration = .seconds(600)
    private static let hostsMax: NameID = 1_000_000

    private struct Lag: Sendable {
        var current = Int64.max
        var before = Int64.max
        var since: Int64
    }

    private var lags: [Lag?] = []

    public init() {}

    /// When a call was made, on our clock.
    public mutating func corrected(_ made: Instant, host: NameID, receivedAt: Instant) -> Instant {
        guard host > 0, host < Self.hostsMax else { return min(made, receivedAt) }
        if Int(host) >= lags.count { lags += Array(repeating: nil, count: Int(host) + 1 - lags.count) }
        let now = receivedAt.nanosecondsSinceEpoch
        let lag = now &- made.nanosecondsSinceEpoch
        var known = lags[Int(host)] ?? Lag(since: now)
        if now &- known.since > Self.window.nanoseconds {
            known = Lag(before: known.current, since: now)
        }
        known.current = min(known.current, lag)
        lags[Int(host)] = known
        return Instant(nanosecondsSinceEpoch: made.nanosecondsSinceEpoch &+ min(known.current, known.before))
    }
}

/// Our clock where nobody recorded when calls were received: the running median of the hosts' latest times.
public struct MedianClock: Sendable {
    private static let hostsMax = 100_000
    /// The median is taken again after so many calls, or when one of them runs ahead by a second.
    private static let stride = 64

    private var latest: [Int64] = []
    private var callsSince = 0
    public private(set) var now = Instant(nanosecondsSinceEpoch: .min)

    public init() {}

    public mutating func observe(_ made: Instant, host: NameID) {
        let place = Int(max(0, host))
        guard place < Self.hostsMax else { return }
        if place >= latest.count { latest += Array(repeating: .min, count: place + 1 - latest.count) }
        latest[place] = max(latest[place], made.nanosecondsSinceEpoch)
        callsSince += 1
        guard callsSince >= Self.stride || made > now + .seconds(1) else { return }
        callsSince = 0
        // Hosts that fell silent would hold the clock back.
        let oldest = (now - .seconds(600)).nanosecondsSinceEpoch
        let alive = latest.filter { $0 != .min && $0 >= oldest }.sorted()
        guard !alive.isEmpty else { return }
        now = max(now, Instant(nanosecondsSinceEpoch: alive[alive.count / 2]))
    }
}
