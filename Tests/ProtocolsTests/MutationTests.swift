import CallModel
import Glibc
import Protocols
import Testing

/// Hostile input: whatever comes, nothing crashes, everything held is let go, and runs are the same each time.
///
/// Each run draws a seed, which its failures name; `FARWATCH_SEED` replays it.
struct MutationTests {
    /// SplitMix64: the same numbers from the same seed everywhere.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
            return mixed ^ mixed >> 31
        }
    }

    private static let seed =
        getenv("FARWATCH_SEED").flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: .min ... .max)

    private func place(_ round: Int) -> Comment { "round \(round); replay with FARWATCH_SEED=\(Self.seed)" }

    private func corpus() -> [[Timeline.Step]] {
        let ends = Ends()
        return [
            [
                .client(
                    get
                        + "POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n0\r\nA: b\r\n\r\n"
                ),
                .server(ok + "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\u{1f}abc"),
                .client("CONNECT h:443 HTTP/1.1\r\n\r\n"), .server("HTTP/1.1 200 OK\r\n\r\n"), .client(get),
                .server(ok),
            ],
            ends.opening + [
                .client(ends.request(1, "/a") + ends.request(3, "/b", method: "POST", ends: false) + data(3, "body")),
                .server(ends.answer(1, 200) + data(1, "answer") + ends.answer(3, 503, ends: true)),
                .client(frame(3, 0, 5, [0, 0, 0, 8]) + frame(7, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0])),
            ],
            [
                .client([5, 1, 0]), .server([5, 0]), .client([5, 1, 0, 3, 1, 104, 0, 80]),
                .server([5, 0, 0, 1, 1, 2, 3, 4, 0, 80]), .client(get), .server(ok),
            ],
        ]
    }

    private func mutated(_ step: Timeline.Step, _ numbers: inout Numbers) -> [Timeline.Step] {
        switch step {
        case .client(let bytes): return mutated(bytes, .toServer, &numbers).map { .client($0) } + extra(&numbers)
        case .server(let bytes): return mutated(bytes, .toClient, &numbers).map { .server($0) } + extra(&numbers)
        default: return [step]
        }
    }

    private func mutated(_ original: [UInt8], _ direction: StreamDirection, _ numbers: inout Numbers) -> [[UInt8]] {
        var bytes = original
        for _ in 0..<Int.random(in: 0...3, using: &numbers) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &numbers)
            switch Int.random(in: 0..<5, using: &numbers) {
            case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &numbers)
            case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...9, using: &numbers)))
            case 2: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
            case 3: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &numbers)
            default: bytes.insert([0, 10, 13, 32, 255].randomElement(using: &numbers) ?? 0, at: place)
            }
        }
        let cut = Int.random(in: 0...bytes.count, using: &numbers)
        return [Array(bytes[..<cut]), Array(bytes[cut...])]
    }

    private func extra(_ numbers: inout Numbers) -> [Timeline.Step] {
        let direction: StreamDirection = Bool.random(using: &numbers) ? .toServer : .toClient
        switch Int.random(in: 0..<24, using: &numbers) {
        case 0: return [.gap(direction, Int.random(in: 1...50, using: &numbers))]
        case 1: return [.gap(direction, nil)]
        case 2: return [.end(direction)]
        case 3: return [.wait(.seconds(2))]
        default: return []
        }
    }

    @Test func `mutated conversations neither crash nor leak nor depend on chance`() {
        var numbers = Numbers(state: Self.seed)
        let reasons: [CloseReason] = [.finished, .reset(by: .toClient), .reset(by: .toServer), .evicted, .endOfCapture]
        for round in 0..<3_000 {
            for steps in corpus() {
                var timeline = Timeline()
                timeline.isClientKnown = Bool.random(using: &numbers)
                timeline.isReversed = !timeline.isClientKnown && Bool.random(using: &numbers)
                timeline.steps = steps.flatMap { mutated($0, &numbers) }
                timeline.steps.append(.closed(reasons.randomElement(using: &numbers) ?? .finished))
                let reader = timeline.runReader()
                #expect(reader.heldByteCount == 0, place(round))
                let again = timeline.run()
                #expect(reader.sink.calls == again, place(round))
                for call in reader.sink.calls where call.response == nil {
                    #expect(!call.request.method.isEmpty, place(round))
                }
            }
        }
    }

    @Test func `mutated conversations without losses do not depend on where they are cut`() {
        var numbers = Numbers(state: Self.seed)
        for round in 0..<300 {
            for steps in corpus() {
                var timeline = Timeline()
                timeline.steps = steps.flatMap { step -> [Timeline.Step] in
                    switch step {
                    case .client(let bytes): mutated(bytes, .toServer, &numbers).map { .client($0) }
                    case .server(let bytes): mutated(bytes, .toClient, &numbers).map { .server($0) }
                    default: [step]
                    }
                }
                timeline.steps.append(.closed(.endOfCapture))
                #expect(timeline.run() == timeline.run(.everyByte), place(round))
            }
        }
    }
}
