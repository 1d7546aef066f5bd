import CallModel

/// Link-layer headers: from the first byte of a packet to its IP header.
///
/// Every function takes the bytes, where its header begins, and `view`, which tells where the packet ended on the wire. None
/// believes a length before it has compared it with what there is.
extension PacketCore {
    mutating func linkLayer(_ bytes: Span<UInt8>, _ linkType: LinkType, _ view: PacketView) {
        switch linkType {
        case .ethernet: ethernet(bytes, at: 0, view)
        case .rawIP, .ipv4, .ipv6, LinkType(rawValue: 12), LinkType(rawValue: 14): networkLayer(bytes, at: 0, view)
        case .null, .loop: loopback(bytes, view)
        case .linuxCooked: etherType(bytes, typeAt: 14, payloadAt: 16, view)
        case .linuxCookedV2: etherType(bytes, typeAt: 0, payloadAt: 20, view)
        case .ppp, .pppWithHDLC: pointToPoint(bytes, at: 0, view)
        case .pppOverEthernet: sessionOverEthernet(bytes, at: 0, view)
        case .ciscoHDLC: etherType(bytes, typeAt: 2, payloadAt: 4, view)
        case .netfilterLog: netfilterLog(bytes, view)
        case .wireless: wireless(bytes, at: 0, view)
        case .radiotap, .prism, .perPacketInformation: behindRadioHeader(bytes, linkType, view)
        case .packetFilterLog: packetFilterLog(bytes, view)
        case .openBSDEncapsulation: networkLayer(bytes, at: 12, view)
        default: counters.unreadPackets += 1
        }
    }

    mutating func ethernet(_ bytes: Span<UInt8>, at offset: Int, _ view: PacketView) {
        etherType(bytes, typeAt: offset + 12, payloadAt: offset + 14, view)
    }

    /// What an EtherType leads to; tags in between are peeled off in a loop, so that many of them cost no stack.
    mutating func etherType(_ bytes: Span<UInt8>, typeAt: Int, payloadAt: Int, _ view: PacketView) {
        var typeAt = typeAt
        var payloadAt = payloadAt
        for _ in 0..<configuration.headersMax {
            guard payloadAt <= bytes.count, typeAt + 2 <= bytes.count else { return counters.malformedPackets += 1 }
            let type = bytes.bigEndianUInt16(at: typeAt)
            switch type {
            case 0x0800, 0x86dd: return networkLayer(bytes, at: payloadAt, view)
            case 0x8100, 0x88a8, 0x9100, 0x9200, 0x9300:
                typeAt = payloadAt + 2
                payloadAt += 4
            case 0x8864: return sessionOverEthernet(bytes, at: payloadAt, view)
            case 0x8847, 0x8848: return labelStack(bytes, at: payloadAt, view)
            // Ethernet again: bridged (GRE's), provider backbone (IEEE 802.1ah, four bytes of tag), FabricPath.
            case 0x6558, 0x88e7, 0x8903:
                if type == 0x88e7 { payloadAt += 4 }
                if type == 0x8903 { payloadAt += 2 }
                typeAt = payloadAt + 12
                payloadAt += 14
            // VN-Tag: four bytes, then an EtherType.
            case 0x8926:
                typeAt = payloadAt + 4
                payloadAt += 6
            case 0...0x05dc:
                // A length (IEEE 802.3): LLC follows, and where it says SNAP, an EtherType after it.
                guard payloadAt + 8 <= bytes.count, bytes[payloadAt] == 0xaa, bytes[payloadAt + 1] == 0xaa else {
                    return counters.unreadPackets += 1
                }
                typeAt = payloadAt + 6
                payloadAt += 8
            default: return counters.unreadPackets += 1
            }
        }
        counters.malformedPackets += 1
    }

    /// The address family is in the byte order of the capturing host, and its number for IPv6 differs from system to system
    /// (10, 24, 28, 30): the version in the IP header is the better witness.
    private mutating func loopback(_ bytes: Span<UInt8>, _ view: PacketView) {
        guard bytes.count > 4 else { return counters.malformedPackets += 1 }
        networkLayer(bytes, at: 4, view)
    }

    /// PPPoE session (RFC 2516, section 4): version, code, session, length, then PPP without address and control.
    private mutating func sessionOverEthernet(_ bytes: Span<UInt8>, at offset: Int, _ view: PacketView) {
        guard offset + 8 <= bytes.count else { return counters.malformedPackets += 1 }
        guard bytes[offset] == 0x11, bytes[offset + 1] == 0 else { return counters.unreadPackets += 1 }
        pointToPoint(bytes, at: offset + 6, view)
    }

    /// PPP (RFC 1661, section 2; RFC 1662, section 3.1): address and control may stand first, and the protocol may be one byte.
    mutating func pointToPoint(_ bytes: Span<UInt8>, at start: Int, _ view: PacketView) {
        var offset = start
        if offset + 2 <= bytes.count, bytes[offset] == 0xff, bytes[offset + 1] == 0x03 { offset += 2 }
        guard offset + 2 <= bytes.count else { return counters.malformedPackets += 1 }
        let isShort = bytes[offset] & 1 == 1
        let type = isShort ? UInt16(bytes[offset]) : bytes.bigEndianUInt16(at: offset)
        offset += isShort ? 1 : 2
        switch type {
        case 0x0021, 0x0057: networkLayer(bytes, at: offset, view)
        case 0x0281, 0x0283: labelStack(bytes, at: offset, view)
        default: counters.unreadPackets += 1
        }
    }

    /// MPLS (RFC 3032): labels of four bytes to the bottom of the stack. What follows is told by its first four bits.
    mutating func labelStack(_ bytes: Span<UInt8>, at start: Int, _ view: PacketView) {
        var offset = start
        for _ in 0..<configuration.headersMax {
            guard offset + 5 <= bytes.count else { return counters.malformedPackets += 1 }
            let isBottom = bytes[offset + 2] & 1 == 1
            offset += 4
            guard isBottom else { continue }
            switch bytes[offset] >> 4 {
            case 4, 6: return networkLayer(bytes, at: offset, view)
            // A pseudowire with its control word (RFC 4448, section 4.6).
            case 0:
                guard view.depth < configuration.headersMax else { return counters.malformedPackets += 1 }
                return ethernet(bytes, at: offset + 4, view.inside(end: view.end))
            default: return counters.unreadPackets += 1
            }
        }
        counters.malformedPackets += 1
    }

    /// Netfilter log: family, version, resource, then attributes of length and type in the capturing host's order, which is
    /// little-endian wherever such files come from; the packet is attribute 9.
    private mutating func netfilterLog(_ bytes: Span<UInt8>, _ view: PacketView) {
        var offset = 4
        while offset + 4 <= bytes.count {
            let byteCount = Int(bytes.uint16(at: offset, isBigEndian: false))
            let type = bytes.uint16(at: offset + 2, isBigEndian: false) & 0x7fff
            guard byteCount >= 4 else { break }
            if type == 9 { return networkLayer(bytes, at: offset + 4, view) }
            offset += (byteCount + 3) & ~3
        }
        counters.unreadPackets += 1
    }
}
