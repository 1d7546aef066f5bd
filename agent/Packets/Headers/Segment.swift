import CallModel

/// The TCP header of a packet, and where its bytes lie (RFC 9293, section 3.1).
struct Segment {
    struct Flags: OptionSet {
        var rawValue: UInt8
        static let fin = Flags(rawValue: 0x01)
        static let syn = Flags(rawValue: 0x02)
        static let reset = Flags(rawValue: 0x04)
        static let acknowledgement = Flags(rawValue: 0x10)
    }

    var source: SocketEndpoint
    var destination: SocketEndpoint
    var sequence: UInt32
    var acknowledged: UInt32
    var flags: Flags
    /// The captured part of the payload, within the bytes handed in.
    var payload: Range<Int>
    /// Bytes of the payload that were on the wire and not captured.
    var cutByteCount: Int

    var isSyn: Bool { flags.contains(.syn) }
    var isAcknowledging: Bool { flags.contains(.acknowledgement) }
    var byteCount: Int { payload.count + cutByteCount }
}

/// Addresses of an IP header, and the piece of the packet that follows it.
struct NetworkHeader {
    var sourceHigh: UInt64
    var sourceLow: UInt64
    var destinationHigh: UInt64
    var destinationLow: UInt64

    init(sourceHigh: UInt64, sourceLow: UInt64, destinationHigh: UInt64, destinationLow: UInt64) {
        self.sourceHigh = sourceHigh
        self.sourceLow = sourceLow
        self.destinationHigh = destinationHigh
        self.destinationLow = destinationLow
    }

    /// IPv4 addresses are mapped (RFC 4291, section 2.5.5.2).
    @inline(__always)
    init(version4Source source: UInt32, destination: UInt32) {
        self.init(
            sourceHigh: 0, sourceLow: 0xffff_0000_0000 | UInt64(source), destinationHigh: 0,
            destinationLow: 0xffff_0000_0000 | UInt64(destination))
    }

    func source(_ port: UInt16) -> SocketEndpoint { SocketEndpoint(high: sourceHigh, low: sourceLow, port: port) }

    func destination(_ port: UInt16) -> SocketEndpoint {
        SocketEndpoint(high: destinationHigh, low: destinationLow, port: port)
    }
}
