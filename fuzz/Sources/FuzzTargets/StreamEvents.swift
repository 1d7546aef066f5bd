import CallModel

/// An input as what sources of bytes tell: a list of events, each a byte that says which end, which connection and what (bytes, a gap,
/// an end, a close), a byte that says how much, and the bytes.
enum StreamEvents {
    static func play(_ bytes: [UInt8], into consumer: inout some StreamConsumer) {
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
                consumer.opened(id, origin(isClientKnown: event & 4 != 0), at: now)
            }
            switch event >> 3 & 7 {
            case 0: consumer.gap(byteCount: count == 0 ? nil : count, of: id, direction, at: now)
            case 1: consumer.halfClosed(id, direction, at: now)
            case 2:
                consumer.closed(id, count & 1 == 0 ? .finished : .reset(by: direction), at: now)
                open.remove(id.rawValue)
            default:
                let end = min(bytes.count, at + count)
                consumer.chunk(bytes.span.extracting(at..<end), of: id, direction, at: now)
                at = end
            }
        }
        for id in open.sorted() { consumer.closed(ConnectionID(rawValue: id), .endOfCapture, at: now) }
    }

    /// The events that hand in these bytes.
    static func chunk(_ kind: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        stride(from: 0, to: bytes.count, by: 255).flatMap { start in
            let piece = bytes[start..<min(bytes.count, start + 255)]
            return [kind, UInt8(piece.count)] + piece
        }
    }

    private static func origin(isClientKnown: Bool) -> ConnectionOrigin {
        ConnectionOrigin(
            client: SocketEndpoint(ipv4: 0x0a00_0001, port: 40_000),
            server: SocketEndpoint(ipv4: 0x0a00_0002, port: 443),
            isClientKnown: isClientKnown, source: .packets)
    }
}
