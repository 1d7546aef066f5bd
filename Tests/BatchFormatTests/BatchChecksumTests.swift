import BatchFormat
import Testing

struct BatchChecksumTests {
    @Test func `it is the same in every release`() {
        // The ledger and spools keep these: a change here is a change of format.
        let bytes = (0..<100).map { UInt8($0) }
        #expect(BatchChecksum(of: []).bytes.count == 16)
        #expect(BatchChecksum(of: bytes) == BatchChecksum(of: bytes))
        #expect(hex(BatchChecksum(of: [])) == "264d64b753350251e3562780cefce5d1")
        #expect(hex(BatchChecksum(of: bytes)) == "3925cd729eca12d81e7f16bea615627f")
    }

    @Test func `every bit and every length matters`() {
        var bytes = [UInt8](repeating: 0, count: 100)
        var seen: Set<BatchChecksum> = []
        for count in 0...100 { seen.insert(BatchChecksum(of: Array(bytes[..<count]))) }
        for bit in 0..<800 {
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            seen.insert(BatchChecksum(of: bytes))
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        }
        #expect(seen.count == 901)
    }

    private func hex(_ checksum: BatchChecksum) -> String {
        checksum.bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
