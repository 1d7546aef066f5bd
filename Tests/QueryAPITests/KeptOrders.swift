import CallModel
import Synchronization

@testable import QueryAPI
@testable import Storage

/// Orders of one route as though they were stored, a second apart, in blocks of a hundred; every sixth lacks the zip and was refused.
final class KeptOrders: Sendable {
    private let calls: Mutex<[StoredCall]>
    /// Calls that were opened so far.
    private let opened = Mutex(0)
    /// Blocks whose bodies are gone.
    private let emptied = Mutex<Set<Int64>>([])
    let route: String

    init(_ count: Int, route: String = "POST /orders") {
        self.route = route
        calls = Mutex((0..<count).map { Self.order($0, route) })
    }

    var openedCount: Int { opened.withLock { $0 } }

    func add(_ numbers: Range<Int>) { calls.withLock { $0 += numbers.map { Self.order($0, route) } } }

    func remove(_ numbers: Range<Int>) {
        calls.withLock { calls in calls.removeAll { call in numbers.contains { "c\($0)" == call.id } } }
    }

    func empty(block: Int64) {
        emptied.withLock { _ = $0.insert(block) }
        calls.withLock { calls in
            for index in calls.indices where calls[index].cursor.block == block {
                calls[index].call.request.body = nil
                calls[index].call.response?.body = nil
            }
        }
    }

    var samples: CallSamples {
        var samples = CallSamples(
            call: { id in self.calls.withLock { calls in calls.first { $0.id == id } } },
            sample: { filter, _ in
                let found = self.calls.withLock { calls in calls.filter { filter.matches($0.call) } }
                return CallSample(calls: found, matchingCount: found.count)
            })
        samples.spread = { filter, _ in
            let found = self.calls.withLock { calls in calls.filter { filter.matches($0.call) } }
            let emptied = self.emptied.withLock { $0 }
            return FoundCalls(
                calls: found.map { Self.found($0, blockByteCount: emptied.contains($0.cursor.block) ? 0 : 9) },
                matchingCount: found.count)
        }
        samples.open = { found in
            self.opened.withLock { $0 += found.count }
            return self.calls.withLock { calls in
                found.compactMap { found in calls.first { $0.cursor.row == found.key.row } }
            }
        }
        return samples
    }

    private static func found(_ stored: StoredCall, blockByteCount: Int32) -> FoundCall {
        FoundCall(
            .init(
                receivedAt: 0, time: stored.call.time.microsecondsSinceEpoch, block: stored.cursor.block, partner: 1,
                route: 1, origin: 1, customer: 1, weight: 1, shard: 0, row: stored.cursor.row,
                flags: .init(rawValue: 0), outcome: 0), blockByteCount: blockByteCount)
    }

    private static func order(_ number: Int, _ route: String) -> StoredCall {
        let hasZip = number % 6 != 5
        var body = Array(#"{"amount":\#(number),"shipping":{"city":"Springfield""#.utf8)
        body += hasZip ? Array(#","zip":"94107"}}"#.utf8) : Array("}}".utf8)
        var call = APICall(
            time: .epoch + .seconds(Int64(number)), direction: .outbound,
            request: .init(
                method: "POST", url: "https://a.example/orders",
                headers: [Header("content-type", "application/json")], body: Body(body, form: .full)),
            source: .json)
        (call.partner, call.route) = ("a", route)
        call.response = APICall.Response(status: hasZip ? 200 : 400)
        call.outcome = hasZip ? Outcome.success : Outcome.rejected
        return StoredCall(
            id: "c\(number)", call: call,
            cursor: CallCursor(timeMicroseconds: 0, block: Int64(number / 100), row: Int16(number)))
    }
}
