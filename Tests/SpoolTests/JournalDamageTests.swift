import BatchFormat
import CallModel
import SimulationKit
import Testing

@testable import Spool

struct JournalDamageTests {
    private let start = Instant(secondsSinceEpoch: 1_795_000_000)

    private func open(_ disk: SimulatedDisk) throws -> SpoolStore<SimulatedDisk> {
        var random = SeededGenerator(seed: 5)
        return try SpoolStore.open(disk, catalogueVersion: "c1", using: &random, at: start)
    }

    private func urls(_ store: inout SpoolStore<SimulatedDisk>) throws -> [String] {
        try store.pending(limit: 10).flatMap { try BatchReader(try store.read($0.sequence, at: start)).calls() }
            .map(\.request.url)
    }

    private func call(_ url: String) -> APICall {
        APICall(time: start, request: .init(method: "GET", url: url), source: .json)
    }

    /// Three records, a byte of one of them damaged; what the next process finds.
    private func afterDamage(_ places: [ReplayPlace?], at share: Double) throws -> SpoolStore<SimulatedDisk> {
        let disk = SimulatedDisk(seed: 1)
        var store = try open(disk)
        for (number, place) in places.enumerated() {
            _ = try store.append([call("call-\(number)")], place: place, at: start)
        }
        let name = SpoolFile.journal(1).name
        let size = try #require(disk.content(of: name)?.count)
        disk.flip(byteAt: Int(Double(size) * share), of: name)
        disk.restart()
        return try open(disk)
    }

    @Test func `damage in the middle costs one record, not those behind it`() throws {
        var store = try afterDamage([nil, nil, nil], at: 0.5)
        #expect(try urls(&store) == ["call-0", "call-2"])
        #expect(store.statistics.tornJournals == 0)
        #expect(store.statistics.damagedJournalBytes > 0)
        guard case .damagedJournal(let file, _)? = store.takeNotices().first else {
            Issue.record("nobody is told")
            return
        }
        #expect(file == SpoolFile.journal(1).name)
    }

    @Test func `a damaged header costs no record`() throws {
        var store = try afterDamage([nil, nil, nil], at: 0)
        #expect(try urls(&store) == ["call-0", "call-1", "call-2"])
    }

    @Test func `behind damage no place is taken over, because the replay repeats what follows the last good one`()
        throws
    {
        let places = (1...3).map { ReplayPlace(key: "file", offset: UInt64($0) * 10, line: UInt64($0)) }
        var store = try afterDamage(places, at: 0.5)
        #expect(try urls(&store) == ["call-0"])
        #expect(store.place(of: "file") == places[0])
    }

    @Test func `a torn end is no damage`() throws {
        let disk = SimulatedDisk(seed: 1)
        var store = try open(disk)
        _ = try store.append([call("call-0")], at: start)
        _ = try store.append([call("call-1")], at: start)
        let name = SpoolFile.journal(1).name
        let content = try #require(disk.content(of: name))
        let id = try #require(disk.content(of: SpoolFile.id.name))
        for cut in 1..<60 {
            let disk = SimulatedDisk(seed: 1)
            disk.replace(SpoolFile.id.name, with: id)
            disk.replace(name, with: Array(content.dropLast(cut)))
            var reopened = try open(disk)
            #expect(try urls(&reopened) == ["call-0"])
            #expect(reopened.statistics.tornJournals == 1)
            #expect(reopened.takeNotices().isEmpty)
        }
    }
}
