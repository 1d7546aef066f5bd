import CallModel

/// IP headers: from the version to TCP, UDP, ICMP, or another header further in.
extension PacketCore {
    mutating func networkLayer(_ bytes: Span<UInt8>, at offset: Int, _ view: PacketView) {
        guard offset < bytes.count, view.depth < configuration.headersMax else { return counters.malformedPackets += 1 }
        switch bytes[offset] >> 4 {
        case 4: ipv4(bytes, at: offset, view)
        case 6: ipv6(bytes, at: offset, view)
        default: counters.malformedPackets += 1
        }
    }

    /// RFC 791, section 3.1.
    @inline(__always)
    private mutating func ipv4(_ bytes: Span<UInt8>, at offset: Int, _ view: PacketView) {
        guard offset + 20 <= bytes.count else { return counters.malformedPackets += 1 }
        // Twenty bytes are there, of which all below are.
        let headerByteCount = Int(bytes[unchecked: offset] & 0x0f) * 4
        // Zero where the capturing host left the segmentation to its network card: then the frame's own length counts.
        let declared = Int(bytes.bigEndianUInt16(unchecked: offset + 2))
        let end = declared == 0 ? view.end : min(view.end, offset + declared)
        guard headerByteCount >= 20, offset + headerByteCount <= end else { return counters.malformedPackets += 1 }
        let addresses = NetworkHeader(
            version4Source: bytes.bigEndianUInt32(unchecked: offset + 12),
            destination: bytes.bigEndianUInt32(unchecked: offset + 16))
        let inner = view.inside(end: end)
        let fragmentation = bytes.bigEndianUInt16(unchecked: offset + 6)
        if fragmentation & 0x3fff != 0 {
            let fragment = Fragment(
                key: FragmentKey(
                    addresses: addresses, identification: UInt32(bytes.bigEndianUInt16(unchecked: offset + 4)),
                    protocolNumber: bytes[unchecked: offset + 9], scope: scope),
                offset: Int(fragmentation & 0x1fff) * 8, isLast: fragmentation & 0x2000 == 0,
                payload: offset + headerByteCount..<end)
            return fragmentArrived(bytes, fragment, inner)
        }
        let number = bytes[unchecked: offset + 9]
        if number == Self.tcpNumber { return tcp(bytes, at: offset + headerByteCount, addresses, inner) }
        transport(bytes, number, at: offset + headerByteCount, addresses, inner)
    }

    /// RFC 8200, sections 3 and 4.
    private mutating func ipv6(_ bytes: Span<UInt8>, at offset: Int, _ view: PacketView) {
        guard offset + 40 <= bytes.count else { return counters.malformedPackets += 1 }
        let declared = Int(bytes.bigEndianUInt16(at: offset + 4))
        let end = declared == 0 ? view.end : min(view.end, offset + 40 + declared)
        let addresses = NetworkHeader(
            sourceHigh: bytes.bigEndianUInt64(at: offset + 8), sourceLow: bytes.bigEndianUInt64(at: offset + 16),
            destinationHigh: bytes.bigEndianUInt64(at: offset + 24),
            destinationLow: bytes.bigEndianUInt64(at: offset + 32))
        extensionHeaders(bytes, bytes[offset + 6], at: offset + 40, addresses, view.inside(end: end))
    }

