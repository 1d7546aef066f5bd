/// The calls of one route in their order, as the sets of values they had: what a value or a combination is judged by.
///
/// Bounded twice: `recent` keeps the last calls, for judging each call by those before it; `spread` keeps every n-th over the whole
/// time, n doubling whenever it is full, for judging in hindsight.
struct CallHistory {
    enum Policy {
        case recent, spread
    }

    struct Entry {
        /// The call's place in the stream.
        var position: Int
        var features: [UInt32]
        /// Parts of the call that were not kept: that a feature of these is not in `features` says nothing.
        var unknown: UnknownParts = []
        /// Of a failure: what explains it.
        var account = FailureAccount()
    }

    let policy: Policy
    let capacity: Int
    private(set) var entries: [Entry] = []
    private var stride = 1
    private var skipped = 0

    init(policy: Policy, capacity: Int) {
        self.policy = policy
        self.capacity = max(16, capacity)
    }

    /// Whether the next call will be kept: spares the work of finding its features.
    var wantsNext: Bool { policy == .recent || skipped + 1 >= stride }

    mutating func skip() { skipped += 1 }

    mutating func add(_ entry: Entry) {
        skipped = 0
        entries.append(entry)
        switch policy {
        case .recent:
            // Twice the capacity, then the older half goes: no shifting for every call.
            if entries.count >= capacity * 2 { entries.removeFirst(entries.count - capacity) }
        case .spread:
            if entries.count >= capacity { thin() }
        }
    }

    private mutating func thin() {
        stride *= 2
        entries = entries.enumerated().compactMap { $0.offset % 2 == 0 ? $0.element : nil }
    }

    /// The places in `entries` of the calls around a position: at most `before` earlier and `after` later ones.
    func around(_ position: Int, before: Int, after: Int) -> Range<Int> {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].position < position { low = middle + 1 } else { high = middle }
        }
        return max(0, low - before)..<min(entries.count, low + after)
    }

    func has(_ position: Int) -> Bool {
        let place = around(position, before: 0, after: 1)
        return place.first.map { entries[$0].position == position } ?? false
    }

    /// Sets what explains a failure, once it is known.
    mutating func setAccount(_ account: FailureAccount, at position: Int) {
        let place = around(position, before: 0, after: 1)
        if let index = place.first, entries[index].position == position { entries[index].account = account }
    }
}

/// What explains a failure, as far as it is known: so much less does it say about another cause.
struct FailureAccount {
    /// How much nothing odd in it explains, 0...1.
    var unexplained = 1.0
    /// What is odd in it (`PlaceRanking.causeKey`); 0 for nothing.
    var oddity: UInt64 = 0
    /// The values with which calls only fail, of a combination that is beyond doubt.
    var combination: [UInt32] = []
}

extension FailureAccount {
    private static let failuresWanted = 4.0
    private static let scoreWanted = 9.0
    /// Above it a failure is worth looking for the combination behind it.
    static let openWeight = 0.5

    init(_ anomalies: [Anomaly]) {
        guard let worst = anomalies.max(by: { $0.surprise < $1.surprise }) else { return }
        unexplained = PlaceRanking.unexplained(worst.surprise)
        oddity = PlaceRanking.causeKey(worst.path, worst.test)
    }

    /// Beyond doubt, or nothing.
    mutating func take(_ found: Combination) {
        guard found.failures >= Self.failuresWanted, found.score >= Self.scoreWanted else { return }
        combination = found.features.map(\.id)
    }
}
