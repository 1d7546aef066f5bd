import CallModel
import Runtime
import Storage

/// What a reader who comes back gets before he gets what arrives: what is stored after his last event, in pages, each beside the rounds
/// of all others. What is beyond the limits stated here is counted in the database and told.
extension CallTail {
    /// How far back he may go on. What was received earlier can have been committed up to `ArrivalPosition.lateMax` later.
    private static let resumeMax: Duration = .seconds(600)
    /// Pages of `CallStore.arrivalsAtOnceMax` calls.
    private static let pagesMax = 10
    /// How long one page is handed over.
    private static let pageTimeMax: Duration = .seconds(5)

    /// The progress of one who joins at this position.
    func begin(_ reader: Reader, at position: ArrivalPosition) -> StreamProgress {
        guard let last = reader.last else {
            var progress = StreamProgress(from: position, eventsPerSecondMax: Self.eventsPerSecondMax)
            if reader.cannotResume { progress.wasNotResumed() }
            return progress
        }
        let oldest = reader.openedAt - Self.resumeMax - ArrivalPosition.lateMax
        return StreamProgress(
            after: last, upTo: position, notBefore: oldest, eventsPerSecondMax: Self.eventsPerSecondMax)
    }

    func catchUp(_ reader: Reader) async {
        var pageCount = 0
        var hasFailed = false
        while !reader.stream.isOver, let bound = reader.change({ $0.nextBound() }) ?? nil {
            do {
                if pageCount < Self.pagesMax {
                    try await readPage(for: reader, upTo: bound)
                } else {
                    let count = try await sources.arrivalCount(reader.range(upTo: bound))
                    let haveMatched = reader.filter.payload.isEmpty
                    _ = reader.change { $0.leaveOut(count, haveMatched: haveMatched, upTo: bound) }
                }
                pageCount += 1
            } catch {
                if !hasFailed { logger.warning("a stream cannot be resumed yet", metadata: ["error": "\(error)"]) }
                hasFailed = true
                try? await Task.sleep(for: Self.roundTime)  // Never cancelled.
            }
        }
    }

    private func readPage(for reader: Reader, upTo bound: ArrivalPosition) async throws {
        let calls = try await sources.arrivalsInRange(reader.range(upTo: bound))
        let matching = Self.matching(calls, reader)
        let due = reader.change { $0.resume(matching) } ?? []
        await handOver([Outgoing(reader, due[...])], for: Self.pageTimeMax)
        let isLast = calls.count < CallStore.arrivalsAtOnceMax
        _ = reader.change { progress in
            progress.endPage(calls.map(\.arrival))
            if isLast { progress.endPage(at: bound) }
        }
    }
}

extension CallTail.Reader {
    /// What he has still to catch up with.
    fileprivate func range(upTo bound: ArrivalPosition) -> ArrivalRange {
        ArrivalRange(after: change { $0.position } ?? bound, upTo: bound, filter: filter)
    }
}
