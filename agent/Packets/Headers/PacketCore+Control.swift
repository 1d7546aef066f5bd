import CallModel

/// ICMP and ICMPv6: only what ends an attempt to connect.
extension PacketCore {
    /// Destination unreachable carries the packet that could not be delivered (RFC 792; RFC 4443, section 3.1).
    mutating func controlMessage(_ bytes: Span<UInt8>, at offset: Int, isIPv6: Bool, _ view: PacketView) {
        guard offset + 8 <= bytes.count else { return counters.malformedPackets += 1 }
        let isUnreachable = isIPv6 ? bytes[offset] == 1 : bytes[offset] == 3
        // Code 4 of ICMP asks for smaller packets: nothing has failed.
        guard isUnreachable, isIPv6 || bytes[offset + 1] != 4 else { return }
        guard let lost = lostSegment(bytes, at: offset + 8) else { return }
        connectionUnreachable(from: lost.source, to: lost.destination, sequence: lost.sequence, at: view.now)
    }

    /// Of the packet inside, eight bytes after its IP header are certain: ports and sequence number (RFC 792).
    private func lostSegment(
        _ bytes: Span<UInt8>, at offset: Int
    ) -> (source: SocketEndpoint, destination: SocketEndpoint, sequence: UInt32)? {
        guard offset + 20 <= bytes.count else { return nil }
        let addresses: NetworkHeader
        let start: Int
        switch bytes[offset] >> 4 {
        case 4:
            guard bytes[offset + 9] == 6 else { return nil }
            addresses = NetworkHeader(
                version4Source: bytes.bigEndianUInt32(at: offset + 12),
                destination: bytes.bigEndianUInt32(at: offset + 16))
            start = offset + Int(bytes[offset] & 0x0f) * 4
        case 6:
            guard offset + 40 <= bytes.count, bytes[offset + 6] == 6 else { return nil }
            addresses = NetworkHeader(
                sourceHigh: bytes.bigEndianUInt64(at: offset + 8), sourceLow: bytes.bigEndianUInt64(at: offset + 16),
                destinationHigh: bytes.bigEndianUInt64(at: offset + 24),
                destinationLow: bytes.bigEndianUInt64(at: offset + 32))
            start = offset + 40
        default: return nil
        }
        guard start + 8 <= bytes.count else { return nil }
        return (
            addresses.source(bytes.bigEndianUInt16(at: start)),
            addresses.destination(bytes.bigEndianUInt16(at: start + 2)), bytes.bigEndianUInt32(at: start + 4)
        )
    }
}
