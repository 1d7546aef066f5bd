import CallModel
import Storage

/// Decides which of the calls that match a stream's filter are sent: all while they are few, else an even sample, and what was
/// left out is told.
public struct StreamSampler: Sendable {
    /// Events a second, over the time since the last round.
    public let eventsPerSecondMax: Int
    public private(set) var matched = 0
    public private(set) var sent = 0
    public private(set) var passedOver = 0
    private var isResumedInPart = false
    private var allowance: Double

    public init(eventsPerSecondMax: Int) {
        self.eventsPerSecondMax = eventsPerSecondMax
        allowance = Double(eventsPerSecondMax)
    }

    /// The places among `count` matching calls of those to send, evenly spread.
    ///
    /// - Parameter elapsed: since the last round.
    public mutating func choose(among count: Int, elapsed: Duration) -> [Int] {
        allowance = min(
            Double(eventsPerSecondMax), allowance + elapsed.inSeconds * Double(eventsPerSecondMax))
        matched += count
        let chosen = min(count, Int(allowance))
        allowance -= Double(chosen)
        guard chosen > 0 else { return [] }
        return (0..<chosen).map { $0 * count / chosen }
    }

    public mutating func wasSent() { sent += 1 }

    /// Matching calls that arrived while a reader was away, and are sent again beyond what a second may have.
    public mutating func resume(_ count: Int) { matched += count }

    /// That not all that arrived while a reader was away could be looked at.
    public mutating func wasResumedInPart() { isResumedInPart = true }

    /// Calls that were not even looked at, because more arrived than can be.
    public mutating func passOver(_ count: Int) { passedOver += count }

    /// What is to be told when something was left out since the last report.
    public var report: Report? {
        guard matched > sent || passedOver > 0 || isResumedInPart else { return nil }
        return Report(matched: matched, sent: sent, passedOver: passedOver, isResumedInPart: isResumedInPart)
    }

    /// Starts counting anew: the report was told, or there was none.
    public mutating func wasTold() { (matched, sent, passedOver, isResumedInPart) = (0, 0, 0, false) }

    public struct Report: Sendable, Equatable {
        public var matched: Int
        public var sent: Int
        public var passedOver: Int
        public var isResumedInPart: Bool
    }
}

/// Server-sent events (the HTML standard, section 9.2).
public enum ServerSentEvent {
    /// A line of data must not hold a line end: ours is compact JSON, which has none.
    public static func bytes(event: String, id: String?, data: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        if let id { bytes += "id: \(id)\n".utf8 }
        bytes += "event: \(event)\ndata: ".utf8
        bytes += data
        bytes += "\n\n".utf8
        return bytes
    }

    /// Keeps proxies from thinking the connection dead. A reader who gets nothing else has a fresh place to go on from: an event
    /// without data is none, and its id counts.
    static func keepAlive(id: String?) -> [UInt8] {
        Array((": keep-alive\n" + (id.map { "id: \($0)\n" } ?? "") + "\n").utf8)
    }
}
