import CallModel

/// Which inbound requests a partner's call may belong to, and how sure that is.
///
/// *By trace*: the request of the same W3C trace id that was under way, the one that began last where there are several. A
/// trace id is never shared by two requests that do not belong together, so that this link is certain.
/// *By timing*, where either has no trace: the requests of the same host (and service, where both say so) within whose time the
/// call lies. Where several were under way each has an equal share of it: sums stay right, single requests are blurred, and
/// the comparison in `ImpactReport` allows for that.
///
/// A call that outlives its request cannot have made it fail and belongs to none.
struct CallLinks {
    struct Link {
        /// Places in the window's calls.
        var inbound: Int
        var outbound: Int
        /// 1, or less where several requests share the call.
        var share: Double
        var isTraced: Bool
    }

    private(set) var links: [Link] = []
    private(set) var tracedCount: Int64 = 0
    private(set) var timedCount: Int64 = 0
    /// Of `timedCount`, those with more than one request they may belong to.
    private(set) var ambiguousCount: Int64 = 0
    /// Calls that belong to no request: jobs, queues, schedules.
    private(set) var aloneCount: Int64 = 0

    /// Two clocks of one host differ by no more than this.
    private static let slack: Int64 = 5_000
    /// Of two hosts, within one trace.
    private static let clockSlack: Int64 = 1_000_000
    /// Requests under way on one host, or of one trace, that are looked at, the latest: a bound on the work for each call.
    private static let underWayMax = 256

    /// - Parameter countsUntil: Calls of requests that begin later are linked and not counted: they are another window's.
    init(_ calls: [ImpactCall], countsUntil: Int64 = .max) {
        var underWay: [Int32: [Int]] = [:]
        var traces: [TraceID: [Int]] = [:]
        for (index, call) in calls.enumerated() {
            if call.isInbound {
                if let trace = call.traceID { traces[trace, default: []].append(index) }
                underWay[call.host, default: []].removeAll { calls[$0].end &+ Self.slack < call.start }
                underWay[call.host, default: []].append(index)
                continue
            }
            if let trace = call.traceID, let request = Self.enclosing(call, traces[trace] ?? [], calls) {
                links.append(Link(inbound: request, outbound: index, share: 1, isTraced: true))
                if calls[request].start < countsUntil { tracedCount += call.weight }
                continue
            }
            let candidates = Self.candidates(call, underWay[call.host] ?? [], calls)
            for request in candidates {
                links.append(
                    Link(inbound: request, outbound: index, share: 1 / Double(candidates.count), isTraced: false))
            }
            guard let first = candidates.first else {
                if call.start < countsUntil { aloneCount += call.weight }
                continue
            }
            guard calls[first].start < countsUntil else { continue }
            timedCount += call.weight
            if candidates.count > 1 { ambiguousCount += call.weight }
        }
    }

    private static func enclosing(_ call: ImpactCall, _ requests: [Int], _ calls: [ImpactCall]) -> Int? {
        requests.suffix(underWayMax).last { request in
            let slack = calls[request].host == call.host ? Self.slack : clockSlack
            return calls[request].start &- slack <= call.start && call.end <= calls[request].end &+ slack
        }
    }

    private static func candidates(_ call: ImpactCall, _ requests: [Int], _ calls: [ImpactCall]) -> [Int] {
        // Without a host nothing says that two calls have to do with each other.
        guard call.host != 0 else { return [] }
        let inside = requests.suffix(underWayMax).filter { request in
            let other = calls[request]
            // Two traces are two stories.
            if call.traceID != nil, other.traceID != nil { return false }
            return other.start <= call.start &+ slack && call.end <= other.end &+ slack
        }
        let ofService = inside.filter { call.service != 0 && calls[$0].service == call.service }
        return ofService.isEmpty ? inside.filter { call.service == 0 || calls[$0].service == 0 } : ofService
    }
}
