import CallModel
import Detection
import Glibc

/// Evidence that an incident is over: the same sum as opens one, the other way round.
///
/// Every call adds the log likelihood ratio of "back to usual" against "failing as of late", and the sum never falls below
/// nothing. A pause is no recovery: evidence must also be old enough to outlast a flapping partner's good half-minutes.
struct Recovery: Sendable {
    /// Evidence to end an incident, in nats, and more the more failures there were: each was a chance to err.
    static let evidenceMin = 6.0
    static let durationMin: Duration = .seconds(80)
    /// Of late: the share that fails is forgotten by halves.
    static let halfLife = 150.0

    private var calls = 0.0
    private var failures = 0.0
    private var waiting = 0.0
    private(set) var evidence = 0.0
    /// When what may be the recovery began.
    private(set) var since: Instant?
    private(set) var lastCall: Instant?
    private(set) var lastFailure: Instant?

    /// The share that failed of late, of a hypothesis's calls at first.
    var share: Double { calls > 0 ? failures / calls : 0 }

    init(calls: Double = 0, failures: Double = 0) {
        // What opened it speaks for the share that is failing, but not for ever.
        let kept = min(1, 60 / max(calls, 1))
        self.calls = calls * kept
        self.failures = failures * kept
    }

    mutating func observe(_ count: Double, failed: Bool, usual: Double, at time: Instant) {
        let p = min(max(usual, 3e-4), 0.5)
        let q = min(0.9, max(share, p * 2, p + 0.01))
        if lastCall.map({ time > $0 }) ?? true { lastCall = time }
        if failed {
            failedOfLate(count, at: time)
            evidence += count * log(p / q)
        } else {
            // Joins the share with the next failure: what may be the recovery must not dilute what it is judged by.
            waiting += count
            if evidence <= 0 { since = time }
            evidence += count * log((1 - p) / (1 - q))
        }
        if evidence <= 0 {
            evidence = 0
            since = nil
        }
        evidence = min(evidence, 40)
    }

    /// - Parameter failuresSeen: of the whole incident.
    func isOver(at now: Instant, failuresSeen: Double) -> Bool {
        guard let since else { return false }
        return evidence >= Self.evidenceMin + 0.5 * log(max(1, failuresSeen)) && now - since >= Self.durationMin
    }

    private mutating func failedOfLate(_ count: Double, at time: Instant) {
        if let lastFailure, time > lastFailure {
            let kept = exp2(-time.seconds(since: lastFailure) / Self.halfLife)
            calls *= kept
            failures *= kept
        }
        calls += count + waiting
        failures += count
        waiting = 0
        if lastFailure.map({ time > $0 }) ?? true { lastFailure = time }
    }
}

extension Recovery {
    init(_ reader: inout StateReader) throws(StateError) {
        calls = try reader.double()
        failures = try reader.double()
        waiting = try reader.double()
        evidence = try reader.double()
        since = try reader.optional { (reader) throws(StateError) in try reader.instant() }
        lastCall = try reader.optional { (reader) throws(StateError) in try reader.instant() }
        lastFailure = try reader.optional { (reader) throws(StateError) in try reader.instant() }
    }

    func write(to writer: inout StateWriter) {
        for value in [calls, failures, waiting, evidence] { writer.put(value) }
        for instant in [since, lastCall, lastFailure] { writer.put(instant) { $0.put($1) } }
    }
}
