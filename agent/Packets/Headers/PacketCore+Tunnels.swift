import CallModel

/// UDP, and packets inside packets.
///
/// Tunnels over UDP are known by port alone, so each is believed only where its header holds together; else it is a datagram.
extension PacketCore {
    mutating func udp(_ bytes: Span<UInt8>, at offset: Int, _ addresses: NetworkHeader, _ view: PacketView) {
        guard offset + 8 <= bytes.count else { return counters.malformedPackets += 1 }
        let source = bytes.bigEndianUInt16(at: offset)
        let destination = bytes.bigEndianUInt16(at: offset + 2)
        let declared = Int(bytes.bigEndianUInt16(at: offset + 4))
        let end = declared < 8 ? view.end : min(view.end, offset + declared)
        counters.datagrams += 1
        let payload = offset + 8
        guard payload <= end else { return counters.malformedPackets += 1 }
        if tunnelOverUDP(bytes, at: payload, source, destination, view.inside(end: end)) { return }
        guard configuration.datagramPorts.contains(destination) || configuration.datagramPorts.contains(source) else {
            return
        }
        let captured = min(end, bytes.count)
        guard payload < captured else { return }
        addDatagram(
            payload..<captured, from: addresses.source(source), to: addresses.destination(destination), at: view.now)
    }

    private mutating func tunnelOverUDP(
        _ bytes: Span<UInt8>, at offset: Int, _ source: UInt16, _ destination: UInt16, _ view: PacketView
    ) -> Bool {
        guard view.depth < configuration.headersMax else { return false }
        switch destination {
        case 4789, 8472: return virtualLAN(bytes, at: offset, view)
        case 6081: return geneve(bytes, at: offset, view)
        case 4754: return tunnelled { $0.genericEncapsulation(bytes, at: offset, view) }
        case 2152: return tunnelProtocol(bytes, at: offset, view)
        case 6635: return tunnelled { $0.labelStack(bytes, at: offset, view) }
        case 1701: return layer2Tunnel(bytes, at: offset, view)
        default: break
        }
        // These answer from the same port.
        if source == 5072 || destination == 5072 { return anythingInAnything(bytes, at: offset, view) }
        if source == 3544 || destination == 3544 { return teredo(bytes, at: offset, view) }
        if source == 4789 || source == 8472 { return virtualLAN(bytes, at: offset, view) }
        return false
    }

    /// What is inside belongs to this network, within the one around it. Identifiers that name one end of a tunnel (GTP's, L2TP's) differ
    /// from direction to direction and name none.
    private mutating func enter(network: UInt32) {
        scope = max(1, (scope &* 0x9e37_79b1) ^ (network &+ 1))
    }

    private mutating func tunnelled(_ body: (inout PacketCore) -> Void) -> Bool {
        counters.tunnelledPackets += 1
        body(&self)
        return true
    }

    /// VXLAN (RFC 7348, section 5): the flag that says "there is an identifier" is set, what is reserved is ignored.
    private mutating func virtualLAN(_ bytes: Span<UInt8>, at offset: Int, _ view: PacketView) -> Bool {
        guard offset + 8 + 14 <= bytes.count, bytes[offset] & 0x08 != 0 else { return false }
        enter(network: bytes.bigEndianUInt32(at: offset + 4) >> 8)
        return tunnelled { $0.ethernet(bytes, at: offset + 8, view) }
    }

    /// GENEVE (RFC 8926, section 3.4): options in fours, then whatever the EtherType says.
    private mutating func geneve(_ bytes: Span<UInt8>, at offset: Int, _ view: PacketView) -> Bool {
        guard offset + 8 <= bytes.count, bytes[offset] >> 6 == 0 else { return false }
        let payload = offset + 8 + Int(bytes[offset] & 0x3f) * 4
        guard payload < bytes.count else { return false }
        enter(network: bytes.bigEndianUInt32(at: offset + 4) >> 8)
        return tunnelled { $0.etherType(bytes, typeAt: offset + 2, payloadAt: payload, view) }
    }

    /// GTP-U (3GPP TS 29.281, section 5.1): version 1, message 255 carries a packet.
    private mutating func tunnelProtocol(_ bytes: Span<UInt8>, at offset: Int, _ view: PacketView) -> Bool {
        guard offset + 8 <= bytes.count, bytes[offset] >> 4 == 3, bytes[offset + 1] == 0xff else { return false }
        var payload = offset + 8
        if bytes[offset] & 0x07 != 0 {
            guard payload + 4 <= bytes.count else { return false }
            var next = bytes[offset] & 0x04 == 0 ? 0 : bytes[payload + 3]
            payload += 4
            while next != 0 {
                guard payload < bytes.count, bytes[payload] > 0 else { return false }
                let extensionEnd = payload + Int(bytes[payload]) * 4
                guard extensionEnd <= bytes.count else { return false }
                next = bytes[extensionEnd - 1]
                payload = extensionEnd
            }
        }
        guard holdsIP(bytes, at: payload) else { return false }
        return tunnelled { $0.networkLayer(bytes, at: payload, view) }
    }

