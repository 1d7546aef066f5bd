import BatchFormat
import CallModel
import Deduplication
import SimulationKit
import Testing

@testable import Spool

/// Calls that come as columns: the spool must treat them as the calls they are.
struct EncodedAppendTests {
    private let start = Instant(secondsSinceEpoch: 1_795_000_000)

    private func open(_ disk: SimulatedDisk) throws -> SpoolStore<SimulatedDisk> {
        var random = SeededGenerator(seed: 5)
        return try SpoolStore.open(disk, catalogueVersion: "c1", using: &random, at: start)
    }

    private func call(_ url: String, id: String? = nil) -> APICall {
        var call = APICall(time: start, request: .init(method: "GET", url: url), source: .json)
        call.id = id
        return call
    }

    private func urls(_ store: inout SpoolStore<SimulatedDisk>) throws -> [String] {
        try store.seal(at: start)
        return try store.pending(limit: 10).flatMap { try BatchReader(try store.read($0.sequence, at: start)).calls() }
            .map(\.request.url)
    }

    @Test func `columns and calls of one sender are kept together`() throws {
        let disk = SimulatedDisk(seed: 1)
        var store = try open(disk)
        let results = try store.append(
            group: [([call("c")], EncodedCalls([call("a"), call("b")])), ([], EncodedCalls([call("d")]))], at: start)
        #expect(results.map(\.acceptedCount) == [3, 1])
        #expect(store.statistics.appendedCalls == 4)
        #expect(try urls(&store).sorted() == ["a", "b", "c", "d"])
    }

    @Test func `columns survive a crash as calls do`() throws {
        let disk = SimulatedDisk(seed: 1)
        var store = try open(disk)
        _ = try store.append(group: [([], EncodedCalls([call("a", id: "1"), call("b")]))], at: start)
        disk.restart()
        store = try open(disk)
        #expect(try urls(&store) == ["a", "b"])
        let repeated = try store.append(group: [([], EncodedCalls([call("a", id: "1")]))], at: start)
        #expect(repeated[0].suppressedCount == 1)
    }

    @Test func `of columns with a call that came before only that call is left out`() throws {
        let disk = SimulatedDisk(seed: 1)
        var store = try open(disk)
        _ = try store.append([call("a", id: "1")], at: start)
        let calls = [call("x", id: "7"), call("a", id: "1"), call("y"), call("z", id: "8")]
        let results = try store.append(group: [([], EncodedCalls(calls))], at: start)
        #expect(results[0].acceptedCount == 3 && results[0].suppressedCount == 1)
        // An id twice in one request, too; and what was put back the first time is not taken for a repeat.
        let again = try store.append(group: [([], EncodedCalls([call("p", id: "9"), call("q", id: "9")]))], at: start)
        #expect(again[0].acceptedCount == 1 && again[0].suppressedCount == 1)
        #expect(try urls(&store) == ["a", "x", "y", "z", "p"])
    }
}

extension EncodedCalls {
    init(_ calls: [APICall]) {
        self.init()
        for call in calls {
            batch.append(call)
            if let id = call.id { idHashes.append(suppliedIDHash(id)) }
        }
    }
}
