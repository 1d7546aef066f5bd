/// Decides which batch goes when and where, and what becomes of it: a value without clock, network or disk.
///
/// Batches go oldest first, a few at once, while few wait. When many wait, after an outage, three of four are the newest and the
/// fourth is the oldest: detection sees what happens now within seconds, and the backlog drains all the same
/// (docs/decisions/live-first.md). An answer settles a batch (acknowledged, or refused for good) or keeps it; whatever is not
/// settled is sent again. After a failure everything waits, longer each time, and then a single batch goes ahead to see whether
/// the way is free; not always the same one, so that a batch on which the other side fails does not block the others. Times are
/// nanoseconds of a monotonic clock.
public struct ForwarderCore {
    /// What came of sending a batch.
    public enum Answer: Sendable, Equatable {
        case status(Int, retryAfter: Duration?)
        /// No answer at all.
        case failed
        /// The batch is damaged: the spool has put it away.
        case damaged
        /// The disk refused to read it; it is still there.
        case unread
    }

    /// What to do with the batch now.
    public enum Verdict: Sendable, Equatable {
        case acknowledge
        /// It will never be taken: put away, counted, reported.
        case setAside(status: Int)
        case keep
        /// The spool has put it away itself.
        case forget
    }

    /// Answers after which a batch is never sent again.
    static let refusals = [400, 409, 413]

    private var configuration: ForwarderConfiguration
    /// Endpoints by preference.
    private var order: [Int]
    private var position = 0
    private var movedAt: Int64 = 0
    private var waiting = WaitingSequences()
    /// Counts choices among many.
    private var turn = 0
    private var inFlight: Set<UInt64> = []
    private var highestOffered: UInt64 = 0
    private var failuresInRow = 0
    private var failuresHere = 0
    private(set) var pausedUntil: Int64 = 0

    public init(_ configuration: ForwarderConfiguration, agentID: String) {
        self.configuration = configuration
        order = Self.rendezvous(configuration.endpoints.map(\.description), agentID)
    }

    /// Goes on with another list of endpoints: whatever wait the old ones had earned is over, the batches stay.
    public mutating func use(_ configuration: ForwarderConfiguration, agentID: String) {
        self.configuration = configuration
        order = Self.rendezvous(configuration.endpoints.map(\.description), agentID)
        (position, failuresHere, failuresInRow, pausedUntil) = (0, 0, 0, 0)
    }

    /// The endpoint to send to now, as an index into the configuration's list.
    public var endpoint: Int { order[position] }

    /// Batches up to this sequence are known here.
    public var offeredUpTo: UInt64 { highestOffered }
    public var waitingCount: Int { waiting.count }
    public var inFlightCount: Int { inFlight.count }

    /// When `next` may have something again; nil when only an answer or a new batch can change that.
    public var nextDeadline: Int64? { waiting.isEmpty || isFull ? nil : pausedUntil }

    private var isFull: Bool { inFlight.count >= (failuresInRow > 0 ? 1 : configuration.inFlightMax) }

    /// Further sealed batches, in order.
    public mutating func offered(_ sequences: [UInt64]) {
        for sequence in sequences where sequence > highestOffered {
            waiting.insert(sequence)
            highestOffered = sequence
        }
    }

    /// The batches to send now.
    public mutating func next(at now: Int64) -> [UInt64] {
        guard now >= pausedUntil else { return [] }
        if position != 0, now - movedAt >= configuration.preferredRetryInterval.wholeNanoseconds {
            (position, failuresHere) = (0, 0)
        }
        var chosen: [UInt64] = []
        while !isFull, let sequence = take() {
            inFlight.insert(sequence)
            chosen.append(sequence)
        }
        return chosen
    }

    private mutating func take() -> UInt64? {
        guard waiting.count > configuration.orderlyWaitingMax || failuresInRow > 0 else { return waiting.removeFirst() }
        defer { turn = (turn + 1) % Self.turnCount }
        return turn == 0 ? waiting.removeFirst() : waiting.removeLast()
    }

    /// One of so many sends is the oldest batch, the others are the newest.
    static let turnCount = 4

    /// - Parameter random: uniform in 0..<1, for the wait (full jitter, so that a fleet does not come back as one).
    public mutating func answered(_ sequence: UInt64, _ answer: Answer, at now: Int64, random: Double) -> Verdict {
        guard inFlight.remove(sequence) != nil else { return .forget }
        switch answer {
        case .damaged: return .forget
        case .unread:
            // Not the way's fault: but a disk that refuses is not asked again at once.
            waiting.insert(sequence)
            pausedUntil = max(pausedUntil, now + configuration.backoffMin.wholeNanoseconds)
        case .status(200...299, _):
            (failuresInRow, failuresHere) = (0, 0)
            return .acknowledge
        case .status(let status, _) where Self.refusals.contains(status):
            // The way is free; it is this batch that is not wanted.
            (failuresInRow, failuresHere) = (0, 0)
            return .setAside(status: status)
        case .status(let status, let retryAfter) where status == 429 || status >= 500:
            waiting.insert(sequence)
            failed(
                at: now, random, from: configuration.backoffMin, to: configuration.backoffMax, atLeast: retryAfter)
        case .failed:
            waiting.insert(sequence)
            failed(at: now, random, from: configuration.backoffMin, to: configuration.backoffMax, atLeast: nil)
        case .status(_, let retryAfter):
            waiting.insert(sequence)
            failed(
                at: now, random, from: configuration.refusedBackoffMin, to: configuration.refusedBackoffMax,
                atLeast: retryAfter)
        }
        return .keep
    }

    private mutating func failed(
        at now: Int64, _ random: Double, from least: Duration, to most: Duration, atLeast retryAfter: Duration?
    ) {
        failuresInRow += 1
        failuresHere += 1
        if failuresHere >= configuration.failuresPerEndpoint, order.count > 1 {
            position = (position + 1) % order.count
            failuresHere = 0
            movedAt = now
        }
        let bound = min(most.wholeNanoseconds, least.wholeNanoseconds << Int64(min(failuresInRow - 1, 20)))
        var wait = least.wholeNanoseconds / 2 + Int64(Double(bound) * random)
        if let retryAfter { wait = max(wait, min(retryAfter, configuration.retryAfterMax).wholeNanoseconds) }
        pausedUntil = max(pausedUntil, now + wait)
    }

    /// Highest random weight first (Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", 1998): agents spread
    /// evenly, and when an endpoint comes or goes only its own agents move.
    static func rendezvous(_ names: [String], _ agentID: String) -> [Int] {
        func weight(_ name: String) -> UInt64 {
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in (agentID + "\n" + name).utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
            // FNV's last bytes hardly reach its upper bits: mix once more (MurmurHash3's finalizer).
            hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
            hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
            return hash ^ (hash >> 33)
        }
        return names.indices.sorted { (weight(names[$0]), $1) > (weight(names[$1]), $0) }
    }
}

extension Duration {
    /// Stops at 64 bits.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        guard abs(seconds) < 9_000_000_000 else { return seconds < 0 ? .min : .max }
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
