import CallModel
import Packets
import Testing

struct CaptureFileTests {
    struct Seen: CaptureFileSink {
        struct Packet: Equatable {
            var bytes: [UInt8]
            var original: Int
            var linkType: LinkType
            var time: Instant
        }

        var packets: [Packet] = []
        var keyLogs: [String] = []

        mutating func packet(_ bytes: Span<UInt8>, originalByteCount: Int, linkType: LinkType, at now: Instant) {
            packets.append(
                Packet(
                    bytes: bytes.withUnsafeBufferPointer { Array($0) }, original: originalByteCount,
                    linkType: linkType, time: now))
        }

        mutating func keyLog(_ text: Span<UInt8>) {
            keyLogs.append(String(decoding: text.withUnsafeBufferPointer { Array($0) }, as: UTF8.self))
        }
    }

    private func read(_ file: [UInt8], pieces: [Int] = []) throws -> (seen: Seen, counters: CaptureFileReader.Counters)
    {
        var reader = CaptureFileReader()
        var seen = Seen()
        var start = 0
        for end in pieces + [file.count] where end > start || end == file.count {
            try reader.read(file.span.extracting(start..<end), into: &seen)
            start = end
        }
        try reader.finish()
        return (seen, reader.counters)
    }

    private static let time = Instant(nanosecondsSinceEpoch: 1_700_000_000_123_456_000)
    private static let packets: [(time: Instant, bytes: [UInt8])] = [
        (time, Array(1...60)), (time + .microseconds(5), Array(61...200)), (time + .seconds(1), []),
    ]

    private static var expected: [Seen.Packet] {
        packets.map { Seen.Packet(bytes: $0.bytes, original: $0.bytes.count, linkType: .ethernet, time: $0.time) }
    }

    @Test(arguments: [false, true]) func `pcap is read in both byte orders`(isBigEndian: Bool) throws {
        #expect(try read(Build.pcap(Self.packets, isBigEndian: isBigEndian)).seen.packets == Self.expected)
    }

    @Test(arguments: [false, true]) func `nanosecond pcap keeps every digit`(isBigEndian: Bool) throws {
        let time = Instant(nanosecondsSinceEpoch: 1_700_000_000_123_456_789)
        let file = Build.pcap(
            [(time, [1, 2, 3])], magic: 0xa1b2_3c4d, isBigEndian: isBigEndian, ticksPerSecond: 1_000_000_000)
        #expect(try read(file).seen.packets.map(\.time) == [time])
    }

    @Test func `Kuznetzov's format has eight more bytes in each header`() throws {
        let file = Build.pcap(Self.packets, magic: 0xa1b2_cd34, extraHeader: 8)
        #expect(try read(file).seen.packets == Self.expected)
    }

    @Test func `a cut packet tells its length on the wire`() throws {
        let file = Build.pcap([(Self.time, [1, 2, 3])], original: 1_500)
        #expect(try read(file).seen.packets.map(\.original) == [1_500])
    }

    @Test func `the link type is told without the bits for the frame check sequence`() throws {
        #expect(try read(Build.pcap(Self.packets, linkType: 0x1400_0065)).seen.packets.first?.linkType == .rawIP)
    }

    @Test func `a file cut at every byte gives the same packets`() throws {
        for file in [Build.pcap(Self.packets), Self.pcapng(isBigEndian: false), Self.pcapng(isBigEndian: true)] {
            let whole = try read(file).seen
            for cut in 0...file.count {
                #expect(try read(file, pieces: [cut]).seen.packets == whole.packets, "cut at \(cut)")
            }
            #expect(try read(file, pieces: Array(0...file.count)).seen.packets == whole.packets, "byte by byte")
        }
    }

    @Test func `a file that ends inside a record hands out what came before, and says so`() throws {
        let file = Build.pcap(Self.packets)
        var reader = CaptureFileReader()
        var seen = Seen()
        try reader.read(file.span.extracting(0..<150), into: &seen)
        #expect(seen.packets == [Self.expected[0]])
        #expect(throws: CaptureFileError.endsInsideRecord(byteCount: 50)) { try reader.finish() }
    }

    @Test func `what is no capture is refused at once`() {
        #expect(throws: CaptureFileError.notACapture) { try read(Array("GET / HTTP/1.1\r\n".utf8)) }
        #expect(throws: CaptureFileError.empty) { try read([]) }
        #expect(throws: CaptureFileError.notACapture) { try read([0xd4, 0xc3]) }
    }

    @Test func `a record longer than any packet is damage, and what came before stays`() throws {
        var file = Build.pcap(Self.packets)
        file +=
            Build.littleEndian(UInt32(1)) + Build.littleEndian(UInt32(2)) + Build.littleEndian(UInt32.max) + [
                0, 0, 0, 0,
            ]
        var reader = CaptureFileReader()
        var seen = Seen()
        #expect(throws: CaptureFileError.damaged(afterPackets: 3)) { try reader.read(file.span, into: &seen) }
        #expect(seen.packets.count == 3)
    }

    // MARK: pcapng

    private static func word(_ value: UInt32, _ isBigEndian: Bool) -> [UInt8] {
        isBigEndian ? Build.bigEndian(value) : Build.littleEndian(value)
    }