    mutating func extensionHeaders(
        _ bytes: Span<UInt8>, _ first: UInt8, at start: Int, _ addresses: NetworkHeader, _ view: PacketView
    ) {
        var next = first
        var offset = start
        for _ in 0..<configuration.headersMax {
            switch next {
            // Hop-by-hop and destination options, routing, mobility, HIP, shim6: next header, length in eights after the first.
            case 0, 43, 60, 135, 139, 140:
                guard offset + 8 <= bytes.count else { return counters.malformedPackets += 1 }
                next = bytes[offset]
                offset += 8 + Int(bytes[offset + 1]) * 8
            // Authentication header: length in fours, less two (RFC 4302, section 2.2).
            case 51:
                guard offset + 8 <= bytes.count else { return counters.malformedPackets += 1 }
                next = bytes[offset]
                offset += 8 + Int(bytes[offset + 1]) * 4
            case 44:
                guard offset + 8 <= bytes.count, offset + 8 <= view.end else { return counters.malformedPackets += 1 }
                let field = bytes.bigEndianUInt16(at: offset + 2)
                // An atomic fragment is whole by itself (RFC 6946).
                if field & 0xfff9 == 0 {
                    next = bytes[offset]
                    offset += 8
                    continue
                }
                let fragment = Fragment(
                    key: FragmentKey(
                        addresses: addresses, identification: bytes.bigEndianUInt32(at: offset + 4),
                        protocolNumber: bytes[offset], scope: scope),
                    offset: Int(field & 0xfff8), isLast: field & 1 == 0, payload: offset + 8..<view.end)
                return fragmentArrived(bytes, fragment, view)
            default: return transport(bytes, next, at: offset, addresses, view)
            }
        }
        counters.malformedPackets += 1
    }

    mutating func transport(
        _ bytes: Span<UInt8>, _ number: UInt8, at offset: Int, _ addresses: NetworkHeader, _ view: PacketView
    ) {
        guard offset <= view.end else { return counters.malformedPackets += 1 }
        switch number {
        case Self.tcpNumber: tcp(bytes, at: offset, addresses, view)
        case 17: udp(bytes, at: offset, addresses, view)
        case 1, 58: controlMessage(bytes, at: offset, isIPv6: number == 58, view)
        case 4, 41:
            counters.tunnelledPackets += 1
            networkLayer(bytes, at: offset, view)
        case 47: genericEncapsulation(bytes, at: offset, view)
        // EtherIP (RFC 3378) and MPLS in IP (RFC 4023).
        case 97 where view.depth < configuration.headersMax:
            counters.tunnelledPackets += 1
            ethernet(bytes, at: offset + 2, view)
        case 137:
            counters.tunnelledPackets += 1
            labelStack(bytes, at: offset, view)
        case 51:
            guard offset + 8 <= bytes.count else { return counters.malformedPackets += 1 }
            let inner = view.inside(end: view.end)
            guard inner.depth < configuration.headersMax else { return counters.malformedPackets += 1 }
            transport(bytes, bytes[offset], at: offset + 8 + Int(bytes[offset + 1]) * 4, addresses, inner)
        case 0, 43, 60, 44: extensionHeaders(bytes, number, at: offset, addresses, view)
        default: counters.unreadPackets += 1
        }
    }

    private static let tcpNumber: UInt8 = 6

    @inline(__always)
    private mutating func tcp(_ bytes: Span<UInt8>, at offset: Int, _ addresses: NetworkHeader, _ view: PacketView) {
        guard offset + 20 <= bytes.count else { return counters.malformedPackets += 1 }
        // Twenty bytes are there, of which all below are.
        let headerByteCount = Int(bytes[unchecked: offset + 12] >> 4) * 4
        let start = offset + headerByteCount
        guard headerByteCount >= 20, start <= view.end else { return counters.malformedPackets += 1 }
        let capturedEnd = max(min(view.end, bytes.count), min(start, bytes.count))
        let segment = Segment(
            source: addresses.source(bytes.bigEndianUInt16(unchecked: offset)),
            destination: addresses.destination(bytes.bigEndianUInt16(unchecked: offset + 2)),
            sequence: bytes.bigEndianUInt32(unchecked: offset + 4),
            acknowledged: bytes.bigEndianUInt32(unchecked: offset + 8),
            flags: Segment.Flags(rawValue: bytes[unchecked: offset + 13]),
            payload: min(start, bytes.count)..<capturedEnd, cutByteCount: view.end - max(capturedEnd, start))
        counters.segments += 1
        segmentArrived(bytes, segment, at: view.now)
    }
}
