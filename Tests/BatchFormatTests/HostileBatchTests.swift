import BatchFormat
import CallModel
import SimulationKit
import Testing

struct HostileBatchTests {
    private func sample(seed: UInt64, sealed: Bool) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return batch((0..<6).map { _ in randomCall(&random) }, sealed: sealed)
    }

    @Test(arguments: [true, false])
    func `a batch cut at any byte is refused or whole`(sealed: Bool) throws {
        let bytes = sample(seed: 1, sealed: sealed)
        let whole = try BatchReader(bytes).calls()
        for end in 0..<bytes.count {
            let cut = Array(bytes[..<end])
            // A cut between two fields is a shorter message; it must never yield other calls.
            guard let calls = try? BatchReader(cut).calls() else { continue }
            #expect(calls.isEmpty || calls.count == whole.count, "cut at \(end)")
        }
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func `flipped bytes are refused or read, never trapped on`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bytes = sample(seed: seed, sealed: false)
        for _ in 0..<Int.random(in: 1...20, using: &random) {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        guard let reader = try? BatchReader(bytes), let calls = try? reader.calls() else { return }
        #expect(calls.count == reader.callCount, "seed \(seed)")
    }

    @Test func `an unknown version says so, so that the sender keeps the batch`() {
        #expect(throws: BatchError.unknownVersion(3)) { try BatchReader([0x08, 0x03, 0x10, 0x01]) }
    }

    @Test func `a claim of more calls than allowed is refused before anything is allocated`() {
        #expect(throws: BatchError.self) { try BatchReader([0x08, 0x01, 0x10, 0xff, 0xff, 0xff, 0xff, 0x0f]) }
    }

    @Test func `a decompression bomb costs no more than the bound`() throws {
        var call = APICall(time: .epoch, request: .init(method: "GET", url: "/"), source: .json)
        call.request.body = Body([UInt8](repeating: 0, count: 1 << 20))
        let bytes = batch([call])
        var limits = BatchLimits()
        limits.uncompressedByteCountMax = 1 << 16
        let reader = try BatchReader(bytes, limits: limits)
        #expect(throws: BatchError.self) { try reader.calls() }
    }

    @Test func `columns that disagree about the number of calls are refused`() throws {
        // Version 1, three calls, plain, metadata whose byte columns hold one entry.
        let metadata: [UInt8] = [0x12, 0x01, 0x00, 0x1a, 0x01, 0x00, 0x22, 0x01, 0x00]
        let bytes: [UInt8] = [0x08, 0x01, 0x10, 0x03, 0x2a, UInt8(metadata.count)] + metadata
        #expect(throws: BatchError.self) { try BatchReader(bytes).metadata() }
    }
}
