import CallModel
import Foundation
import Packets
import Protocols
import Testing

/// Key logs as real programs write them, where they lie beside the project; elsewhere these tests say so and are skipped.
struct KeyLogCorpusTests {
    private static let captures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "../shared/captures")
    private static let folder = captures.appending(path: "keys")

    private static let isThere: Bool = {
        let isThere = FileManager.default.fileExists(atPath: folder.path)
        if !isThere { print("KeyLogCorpusTests are skipped: there are no key logs in ../shared") }
        return isThere
    }()

    @Test(.enabled(if: isThere)) func `every line of real key logs is understood, or of no concern`() throws {
        let concern = [
            "CLIENT_RANDOM ", "_HANDSHAKE_TRAFFIC_SECRET ", "_TRAFFIC_SECRET_0 ", "CLIENT_EARLY_TRAFFIC_SECRET ",
        ]
        for file in try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil) {
            let text = try String(contentsOf: file, encoding: .utf8)
            var log = KeyLog()
            log.append(Array(text.utf8).span)
            log.append([UInt8(ascii: "\n")].span)
            let lines = text.split(whereSeparator: \.isNewline).filter { line in concern.contains { line.contains($0) }
            }
            #expect(log.lineCount == lines.count && !lines.isEmpty, "\(file.lastPathComponent)")
        }
    }

    /// Counts bytes, of any number of connections.
    private struct Counter: StreamConsumer {
        var bytes = 0
        var gaps = 0
        var failures = 0

        mutating func opened(_ connection: ConnectionID, _ origin: ConnectionOrigin, at now: Instant) {}
        mutating func chunk(
            _ bytes: Span<UInt8>, of connection: ConnectionID, _ direction: StreamDirection, at now: Instant
        ) { self.bytes += bytes.count }
        mutating func gap(
            byteCount: Int?, of connection: ConnectionID, _ direction: StreamDirection, at now: Instant
        ) { gaps += 1 }
        mutating func halfClosed(_ connection: ConnectionID, _ direction: StreamDirection, at now: Instant) {}
        mutating func closed(_ connection: ConnectionID, _ reason: CloseReason, at now: Instant) {}
        mutating func datagram(_ bytes: Span<UInt8>, from: SocketEndpoint, to: SocketEndpoint, at now: Instant) {}
        mutating func handshakeFailed(_ connection: ConnectionID, alert: UInt8?, at now: Instant) { failures += 1 }
    }

    @Test(.enabled(if: isThere)) func `each capture with a key log is read to its last record`() throws {
        for keys in try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil) {
            let name = keys.deletingPathExtension().lastPathComponent
            let file = [UInt8](try Data(contentsOf: Self.captures.appending(path: "pcap/\(name).pcap")))
            var reassembler = PacketReassembler(consumer: TLSReader(consumer: Counter()))
            let log = [UInt8](try Data(contentsOf: keys))
            reassembler.consumer.keyLog(log.span)
            var reader = CaptureFileReader()
            try reader.read(file.span, into: &reassembler)
            reassembler.finish()
            let counters = reassembler.consumer.counters
            #expect(counters.readableConnections == counters.connections && counters.connections > 0, "\(name)")
            #expect(counters.refusedRecords == 0, "\(name)")
            let heard = reassembler.consumer.consumer
            #expect(heard.bytes > 0 && heard.gaps == 0 && heard.failures == 0, "\(name)")
        }
    }
}
