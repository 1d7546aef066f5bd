import CallModel
import Packets
import Protocols

/// Looks at each call as whoever prints it does.
struct Calls: CallSink {
    var count = 0

    mutating func observed(_ observed: ObservedCall) {
        count += 1
        let call = observed.makeCall(configuration: Bounds.protocols)
        must(call.duration.map { $0 >= .zero } ?? true, "a call that ended before it began")
    }
}

/// Small, so that short inputs reach them.
enum Bounds {
    static var protocols: ProtocolConfiguration {
        var bounds = ProtocolConfiguration()
        bounds.bodyByteCountMax = 512
        bounds.decodedBodyByteCountMax = 4_096
        bounds.headByteCountMax = 2_048
        bounds.heldByteCountMax = 16_384
        bounds.connectionCountMax = 4
        return bounds
    }

    static var packets: PacketConfiguration {
        var bounds = PacketConfiguration()
        bounds.connectionsMax = 4
        bounds.heldBytesMax = 2_048
        bounds.heldSegmentsMax = 8
        bounds.heldBytesTotalMax = 4_096
        bounds.fragmentedDatagramsMax = 2
        bounds.fragmentBytesTotalMax = 2_048
        return bounds
    }
}

func mustHaveLetGo(_ reader: CallReader<Calls>) {
    must(reader.heldByteCount == 0, "\(reader.heldByteCount) bytes are still held")
    must(reader.connectionCount == 0, "\(reader.connectionCount) connections are still open")
}

extension FuzzTarget {
    /// A capture file, pcap or pcapng, in pieces as the first byte says: records, link layers, tunnels, fragments, TCP, and what it carries.
    static let capture = FuzzTarget(
        name: "capture",
        run: { bytes in
            guard let first = bytes.first else { return }
            let calls = CallReader(sink: Calls(), configuration: Bounds.protocols)
            var packets = PacketReassembler(consumer: calls, configuration: Bounds.packets)
            var file = CaptureFileReader()
            let pieceSize = Int(first) + 1
            var at = 1
            while at < bytes.count {
                let end = min(bytes.count, at + pieceSize)
                do { try file.read(bytes.span.extracting(at..<end), into: &packets) } catch { break }
                at = end
            }
            packets.finish()
            calls.finish()
            mustHaveLetGo(calls)
        },
        seeds: {
            let talk = [
                segment(true, 1, 0, 2, ""), segment(false, 1, 2, 0x12, ""), segment(true, 2, 2, 0x18, request),
                segment(false, 2, 2, 0x18, answer), segment(true, 40, 40, 0x11, ""),
            ]
            return [0x20, 0xff].map { [$0] + pcap(talk) } + [0x40, 0xff].map { [$0] + pcapng(talk) }
        })

    /// Both directions of connections as they come in order: see `StreamEvents`.
    static let streams = FuzzTarget(
        name: "streams",
        run: { bytes in
            var calls = CallReader(sink: Calls(), configuration: Bounds.protocols)
            StreamEvents.play(bytes, into: &calls)
            calls.finish()
            mustHaveLetGo(calls)
        },
        seeds: {
            let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
            let get: [UInt8] = [0, 0, 3, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84]
            let ok: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88]
            return [
                StreamEvents.chunk(0x1c, Array(request.utf8)) + StreamEvents.chunk(0x1d, Array(answer.utf8)) + [
                    0x14, 0,
                ],
                StreamEvents.chunk(0x1c, preface + get) + StreamEvents.chunk(0x1d, ok) + [0x04, 9]
                    + StreamEvents.chunk(0x1c, get) + [0x15, 1],
            ]
        })

    private static let request = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
    private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    private static func segment(
        _ isFromClient: Bool, _ sequence: UInt32, _ acknowledged: UInt32, _ flags: UInt8, _ text: String
    ) -> [UInt8] {
        let ports: [UInt8] = isFromClient ? [0x9c, 0x40, 0, 80] : [0, 80, 0x9c, 0x40]
        let addresses: [UInt8] = isFromClient ? [10, 0, 0, 1, 10, 0, 0, 2] : [10, 0, 0, 2, 10, 0, 0, 1]
        let payload = Array(text.utf8)
        let length = UInt16(40 + payload.count)
        return [UInt8](repeating: 2, count: 12) + [8, 0, 0x45, 0] + bigEndian(length) + [0, 1, 0x40, 0, 64, 6, 0, 0]
            + addresses + ports + bigEndian(sequence) + bigEndian(acknowledged) + [0x50, flags, 0xff, 0xff, 0, 0, 0, 0]
            + payload
    }

    private static func pcap(_ frames: [[UInt8]]) -> [UInt8] {
        var file: [UInt8] = bigEndian(UInt32(0xa1b2_c3d4)) + [0, 2, 0, 4] + [UInt8](repeating: 0, count: 8)
        file += bigEndian(UInt32(65_535)) + bigEndian(UInt32(1))
        for (number, frame) in frames.enumerated() {
            file += bigEndian(UInt32(number + 1)) + bigEndian(UInt32(0))
            file += bigEndian(UInt32(frame.count)) + bigEndian(UInt32(frame.count)) + frame
        }
        return file
    }

    private static func pcapng(_ frames: [[UInt8]]) -> [UInt8] {
        func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
            let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
            let length = bigEndian(UInt32(padded.count + 12))
            return bigEndian(type) + length + padded + length
        }
        let section = bigEndian(UInt32(0x1a2b_3c4d)) + [0, 1, 0, 0] + [UInt8](repeating: 0xff, count: 8)
        // Ethernet, and nanoseconds as the resolution of its times.
        let interface: [UInt8] = [0, 1, 0, 0, 0, 0, 0xff, 0xff, 0, 9, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0]
        let secrets = Array("CLIENT_RANDOM 00 00\n".utf8)
        var file = block(0x0a0d_0d0a, section) + block(1, interface)
        file += block(10, bigEndian(UInt32(0x544c_534b)) + bigEndian(UInt32(secrets.count)) + secrets)
        for (number, frame) in frames.enumerated() {
            let length = bigEndian(UInt32(frame.count))
            file += block(6, bigEndian(UInt32(0)) + bigEndian(UInt64(number + 1) << 30) + length + length + frame)
        }
        return file
    }

    private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian, Array.init)
    }
}
