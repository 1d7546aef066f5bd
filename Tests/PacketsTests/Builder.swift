import CallModel
import Packets

/// Builds packets byte by byte, so that each test says what is odd about its own.
enum Build {
    static let client = SocketEndpoint(ipv4: 0x0a00_0001, port: 40_000)
    static let server = SocketEndpoint(ipv4: 0x0a00_0002, port: 80)

    struct Flags: OptionSet {
        var rawValue: UInt8
        static let fin = Flags(rawValue: 1)
        static let syn = Flags(rawValue: 2)
        static let rst = Flags(rawValue: 4)
        static let ack = Flags(rawValue: 16)
    }

    static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian, Array.init)
    }
    static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian, Array.init)
    }

    static func tcp(
        _ from: SocketEndpoint, _ to: SocketEndpoint, sequence: UInt32, acknowledged: UInt32, _ flags: Flags,
        _ payload: [UInt8], options: [UInt8] = []
    ) -> [UInt8] {
        let length = UInt8((20 + options.count) / 4) << 4
        return bigEndian(from.port) + bigEndian(to.port) + bigEndian(sequence) + bigEndian(acknowledged)
            + [length, flags.rawValue, 0xff, 0xff, 0xde, 0xad, 0, 0] + options + payload
    }

    static func udp(_ from: UInt16, _ to: UInt16, _ payload: [UInt8]) -> [UInt8] {
        bigEndian(from) + bigEndian(to) + bigEndian(UInt16(payload.count + 8)) + [0, 0] + payload
    }

    static func ipv4(
        _ from: SocketEndpoint, _ to: SocketEndpoint, _ number: UInt8, _ payload: [UInt8], options: [UInt8] = [],
        identification: UInt16 = 7, fragmentation: UInt16 = 0, declared: Int? = nil
    ) -> [UInt8] {
        let length = UInt16(declared ?? 20 + options.count + payload.count)
        return [0x40 | UInt8(5 + options.count / 4), 0] + bigEndian(length) + bigEndian(identification)
            + bigEndian(fragmentation) + [64, number, 0, 0]
            + bigEndian(UInt32(truncatingIfNeeded: from.low)) + bigEndian(UInt32(truncatingIfNeeded: to.low)) + options
            + payload
    }

    static func ipv6(
        _ from: SocketEndpoint, _ to: SocketEndpoint, _ next: UInt8, _ payload: [UInt8], declared: Int? = nil
    ) -> [UInt8] {
        [0x60, 0, 0, 0] + bigEndian(UInt16(declared ?? payload.count)) + [next, 64] + bigEndian(from.high)
            + bigEndian(from.low) + bigEndian(to.high) + bigEndian(to.low) + payload
    }

    static func ethernet(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
        [UInt8](repeating: 2, count: 12) + bigEndian(type) + payload
    }

    static func pcap(
        _ packets: [(time: Instant, bytes: [UInt8])], magic: UInt32 = 0xa1b2_c3d4, isBigEndian: Bool = false,
        linkType: UInt32 = 1, ticksPerSecond: Int64 = 1_000_000, extraHeader: Int = 0, original: Int? = nil
    ) -> [UInt8] {
        func word(_ value: UInt32) -> [UInt8] { isBigEndian ? bigEndian(value) : littleEndian(value) }
        func half(_ value: UInt16) -> [UInt8] { isBigEndian ? bigEndian(value) : littleEndian(value) }
        var file = word(magic) + half(2) + half(4) + word(0) + word(0) + word(262_144) + word(linkType)
        for packet in packets {
            let nanoseconds = packet.time.nanosecondsSinceEpoch
            file += word(UInt32(nanoseconds / 1_000_000_000))
            file += word(UInt32(nanoseconds % 1_000_000_000 / (1_000_000_000 / ticksPerSecond)))
            file += word(UInt32(packet.bytes.count)) + word(UInt32(original ?? packet.bytes.count))
            file += [UInt8](repeating: 0, count: extraHeader) + packet.bytes
        }
        return file
    }

    static func block(_ type: UInt32, _ body: [UInt8], isBigEndian: Bool = false) -> [UInt8] {
        func word(_ value: UInt32) -> [UInt8] { isBigEndian ? bigEndian(value) : littleEndian(value) }
        let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
        let length = word(UInt32(padded.count + 12))
        return word(type) + length + padded + length
    }
}