    private static func half(_ value: UInt16, _ isBigEndian: Bool) -> [UInt8] {
        isBigEndian ? Build.bigEndian(value) : Build.littleEndian(value)
    }

    private static func section(_ isBigEndian: Bool) -> [UInt8] {
        Build.block(
            0x0a0d_0d0a,
            word(0x1a2b_3c4d, isBigEndian) + half(1, isBigEndian) + half(0, isBigEndian)
                + [UInt8](repeating: 0xff, count: 8),
            isBigEndian: isBigEndian)
    }

    private static func interface(_ link: UInt16, _ options: [UInt8] = [], _ isBigEndian: Bool = false) -> [UInt8] {
        Build.block(1, half(link, isBigEndian) + [0, 0] + word(0, isBigEndian) + options, isBigEndian: isBigEndian)
    }

    private static func packet(_ index: UInt32, ticks: UInt64, _ bytes: [UInt8], _ isBigEndian: Bool = false) -> [UInt8]
    {
        let count = word(UInt32(bytes.count), isBigEndian)
        let padding = [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
        return Build.block(
            6,
            word(index, isBigEndian) + word(UInt32(ticks >> 32), isBigEndian)
                + word(UInt32(truncatingIfNeeded: ticks), isBigEndian) + count + count + bytes + padding,
            isBigEndian: isBigEndian)
    }

    private static func pcapng(isBigEndian order: Bool) -> [UInt8] {
        section(order) + interface(1, [], order) + Build.block(5, [UInt8](repeating: 0, count: 12), isBigEndian: order)
            + packet(0, ticks: 1_700_000_000_000_001, Array(1...61), order)
            + packet(0, ticks: 1_700_000_000_000_002, Array(1...64), order)
    }

    @Test func `interfaces have their own link types and clocks`() throws {
        let nanoseconds: [UInt8] = [9, 0, 1, 0, 9, 0, 0, 0]
        let binary: [UInt8] = [9, 0, 1, 0, 0x80 | 10, 0, 0, 0]
        let offset: [UInt8] = [14, 0, 8, 0] + Build.littleEndian(Int64(100))
        let file =
            Self.section(false) + Self.interface(1) + Self.interface(113, nanoseconds)
            + Self.interface(101, binary + offset)
            + Self.packet(1, ticks: 1_700_000_000_123_456_789, [1]) + Self.packet(0, ticks: 1_000_001, [2])
            + Self.packet(2, ticks: 1_536, [3]) + Self.packet(7, ticks: 0, [4])
        let (seen, counters) = try read(file)
        #expect(seen.packets.map(\.linkType) == [.linuxCooked, .ethernet, .rawIP])
        #expect(
            seen.packets.map(\.time.nanosecondsSinceEpoch) == [
                1_700_000_000_123_456_789, 1_000_001_000, 101_500_000_000,
            ])
        #expect(counters.brokenRecords == 1)
    }

    @Test func `a clock finer than any stops the time, and nothing else`() throws {
        let file =
            Self.section(false) + Self.interface(1, [9, 0, 1, 0, 0x7f, 0, 0, 0]) + Self.packet(0, ticks: .max, [1])
        #expect(try read(file).seen.packets.map(\.time) == [.epoch])
    }

    @Test func `a new section forgets interfaces and may turn the byte order round`() throws {
        let file = Self.pcapng(isBigEndian: false) + Self.pcapng(isBigEndian: true)
        let seen = try read(file).seen
        #expect(seen.packets.count == 4)
        #expect(seen.packets[0] == seen.packets[2] && seen.packets[1] == seen.packets[3])
    }

    @Test func `secrets blocks are handed on, of TLS alone`() throws {
        func secrets(_ kind: UInt32, _ text: String) -> [UInt8] {
            Build.block(10, Self.word(kind, false) + Self.word(UInt32(text.utf8.count), false) + Array(text.utf8))
        }
        let file = Self.section(false) + secrets(0x544c_534b, "CLIENT_RANDOM a b\n") + secrets(0x5747_4b4c, "other")
        #expect(try read(file).seen.keyLogs == ["CLIENT_RANDOM a b\n"])
    }

    @Test func `simple packets take their length from the block and the interface`() throws {
        let file = Self.section(false) + Self.interface(1) + Build.block(3, Self.word(5, false) + [1, 2, 3, 4, 5])
        #expect(try read(file).seen.packets.map(\.bytes) == [[1, 2, 3, 4, 5]])
    }

    @Test func `a block too long to keep is skipped, and the next one is found`() throws {
        var reader = CaptureFileReader(
            configuration: {
                var c = CaptureFileReader.Configuration(); c.recordByteCountMax = 256; return c
            }())
        var seen = Seen()
        let file =
            Self.section(false) + Self.interface(1) + Build.block(99, [UInt8](repeating: 7, count: 4_000))
            + Self.packet(0, ticks: 1, [9])
        for byte in file { try reader.read([byte].span, into: &seen) }
        try reader.finish()
        #expect(seen.packets.map(\.bytes) == [[9]])
        #expect(reader.counters.skippedBlocks == 1)
    }
}
