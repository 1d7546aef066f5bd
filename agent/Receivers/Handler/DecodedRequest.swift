import CallModel

/// What any receiver makes of a request: calls for the pipeline, and what to tell the sender of the others.
struct DecodedRequest: Sendable {
    /// One call that was refused. `index` counts the sender's calls (or spans) from 0.
    struct Rejection: Sendable {
        var index: Int
        /// Where in the call, as a JSON pointer; empty for the call as a whole.
        var pointer: String
        var detail: String
    }

    var calls: [APICall] = []
    /// Calls that went by a shortcut.
    var taken: TakenCalls?
    /// The sender's index of each call.
    var indices: [Int] = []
    /// The first ones; the counts are exact.
    var rejections: [Rejection] = []
    var rejectedCounts: [String: Int] = [:]
    /// Spans that are no calls.
    var letGoCount = 0
    /// Values cut, bodies dropped for their size, fields unknown.
    var cutCount = 0
    var droppedBodyCount = 0
    var ignoredFieldCount = 0

    /// Calls handed to the pipeline, and those of them that it refused.
    private var handedOverCount = 0
    private var handedOverTakenCount = 0
    private var refusedCount = 0

    init() {}

    /// Calls in the request: the good ones and the rejected, without what was let go.
    var receivedCount: Int { callCount + takenCount + rejectedCount - refusedCount }
    var rejectedCount: Int { rejectedCounts.values.reduce(0, +) }
    var acceptedCount: Int { callCount + takenCount - refusedCount }
    private var takenCount: Int { taken?.count ?? handedOverTakenCount }
    private var callCount: Int { calls.count + handedOverCount }

    /// Gives the calls away: the pipeline changes them in place, which would copy them if they were kept here as well.
    mutating func handOverCalls() -> [APICall] {
        handedOverCount += calls.count
        defer { calls = [] }
        return calls
    }

    /// The same for what went by a shortcut.
    mutating func handOverTaken() -> TakenCalls? {
        handedOverTakenCount = taken?.count ?? 0
        defer { taken = nil }
        return taken
    }

    /// Adds what the pipeline refused; its indices count the calls handed over.
    mutating func add(_ refused: [(index: Int, pointer: String, detail: String)], keeping rejectionsMax: Int) {
        guard !refused.isEmpty else { return }
        refusedCount += min(refused.count, callCount)
        rejectedCounts["pipeline"] = refusedCount
        for (index, pointer, detail) in refused where rejections.count < rejectionsMax {
            let told = indices.indices.contains(index) ? indices[index] : index
            rejections.append(Rejection(index: told, pointer: pointer, detail: detail))
        }
    }
}