/// Both ends of a connection, which keep count of their sequence numbers; every step gives a frame.
struct Conversation {
    var client = Build.client
    var server = Build.server
    var clientNext: UInt32 = 1_000
    var serverNext: UInt32 = 5_000

    private func frame(_ fromClient: Bool, _ sequence: UInt32, _ ack: UInt32, _ flags: Build.Flags, _ text: String)
        -> [UInt8]
    {
        let (from, to) = fromClient ? (client, server) : (server, client)
        let segment = Build.tcp(from, to, sequence: sequence, acknowledged: ack, flags, Array(text.utf8))
        return client.isIPv4
            ? Build.ethernet(0x0800, Build.ipv4(from, to, 6, segment))
            : Build.ethernet(0x86dd, Build.ipv6(from, to, 6, segment))
    }

    mutating func syn(_ text: String = "") -> [UInt8] {
        defer { clientNext &+= 1 &+ UInt32(text.utf8.count) }
        return frame(true, clientNext, 0, .syn, text)
    }

    mutating func synAck() -> [UInt8] {
        defer { serverNext &+= 1 }
        return frame(false, serverNext, clientNext, [.syn, .ack], "")
    }

    mutating func handshake() -> [[UInt8]] { [syn(), synAck(), clientAck()] }
    func clientAck() -> [UInt8] { frame(true, clientNext, serverNext, .ack, "") }
    func serverAck() -> [UInt8] { frame(false, serverNext, clientNext, .ack, "") }

    mutating func send(_ text: String, _ flags: Build.Flags = .ack) -> [UInt8] {
        defer { clientNext &+= UInt32(text.utf8.count) &+ (flags.contains(.fin) ? 1 : 0) }
        return frame(true, clientNext, serverNext, flags, text)
    }

    mutating func answer(_ text: String, _ flags: Build.Flags = .ack) -> [UInt8] {
        defer { serverNext &+= UInt32(text.utf8.count) &+ (flags.contains(.fin) ? 1 : 0) }
        return frame(false, serverNext, clientNext, flags, text)
    }

    mutating func clientFin() -> [UInt8] { send("", [.fin, .ack]) }
    mutating func serverFin() -> [UInt8] { answer("", [.fin, .ack]) }
    func clientReset() -> [UInt8] { frame(true, clientNext, serverNext, .rst, "") }
    func serverReset() -> [UInt8] { frame(false, serverNext, clientNext, [.rst, .ack], "") }

    /// Bytes at any place, without moving on: what retransmissions and overlaps are made of.
    func clientBytes(_ text: String, at sequence: UInt32) -> [UInt8] { frame(true, sequence, serverNext, .ack, text) }
    func serverBytes(_ text: String, at sequence: UInt32) -> [UInt8] { frame(false, sequence, clientNext, .ack, text) }
}

/// A reassembler under test, with a clock that moves on a millisecond a packet.
struct Replay {
    var reassembler: PacketReassembler<Recorder>
    var now = Instant(secondsSinceEpoch: 1_700_000_000)

    init(_ configuration: PacketConfiguration = PacketConfiguration()) {
        reassembler = PacketReassembler(consumer: Recorder(), configuration: configuration)
    }

    var seen: Recorder { reassembler.consumer }
    var counters: PacketCounters { reassembler.counters }

    mutating func see(_ frames: [UInt8]..., linkType: LinkType = .ethernet) { see(frames, linkType: linkType) }

    mutating func see(_ frames: [[UInt8]], linkType: LinkType = .ethernet) {
        for frame in frames {
            reassembler.packet(frame.span, linkType: linkType, at: now)
            now = now + .milliseconds(1)
        }
    }

    /// - Parameter original: the length of the packet on the wire.
    mutating func see(_ frame: [UInt8], cutTo byteCount: Int) {
        let cut = Array(frame.prefix(byteCount))
        reassembler.packet(cut.span, originalByteCount: frame.count, linkType: .ethernet, at: now)
        now = now + .milliseconds(1)
    }

    mutating func wait(_ duration: Duration) {
        now = now + duration
        reassembler.timePassed(to: now)
    }

    mutating func finish() { reassembler.finish() }
}
