import CallModel
import Runtime

/// What was set aside in a spool's directory, seen from outside: batches that the aggregator refused for good, and files that did
/// not read back as they were written. None of them is sent again; they wait for somebody to look at them.
public struct AsideBatches: Sendable, Equatable {
    public var refusedCount = 0
    public var damagedCount = 0
    public var byteCount = 0
    /// When the oldest of the refused ones was sealed; nil where its head cannot be read.
    public var oldestSealedAt: Instant?
    public var oldestFile: String?

    public init() {}

    public var count: Int { refusedCount + damagedCount }

    /// Takes no lock and changes nothing; blocks on the disk. Nothing is found where there is no directory.
    public static func look(in directory: String) -> AsideBatches {
        var found = AsideBatches()
        var oldest: UInt64?
        for name in (try? Files.names(in: directory)) ?? [] {  // No spool yet, or none of ours to read.
            switch SpoolFile(name: name) {
            case .refused(let sequence):
                found.refusedCount += 1
                if oldest.map({ sequence < $0 }) ?? true { (oldest, found.oldestFile) = (sequence, name) }
            case .badBatch, .badJournal: found.damagedCount += 1
            case .id, .places, .journal, .batch, .done, .temporary, nil: continue
            }
            found.byteCount += (try? Files.byteCount(of: directory + "/" + name)) ?? 0  // It went just now.
        }
        if let name = found.oldestFile {
            let bytes = try? Files.read(directory + "/" + name, byteCountMax: fileByteCountMax)
            found.oldestSealedAt = bytes.flatMap { BatchFileHead($0)?.sealedAt }
        }
        return found
    }

    private static let fileByteCountMax = 64 << 20
}
