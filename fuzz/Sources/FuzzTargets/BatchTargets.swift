import BatchFormat
import CallModel
import Rollups
import SimulationKit

extension FuzzTarget {
    /// A batch as an aggregator gets it. What it holds must survive being written and read again; what is left of it after a
    /// reduction must count as much as it did.
    static let batch = FuzzTarget(
        name: "batch",
        run: { bytes in
            var limits = BatchLimits()
            limits.uncompressedByteCountMax = 4 << 20
            limits.callCountMax = 4_096
            guard let reader = try? BatchReader(bytes, limits: limits), let columns = try? reader.metadata() else {
                return
            }
            must(columns.callCount == reader.callCount, "columns of another length")
            let shed = try? reader.shed()
            for payload in reader.payloads where reader.isSealed {
                _ = try? BatchReader.payloads(ofBlock: payload.bytes, callCount: payload.callCount, limits: limits)
                _ = try? BatchReader.payloads(
                    ofBlock: payload.bytes, callCount: payload.callCount, rows: [0, payload.callCount - 1],
                    limits: limits)
            }
            if let calls = try? reader.calls() { checkRoundTrip(calls) }
            guard reader.isSealed else { return }
            let before = weight(columns) + (shed.flatMap { $0 }.map(weight) ?? 0)
            for level in BatchReduction.Level.allCases.dropFirst() {
                let original = BatchChecksum(of: bytes)
                guard let reduced = try? BatchReduction.reduce(bytes, to: level, original: original),
                    let read = try? BatchReader(reduced.bytes), let left = try? read.metadata()
                else { continue }
                let after = weight(left) + (((try? read.shed()) ?? nil).map(weight) ?? 0)
                must(after == before, "a reduction lost calls: \(before) to \(after)")
                must(read.original == original, "a reduction forgot what it was")
            }
        },
        seeds: {
            var calls = GeneratedCalls(hostNumber: 0, seed: 1)
            let made = (0..<12).map { _ in
                calls.next(at: Instant(secondsSinceEpoch: 1_795_000_000), bodyByteCountMax: 40)
            }
            var builder = BatchBuilder(catalogueVersion: "c1")
            for call in made { builder.append(call) }
            let sealed = builder.sealed()
            for call in made { builder.append(call) }
            let plain = builder.journalRecord()
            let original = BatchChecksum(of: sealed)
            let reduced = BatchReduction.Level.allCases.dropFirst().compactMap {
                try? BatchReduction.reduce(sealed, to: $0, original: original).bytes
            }
            return [sealed, plain] + reduced
        })

    private static func weight(_ columns: MetadataColumns) -> Int {
        columns.weight.reduce(0) { $0 + Int($1) }
    }

    private static func checkRoundTrip(_ calls: [APICall]) {
        var builder = BatchBuilder(catalogueVersion: "c1")
        for call in calls { builder.append(call) }
        guard let again = try? BatchReader(builder.journalRecord()).calls() else {
            return must(calls.isEmpty, "what was read cannot be written")
        }
        must(again.count == calls.count, "calls were lost on the way")
    }

    /// A rollup block as it lies in the database.
    static let rollups = FuzzTarget(
        name: "rollups",
        run: { bytes in
            guard let block = try? RollupBlock(encoded: bytes) else { return }
            var minutes = MinuteRollup()
            minutes.add(block)
            // What a block of the first version counts apart is not written again.
            must((try? RollupBlock(encoded: block.encoded()))?.cells == block.cells, "a block does not read back")
        },
        seeds: {
            var counter = RollupCounter()
            for number in 1...4 {
                let key = CellKey(
                    interval: 179_500_000, partner: Int32(number), route: 2, host: 3, region: 4, customer: 0,
                    serviceVersion: 5, network: 6, direction: .outbound, outcome: 0, latency: 79)
                counter.add(key, weight: Int64(number))
            }
            return [counter.block.encoded(), RollupBlock().encoded()]
        })
}
