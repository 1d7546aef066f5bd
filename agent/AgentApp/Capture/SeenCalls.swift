import BatchFormat
import CallModel
import Express
import Protocols
import Runtime

/// Calls that the agent saw by itself, since they were last handed on: on their short way where that is open to them, else as they are.
///
/// One thread at a time.
final class SeenCalls {
    /// What is handed on.
    struct Taken: Sendable {
        /// To be named, attributed, judged and redacted.
        var calls: [APICall] = []
        /// All of that is done; others told of the same calls, or will.
        var apart: [APICall] = []
        /// In columns already.
        var encoded: EncodedCalls?

        var isEmpty: Bool { calls.isEmpty && apart.isEmpty && encoded == nil }
    }

    private let lanes: ExpressLanes?
    private var lane: ExpressLane?
    /// Whether a lane was asked for since the last were handed on.
    private var hasAsked = false
    private var askedAt = Instant.epoch
    private var taken = Taken()

    /// - Parameter lanes: nil has all calls go the general way.
    init(_ lanes: ExpressLanes?) { self.lanes = lanes }

    var count: Int { taken.calls.count + taken.apart.count + (lane?.keptCount ?? 0) }

    /// Whether a call went the short way; one that was left has to be added as a call.
    ///
    /// - Parameter adjust: what the row is to be told besides.
    func take(
        _ observed: ObservedCall, _ configuration: ProtocolConfiguration, adjust: (inout CallRow) -> Void
    ) -> Bool {
        guard let lanes, let lane = currentLane() else { return false }
        return lane.take({ row, arena in
            guard observed.fill(&row, arena: arena, configuration: configuration) else { return false }
            adjust(&row)
            return true
        }) { row in
            let isAlone = lanes.meetsNobody(row, at: askedAt)
            if !isAlone { taken.apart.append(APICall(row)) }
            return isAlone
        }
    }

    func add(_ call: APICall) { taken.calls.append(call) }

    func takeAll() -> Taken {
        if let lane {
            taken.encoded = lane.finish()?.encoded
            lanes?.giveBack(lane)
            self.lane = nil
        }
        hasAsked = false
        defer { taken = Taken() }
        return taken
    }

    private func currentLane() -> ExpressLane? {
        if hasAsked { return lane }
        hasAsked = true
        askedAt = Instant(nanosecondsSinceEpoch: WallClock.now())
        lane = lanes?.borrowForSeen(at: askedAt)
        return lane
    }
}
