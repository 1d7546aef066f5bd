import CallModel

/// The place of a call in the order of arrival.
public struct ArrivalCursor: Sendable, Equatable, Hashable {
    public var receivedAtMicroseconds: Int64
    public var block: Int64
    public var row: Int16

    public init(receivedAtMicroseconds: Int64, block: Int64, row: Int16) {
        self.receivedAtMicroseconds = receivedAtMicroseconds
        self.block = block
        self.row = row
    }
}

extension StoredCall {
    public var arrival: ArrivalCursor {
        ArrivalCursor(
            receivedAtMicroseconds: call.receivedAt?.microsecondsSinceEpoch ?? cursor.timeMicroseconds,
            block: cursor.block, row: cursor.row)
    }
}

/// Where a reader of arriving calls stands: after which row of each writer.
///
/// A writer commits its blocks in the order of their numbers, so that none can turn up below a position. `received_at` alone
/// would not do: of two writers the earlier time may be committed later. It bounds how far back is looked, by `lateMax`: a flush
/// takes seconds at most, and beyond that nothing older can still be committed.
public struct ArrivalPosition: Sendable, Equatable {
    /// How much later than another a call may be committed that was received earlier.
    public static let lateMax: Duration = .seconds(60)
    /// Writers that are told apart, those that received something within `lateMax` of the last: one a running aggregator. Of more, the
    /// one that was silent longest is forgotten with all that was received until then.
    public static let writersMax = 64

    /// The last row passed of each writer, in the order of the writers.
    public private(set) var last: [ArrivalCursor] = []
    /// What was received before is passed.
    public private(set) var since: Instant

    public init(since: Instant) { self.since = since }

    /// Passes a call, and with it all that its writer stored before.
    public mutating func pass(_ call: ArrivalCursor) {
        guard call.receivedAtMicroseconds >= since.microsecondsSinceEpoch else { return }
        if let index = last.firstIndex(where: { $0.writer >= call.writer }) {
            if last[index].writer != call.writer {
                last.insert(call, at: index)
            } else if (last[index].block, last[index].row) < (call.block, call.row) {
                last[index] = call
            }
        } else {
            last.append(call)
        }
        bringUp(to: Instant(microsecondsSinceEpoch: call.receivedAtMicroseconds) - Self.lateMax)
        guard last.count > Self.writersMax, let oldest = last.map(\.receivedAtMicroseconds).min() else { return }
        bringUp(to: Instant(microsecondsSinceEpoch: oldest &+ 1))
    }

    /// Passes what the other has passed.
    public mutating func formUnion(_ other: ArrivalPosition) {
        for call in other.last { pass(call) }
        bringUp(to: other.since)
    }

    /// Passes what was received before.
    public mutating func bringUp(to time: Instant) {
        guard time > since else { return }
        since = time
        let microseconds = time.microsecondsSinceEpoch
        last.removeAll { $0.receivedAtMicroseconds < microseconds }
    }

    public func hasPassed(_ call: ArrivalCursor) -> Bool {
        if call.receivedAtMicroseconds < since.microsecondsSinceEpoch { return true }
        guard let known = last.first(where: { $0.writer == call.writer }) else { return false }
        return (known.block, known.row) >= (call.block, call.row)
    }
}

extension ArrivalCursor {
    /// Who stored the call: a block's number begins with its writer's.
    var writer: Int32 { Int32(truncatingIfNeeded: block >> 32) }
}
