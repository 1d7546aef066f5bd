import CallModel
import Documents
import Logging
import Runtime
import Storage
import Testing

@testable import QueryAPI
@testable import Transport

/// Streams of arriving calls: who gets what, and what slow readers cost.
struct CallTailTests {
    private static let callCount = 100

    /// Calls of 4 kB, every second one with `$.kind` of `odd` and the status 503.
    private static let arrived: [StoredCall] = (0..<callCount).map { number in
        let isOdd = number % 2 == 1
        let body = #"{"kind":"\#(isOdd ? "odd" : "even")","filler":"\#(String(repeating: "x", count: 4_000))"}"#
        var call = APICall(
            time: RouteCaller.now, direction: .outbound,
            request: .init(
                method: "POST", url: "https://api.bank.example/a",
                headers: [Header("content-type", "application/json")],
                body: Body(body)), source: .json)
        call.response = .init(status: isOdd ? 503 : 200)
        call.outcome = isOdd ? .serverError : .success
        (call.partner, call.customer) = ("bank", "c\(number % 10)")
        return StoredCall(
            id: "t-\(number)", call: call,
            cursor: CallCursor(timeMicroseconds: Int64(number), block: 1, row: Int16(number)))
    }

    /// A tail that sees the calls arrive in rounds, three where nothing is said, from when it has so many readers.
    ///
    /// - Parameter quick: a reader who has taken all there was before the next round comes, however long his thread is held up.
    private func tail(
        readers: Int, inRoundsOf size: Int = 34, handOverMax: Duration = .milliseconds(50),
        quick: Shared<BodyStream?> = Shared(nil)
    ) -> CallTail {
        let metrics = MetricsRegistry()
        let rounds = Shared(0)
        var sources = emptySources()
        sources.arrivals = { position in
            let text = String(decoding: metrics.exposition(), as: UTF8.self)
            guard text.contains("\nfarwatch_stream_readers \(readers)\n"), quick.get()?.waitingByteCount ?? 0 == 0
            else {
                return Arrivals(calls: [], skippedCount: 0, position: position)
            }
            let round = rounds.change { count in
                count += 1
                return count
            }
            let first = min((round - 1) * size, Self.callCount)
            let places = first..<min(first + size, Self.callCount)
            return Arrivals(calls: Array(Self.arrived[places]), skippedCount: 0, position: position)
        }
        return CallTail(
            sources, metrics: metrics, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            handOverMax: handOverMax)
    }

    private func open(_ tail: CallTail, _ query: [String: String]) throws -> BodyStream {
        let peer = Peer(address: "127.0.0.1", port: 1, isLoopback: true, isTLS: false)
        let head = RequestHead(method: "GET", path: "/api/v1/calls/stream", version: .http1_1, peer: peer)
        let request = APIRequest(
            head: head, path: [:], query: query, scopes: [.admin], who: "ann", now: RouteCaller.now)
        return try #require(tail.open(request).stream)
    }

    /// What was offered to a reader until this stood in it.
    private func read(_ stream: BodyStream, until mark: String) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<6_000 {
            let more = stream.take().bytes.readableBytesView
            bytes += more
            if !more.isEmpty, bytes.holds(mark) { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        return bytes
    }

    @Test func `filters on bodies, status classes and fields hold together`() async throws {
        let tail = tail(readers: 1)
        let stream = try open(tail, ["json": "$.kind=odd", "status": "5xx", "customer": "c7"])
        defer { stream.end() }
        let text = try await read(stream, until: "t-97")
        let shown = (0..<Self.callCount).filter { text.holds("\"id\":\"t-\($0)\"") }
        #expect(shown == Array(stride(from: 7, to: Self.callCount, by: 10)))
    }

    @Test func `a reader who takes nothing loses calls and is told, and costs another nothing`() async throws {
        let reader = Shared<BodyStream?>(nil)
        let tail = tail(readers: 2, quick: reader)
        let slow = try open(tail, [:])
        let quick = try open(tail, [:])
        reader.change { $0 = quick }
        defer {
            slow.end()
            quick.end()
        }
        let taken = try await read(quick, until: "t-99")
        #expect((0..<Self.callCount).allSatisfy { taken.holds("\"id\":\"t-\($0)\"") })
        #expect(slow.waitingByteCount <= slow.waitingByteCountMax)
        let kept = String(buffer: slow.take().bytes)
        #expect(kept.contains("\"id\":\"t-0\"") && !kept.contains("\"id\":\"t-99\""))
    }

    @Test func `a reader who keeps up gets a round that is larger than what may wait for him`() async throws {
        let stream = try open(tail(readers: 1, inRoundsOf: Self.callCount, handOverMax: .seconds(120)), [:])
        defer { stream.end() }
        let text = try await read(stream, until: "t-99")
        #expect(text.count > stream.waitingByteCountMax)
        #expect((0..<Self.callCount).allSatisfy { text.holds("\"id\":\"t-\($0)\"") })
        #expect(!text.holds("event: sampling"))
    }
}

extension [UInt8] {
    /// Whether a text stands in it. A `String` of half a megabyte takes a second to be searched.
    fileprivate func holds(_ text: String) -> Bool {
        let mark = Array(text.utf8)
        guard count >= mark.count else { return false }
        return withUnsafeBufferPointer { bytes in
            (0...(bytes.count - mark.count)).contains { at in
                bytes[at] == mark[0] && bytes[at..<(at + mark.count)].elementsEqual(mark)
            }
        }
    }
}