    /// L2TP version 2 (RFC 2661, section 3.1): data messages, with PPP inside.
    private mutating func layer2Tunnel(_ bytes: Span<UInt8>, at offset: Int, _ view: PacketView) -> Bool {
        guard offset + 8 <= bytes.count else { return false }
        let flags = bytes.bigEndianUInt16(at: offset)
        guard flags & 0x800f == 2 else { return false }
        var payload = offset + 6
        if flags & 0x4000 != 0 { payload += 2 }
        if flags & 0x0800 != 0 { payload += 4 }
        if flags & 0x0200 != 0 {
            guard payload + 2 <= bytes.count else { return false }
            payload += 2 + Int(bytes.bigEndianUInt16(at: payload))
        }
        return tunnelled { $0.pointToPoint(bytes, at: payload, view) }
    }

    /// AYIYA (draft-massar-v6ops-ayiya, section 3): lengths of identity and signature in fours, then the next header.
    private mutating func anythingInAnything(_ bytes: Span<UInt8>, at offset: Int, _ view: PacketView) -> Bool {
        guard offset + 8 <= bytes.count else { return false }
        let identity = 1 << Int(bytes[offset] >> 4)
        let signature = Int(bytes[offset + 1] >> 4) * 4
        let payload = offset + 8 + identity + signature
        // Operation 1 forwards a packet; 41 is IPv6, 4 is IPv4.
        guard bytes[offset + 2] & 0x0f == 1, [4, 41].contains(bytes[offset + 3]), holdsIP(bytes, at: payload) else {
            return false
        }
        return tunnelled { $0.networkLayer(bytes, at: payload, view) }
    }

    /// Teredo (RFC 4380, section 5.1.1): authentication and origin may stand before the IPv6 packet.
    private mutating func teredo(_ bytes: Span<UInt8>, at start: Int, _ view: PacketView) -> Bool {
        var offset = start
        if offset + 4 <= bytes.count, bytes.bigEndianUInt16(at: offset) == 1 {
            offset += 13 + Int(bytes[offset + 2]) + Int(bytes[offset + 3])
        }
        if offset + 8 <= bytes.count, bytes.bigEndianUInt16(at: offset) == 0 { offset += 8 }
        guard offset + 40 <= bytes.count, bytes[offset] >> 4 == 6 else { return false }
        return tunnelled { $0.networkLayer(bytes, at: offset, view) }
    }

    private func holdsIP(_ bytes: Span<UInt8>, at offset: Int) -> Bool {
        offset + 20 <= bytes.count && (bytes[offset] >> 4 == 4 || bytes[offset] >> 4 == 6)
    }

    /// GRE (RFC 2784, RFC 2890; PPTP's version 1 by RFC 2637, section 4.1).
    mutating func genericEncapsulation(_ bytes: Span<UInt8>, at offset: Int, _ view: PacketView) {
        guard offset + 4 <= bytes.count else { return counters.malformedPackets += 1 }
        let flags = bytes.bigEndianUInt16(at: offset)
        let type = bytes.bigEndianUInt16(at: offset + 2)
        let isVersion1 = flags & 0x07 == 1
        guard isVersion1 || flags & 0x07 == 0 else { return counters.unreadPackets += 1 }
        var payload = offset + 4
        // Checksum and routing share four bytes; key, sequence and, in version 1, acknowledgement have four each.
        if flags & 0xc000 != 0 { payload += 4 }
        if flags & 0x2000 != 0 {
            // PPTP's version uses the key for a length and one end's number.
            if !isVersion1, payload + 4 <= bytes.count { enter(network: bytes.bigEndianUInt32(at: payload)) }
            payload += 4
        }
        if flags & 0x1000 != 0 { payload += 4 }
        if isVersion1, flags & 0x0080 != 0 { payload += 4 }
        guard payload < bytes.count, flags & 0x4000 == 0 else { return counters.unreadPackets += 1 }
        counters.tunnelledPackets += 1
        switch type {
        case 0x880b: pointToPoint(bytes, at: payload, view)
        // ERSPAN type II has eight bytes of its own before the frame; without a sequence number it is type I and has none.
        case 0x88be: ethernet(bytes, at: flags & 0x1000 == 0 ? payload : payload + 8, view)
        // Type III has twelve, and eight more where its last bit says so.
        case 0x22eb:
            guard payload + 12 <= bytes.count else { return counters.malformedPackets += 1 }
            ethernet(bytes, at: payload + (bytes[payload + 11] & 1 == 0 ? 12 : 20), view)
        // Access points of Aruba send 802.11 frames as they came.
        case 0x8200...0x82ff, 0x9000: wireless(bytes, at: payload, view)
        default: etherType(bytes, typeAt: offset + 2, payloadAt: payload, view)
        }
    }
}
