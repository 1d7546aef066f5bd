import CallModel
import Runtime

/// A look into a spool's directory from outside, beside the process that owns it: sealed batches that wait to be sent.
///
/// It takes no lock and changes nothing. A batch that is acknowledged while it looks is passed over; one that cannot be read is
/// counted. Calls of the open batch are not seen: they are sealed a second later.
public enum WaitingBatches {
    public struct Found: Sendable {
        public var batches: [(sequence: UInt64, sealedAt: Instant, bytes: [UInt8])] = []
        public var unreadableCount = 0
    }

    private static let fileByteCountMax = 64 << 20

    public static func read(in directory: String, batchCountMax: Int = 1_024) throws(FileError) -> Found {
        var found = Found()
        for name in try Files.names(in: directory) {
            guard case .batch(let sequence) = SpoolFile(name: name), found.batches.count < batchCountMax else {
                continue
            }
            let path = directory + "/" + name
            do throws(FileError) {
                let bytes = try Files.read(path, byteCountMax: fileByteCountMax)
                guard let head = BatchFileHead(bytes), head.fileByteCount == bytes.count else {
                    found.unreadableCount += 1
                    continue
                }
                found.batches.append((sequence, head.sealedAt, Array(bytes[head.byteCount...])))
            } catch {
                // Acknowledged a moment ago, most likely.
                if Files.exists(path) { found.unreadableCount += 1 }
            }
        }
        return found
    }
}
