import BatchFormat
import CallModel

/// Appends that wait for the spool's thread.
struct Inbox {
    struct Append {
        var calls: [APICall]
        /// Calls that are columns already.
        var encoded: EncodedCalls?
        var place: ReplayPlace?
        var completion: @Sendable (Result<AppendResult, SpoolError>) -> Void

        var callCount: Int { calls.count + (encoded?.callCount ?? 0) }
    }

    enum Admission {
        /// The thread must be told.
        case first
        /// It has been told.
        case joined
        case refused(SpoolError)
    }

    var isClosed = false
    private var waiting: [Append] = []
    private var callCount = 0

    mutating func admit(_ append: Append) -> Admission {
        if isClosed { return .refused(.closed) }
        if !waiting.isEmpty, callCount + append.callCount > Spool.waitingCallCountMax {
            return .refused(.queueFull(callCount: callCount))
        }
        waiting.append(append)
        callCount += append.callCount
        return waiting.count == 1 ? .first : .joined
    }

    mutating func takeAll() -> [Append] {
        callCount = 0
        defer { waiting = [] }
        return waiting
    }

    /// Neighbours that may share one write. One with a place stays alone: the place tells of its calls and no others.
    static func groups(of appends: [Append], callCountMax: Int) -> [ArraySlice<Append>] {
        var groups: [ArraySlice<Append>] = []
        var start = 0
        var callCount = 0
        for (index, append) in appends.enumerated() {
            let isAlone = append.place != nil || (index > start && appends[index - 1].place != nil)
            if index > start, isAlone || callCount + append.callCount > callCountMax {
                groups.append(appends[start..<index])
                (start, callCount) = (index, 0)
            }
            callCount += append.callCount
        }
        if start < appends.count { groups.append(appends[start...]) }
        return groups
    }
}

extension SpoolStore {
    /// Appends in halves what is too much for one append.
    mutating func appendInParts(_ calls: ArraySlice<APICall>, at now: Instant) throws(SpoolError) -> AppendResult {
        do throws(SpoolError) {
            return try append(Array(calls), at: now)
        } catch {
            guard case .tooLarge = error, calls.count > 1 else { throw error }
        }
        let middle = calls.startIndex + calls.count / 2
        let first = try appendInParts(calls[..<middle], at: now)
        let second = try appendInParts(calls[middle...], at: now)
        return AppendResult(
            acceptedCount: first.acceptedCount + second.acceptedCount,
            suppressedCount: first.suppressedCount + second.suppressedCount)
    }
}
