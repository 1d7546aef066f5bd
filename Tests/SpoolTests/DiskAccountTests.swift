import CallModel
import SimulationKit
import Testing

@testable import Spool

/// The bound on disk holds only if the spool knows what its files take up, also of those that a failure left behind.
struct DiskAccountTests {
    /// The spool's id and the places of replays, which are counted apart.
    private static let smallFilesByteCount = 8_192
    private let start = Instant(secondsSinceEpoch: 1_795_000_000)

    /// Not three: then a payload behind an acknowledged head may stay, which is not counted before the next start.
    @Test(arguments: [1, 2])
    func `whatever fails, and as often in a row, no file goes uncounted`(failuresInARow: Int) throws {
        for n in 1...90 {
            let disk = SimulatedDisk(seed: UInt64(n))
            var random = SeededGenerator(seed: 5)
            var store = try SpoolStore.open(
                disk, configuration: SpoolConfiguration(), catalogueVersion: "c1", using: &random, at: start)
            var calls = GeneratedCalls(hostNumber: 0, seed: 9)
            let first = disk.operationCount + n
            for number in first..<first + failuresInARow { disk.faults[number] = .error(5) }
            for second in 0..<12 {
                let now = start + .seconds(second * 3)
                _ = try? store.append((0..<30).map { _ in calls.next(at: now, bodyByteCountMax: 900) }, at: now)
                try? store.seal(at: now)
                if second % 3 == 2, let oldest = store.pending(limit: 1).first {
                    _ = store.acknowledge(oldest.sequence, at: now)
                }
                store.tick(at: now)
                #expect(
                    disk.blockByteCount <= store.level.diskByteCount + Self.smallFilesByteCount,
                    "operation \(n) and what follows fails, second \(second): \(disk.fileNames)")
            }
        }
    }
}
