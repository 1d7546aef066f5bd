import CallModel
import Storage
import Testing

struct StorageSizeTests {
    private let noon = Instant(rfc3339: "2026-11-24T12:00:00Z")!
    private let megabyte = 1 << 20

    private func part(_ table: String, _ period: String, _ megabytes: Int, thinned: Bool = false) -> StorageSize.Part {
        StorageSize.Part(table: table, period: period, byteCount: megabytes << 20, isThinned: thinned)
    }

    private var size: StorageSize {
        StorageSize(parts: [
            part("call_rows", "20261122", 10), part("call_rows", "20261123", 10), part("call_rows", "20261124", 5),
            part("payload_blocks", "20261122", 100), part("payload_blocks", "20261123", 100),
            part("payload_blocks", "20261124", 50), part("rollup_blocks", "20261122", 1),
            part("minute_segments", "20261120", 4), part("hour_segments", "202610", 2),
            part("hour_segments", "202611", 2),
            StorageSize.Part(table: "names", period: nil, byteCount: 1 << 20),
        ])
    }

    @Test func `bodies of successes go first, counts last, and today's never`() {
        var size = size
        var order: [String] = []
        while let step = size.nextReclaim(byteCountMax: 1 << 20, today: "20261124") {
            switch step {
            case .thin(let part):
                order.append("thin \(part.name)")
                let index = size.parts.firstIndex(of: part)!
                size.parts[index].isThinned = true
                size.parts[index].byteCount /= 2
            case .drop(let part):
                order.append("drop \(part.name)")
                size.parts.removeAll { $0 == part }
            }
        }
        #expect(
            order == [
                "thin payload_blocks_20261122", "thin payload_blocks_20261123", "drop payload_blocks_20261122",
                "drop payload_blocks_20261123", "drop call_rows_20261122", "drop rollup_blocks_20261122",
                "drop call_rows_20261123", "drop minute_segments_20261120", "drop hour_segments_202610",
            ])
        #expect(size.parts.contains { $0.name == "payload_blocks_20261124" })
        #expect(size.parts.contains { $0.name == "hour_segments_202611" }, "the month is not over")
    }

    @Test func `below its bound nothing is given up`() {
        #expect(size.nextReclaim(byteCountMax: size.byteCount, today: "20261124") == nil)
    }

    @Test func `yesterday says what a day takes, and on the first day today does`() {
        #expect(size.bytesPerDay(at: noon) == Double(110 * megabyte))
        let first = StorageSize(parts: [part("call_rows", "20261124", 50)])
        #expect(first.bytesPerDay(at: noon) == Double(100 * megabyte), "half a day so far")
        #expect(first.bytesPerDay(at: Instant(rfc3339: "2026-11-24T00:10:00Z")!) == nil, "too early to say")
    }

    @Test func `what retention holds in check is never full`() {
        var policy = RetentionPolicy()
        policy.calls = .seconds(2 * 86_400)
        // Three days of 110 MB, and 9 MB of the rest.
        #expect(size.timeUntilFull(byteCountMax: 400 * megabyte, policy, at: noon) == nil)
        let left = size.timeUntilFull(byteCountMax: 300 * megabyte, policy, at: noon)
        #expect(left != nil && left! > .zero && left! < .seconds(86_400))
        #expect(size.timeUntilFull(byteCountMax: 100 * megabyte, policy, at: noon) == .zero)
    }
}
