import CallModel

/// IEEE 802.11, as monitoring interfaces capture it, and the other link layers that begin with a header of their own length.
extension PacketCore {
    /// Radiotap and PPI tell their length in the third and fourth byte; Prism's is fixed.
    mutating func behindRadioHeader(_ bytes: Span<UInt8>, _ linkType: LinkType, _ view: PacketView) {
        guard linkType != .prism else { return wireless(bytes, at: 144, view) }
        guard bytes.count >= 8 else { return counters.malformedPackets += 1 }
        let byteCount = Int(bytes.uint16(at: 2, isBigEndian: false))
        guard linkType == .perPacketInformation else { return wireless(bytes, at: byteCount, view) }
        switch LinkType(rawValue: bytes.uint32(at: 4, isBigEndian: false)) {
        case .wireless: wireless(bytes, at: byteCount, view)
        case .ethernet: ethernet(bytes, at: byteCount, view)
        default: counters.unreadPackets += 1
        }
    }

    /// A data frame that is not encrypted carries LLC and SNAP, then an EtherType (IEEE 802.11, section 9.3.2).
    mutating func wireless(_ bytes: Span<UInt8>, at offset: Int, _ view: PacketView) {
        guard offset + 24 <= bytes.count else { return counters.malformedPackets += 1 }
        let (control, flags) = (bytes[offset], bytes[offset + 1])
        // Type 2 is data; bit 6 of the subtype marks frames without any.
        guard control & 0x0c == 0x08, control & 0x40 == 0, flags & 0x40 == 0 else { return counters.unreadPackets += 1 }
        let isRelayed = flags & 0x03 == 0x03
        let hasQuality = control & 0x80 != 0
        var start = offset + 24 + (isRelayed ? 6 : 0)
        if hasQuality {
            // Several frames in one (A-MSDU) are marked in the quality field, and not taken apart.
            guard start + 2 <= bytes.count, bytes[start] & 0x80 == 0 else { return counters.unreadPackets += 1 }
            start += flags & 0x80 == 0 ? 2 : 6
        }
        guard start + 8 <= bytes.count else { return counters.malformedPackets += 1 }
        guard bytes[start] == 0xaa, bytes[start + 1] == 0xaa else { return counters.unreadPackets += 1 }
        etherType(bytes, typeAt: start + 6, payloadAt: start + 8, view)
    }

    /// The first byte is the length of a header padded to four bytes.
    mutating func packetFilterLog(_ bytes: Span<UInt8>, _ view: PacketView) {
        guard bytes.count >= 4 else { return counters.malformedPackets += 1 }
        networkLayer(bytes, at: (Int(bytes[0]) + 3) & ~3, view)
    }
}
