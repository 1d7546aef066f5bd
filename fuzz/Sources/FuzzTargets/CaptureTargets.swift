import CallModel
import Packets
import Protocols

/// Looks at each call as whoever prints it does.
private struct Calls: CallSink {
    var count = 0

    mutating func observed(_ observed: ObservedCall) {
        count += 1
        let call = observed.makeCall(configuration: Bounds.protocols)
        must(call.duration.map { $0 >= .zero } ?? true, "a call that ended before it began")
    }
}

/// Small, so that short inputs reach them.
private enum Bounds {
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

private func mustHaveLetGo(_ reader: CallReader<Calls>) {
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
            return [0x20, 0xff].map { [$0] + pcap(talk) }
        })

    /// Both directions of connections as they come in order: an input is a list of events, each a byte that says which end, which
    /// connection and what (bytes, a gap, an end, a close), a byte that says how much, and the bytes.
    static let streams = FuzzTarget(
        name: "streams",
        run: { bytes in
            let calls = CallReader(sink: Calls(), configuration: Bounds.protocols)
            var now = Instant.epoch
            var at = 0
            var open = Set<UInt64>()
            while at + 2 <= bytes.count {
                let (event, count) = (bytes[at], Int(bytes[at + 1]))
                at += 2
                now = now + .milliseconds(1)
                let direction: StreamDirection = event & 1 == 0 ? .toServer : .toClient
                let id = ConnectionID(rawValue: UInt64(event >> 1 & 1))
                if open.insert(id.rawValue).inserted {
                    calls.opened(id, origin(isClientKnown: event & 4 != 0), at: now)
                }
                switch event >> 3 & 7 {
                case 0: calls.gap(byteCount: count == 0 ? nil : count, of: id, direction, at: now)
                case 1: calls.halfClosed(id, direction, at: now)
                case 2:
                    calls.closed(id, count & 1 == 0 ? .finished : .reset(by: direction), at: now)
                    open.remove(id.rawValue)
                default:
                    let end = min(bytes.count, at + count)
                    calls.chunk(bytes.span.extracting(at..<end), of: id, direction, at: now)
                    at = end
                }
            }
            calls.finish()
            mustHaveLetGo(calls)
        },
        seeds: {
            let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
            let get: [UInt8] = [0, 0, 3, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84]
            let ok: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88]
            return [
                event(0x1c, Array(request.utf8)) + event(0x1d, Array(answer.utf8)) + [0x14, 0],
                event(0x1c, preface + get) + event(0x1d, ok) + [0x04, 9] + event(0x1c, get) + [0x15, 1],
            ]
        })

    private static let request = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
    private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    private static func event(_ kind: UInt8, _ bytes: [UInt8]) -> [UInt8] { [kind, UInt8(bytes.count)] + bytes }

    private static func origin(isClientKnown: Bool) -> ConnectionOrigin {
        ConnectionOrigin(
            client: SocketEndpoint(ipv4: 0x0a00_0001, port: 40_000),
            server: SocketEndpoint(ipv4: 0x0a00_0002, port: 80),
            isClientKnown: isClientKnown, source: .packets)
    }

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

    private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian, Array.init)
    }
}
