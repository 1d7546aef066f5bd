import CallModel
import Foundation
import Packets
import Testing

/// Captures with known contents, where they lie beside the project; elsewhere these tests say so and are skipped.
struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "../shared/captures")

    private static let isThere: Bool = {
        let isThere = FileManager.default.fileExists(atPath: folder.appending(path: "MANIFEST.ndjson").path)
        if !isThere { print("CorpusTests are skipped: there are no captures in ../shared") }
        return isThere
    }()

    private struct Capture: Decodable {
        struct Variant: Decodable { var lossless: Bool? }

        var name: String
        var file: String
        var base: String?
        var variant: Variant?
    }

    private static func captures() throws -> [Capture] {
        try String(contentsOf: folder.appending(path: "MANIFEST.ndjson"), encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Capture.self, from: Data($0.utf8))
        }
    }

    private static func read(_ file: String, pieceByteCount: Int = 4_000) throws -> PacketReassembler<Recorder> {
        let bytes = [UInt8](try Data(contentsOf: folder.appending(path: file)))
        var reader = CaptureFileReader()
        var reassembler = PacketReassembler(consumer: Recorder())
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + pieceByteCount)
            try reader.read(bytes.span.extracting(start..<end), into: &reassembler)
            start = end
        }
        try reader.finish()
        reassembler.finish()
        return reassembler
    }

    @Test(.enabled(if: isThere)) func `every capture is read to its end, and each connection is closed once`() throws {
        for capture in try Self.captures() {
            let seen = try Self.read(capture.file)
            #expect(seen.consumer.complaints == [], "\(capture.name)")
            #expect(!seen.consumer.connections.isEmpty, "\(capture.name)")
            #expect(seen.consumer.connections.allSatisfy { $0.reason != nil }, "\(capture.name)")
            #expect(seen.counters.malformedPackets == 0, "\(capture.name)")
        }
    }

    /// Retransmitted, reordered, fragmented, tagged, cut otherwise, under other link layers and in other byte orders.
    @Test(.enabled(if: isThere)) func `a variant that lost nothing has its base's very streams`() throws {
        let captures = try Self.captures()
        for capture in captures where capture.variant?.lossless == true {
            let base = try #require(captures.first { $0.name == capture.base })
            let (expected, found) = (try Self.read(base.file).consumer, try Self.read(capture.file).consumer)
            #expect(
                found.connections.map(\.toServer.bytes) == expected.connections.map(\.toServer.bytes), "\(capture.name)"
            )
            #expect(
                found.connections.map(\.toClient.bytes) == expected.connections.map(\.toClient.bytes), "\(capture.name)"
            )
            #expect(
                found.connections.allSatisfy { $0.toServer.gaps.isEmpty && $0.toClient.gaps.isEmpty }, "\(capture.name)"
            )
        }
    }

    @Test(.enabled(if: isThere)) func `a variant with losses hands out nothing but its base's bytes, at their places`()
        throws
    {
        let captures = try Self.captures()
        for capture in captures where capture.variant?.lossless == false && !capture.name.hasSuffix("midstream") {
            let base = try #require(captures.first { $0.name == capture.base })
            let expected = try Self.read(base.file).consumer.connections
            for (index, connection) in try Self.read(capture.file).consumer.connections.enumerated() {
                for direction in StreamDirection.allCases {
                    let (found, whole) = (connection[direction], expected[index][direction])
                    let missing = found.gaps.reduce(0) { $0 + ($1 ?? 0) }
                    // What was acknowledged last may include the FIN, which has no byte.
                    #expect(abs(found.bytes.count + missing - whole.bytes.count) <= 1, "\(capture.name) \(direction)")
                }
            }
        }
    }
}
