import BatchFormat
import CallModel
import SimulationKit

@testable import Spool

extension FuzzTarget {
    /// A spool's directory in which one file is any bytes: the first says which file. Whatever they are, the spool opens, takes a
    /// call, gives it back, and never offers what cannot be read.
    static let spoolFiles = FuzzTarget(
        name: "spool",
        run: { bytes in
            guard let first = bytes.first else { return }
            let disk = SimulatedDisk(seed: 1)
            disk.replace(names[Int(first) % names.count], with: Array(bytes.dropFirst()))
            var random = SeededGenerator(seed: 2)
            let now = Instant(secondsSinceEpoch: 1_795_000_000)
            var store: SpoolStore<SimulatedDisk>
            do throws(SpoolError) {
                store = try SpoolStore.open(disk, catalogueVersion: "c1", using: &random, at: now)
            } catch {
                if case .unknownFormat = error { return }
                return must(false, "the spool does not open: \(error)")
            }
            let call = APICall(time: now, request: .init(method: "GET", url: "canary"), source: .json)
            guard (try? store.append([call], at: now)) != nil, (try? store.seal(at: now)) != nil else {
                return must(false, "the spool takes nothing")
            }
            var found = false
            for batch in store.pending(limit: 100) {
                guard let payload = try? store.read(batch.sequence, at: now) else { continue }
                if let calls = try? BatchReader(payload).calls() {
                    found = found || calls.contains { $0.request.url == "canary" }
                }
                store.acknowledge(batch.sequence, at: now)
            }
            must(found, "the call is lost")
        },
        seeds: {
            let disk = SimulatedDisk(seed: 1)
            var random = SeededGenerator(seed: 2)
            let now = Instant(secondsSinceEpoch: 1_795_000_000)
            var calls = GeneratedCalls(hostNumber: 0, seed: 1)
            guard var store = try? SpoolStore.open(disk, catalogueVersion: "c1", using: &random, at: now) else {
                return []
            }
            func append(_ count: Int, _ line: UInt64) {
                let made = (0..<count).map { _ in calls.next(at: now, bodyByteCountMax: 20) }
                _ = try? store.append(made, place: ReplayPlace(key: "f", offset: line, line: line), at: now)
            }
            append(3, 1)
            append(2, 2)
            let journal = disk.content(of: names[0])
            _ = try? store.seal(at: now)
            let batch = disk.content(of: names[1])
            _ = try? store.savePlaces()
            let files = [journal, batch, batch, disk.content(of: names[3]), disk.content(of: names[4])]
            return files.enumerated().map { [UInt8($0)] + ($1 ?? []) }
        })

    private static let names = [
        SpoolFile.journal(1).name, SpoolFile.batch(1).name, SpoolFile.done(1).name, SpoolFile.places.name,
        SpoolFile.id.name, SpoolFile.refused(1).name, SpoolFile.badJournal(1).name,
    ]
}
