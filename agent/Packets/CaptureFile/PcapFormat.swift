import CallModel

/// The classic format (draft-ietf-opsawg-pcap): a header of 24 bytes, then for each packet 16 bytes of header and its bytes.
///
/// The magic number tells byte order and resolution. Alexey Kuznetzov's modified format has 8 more bytes in each packet header.
/// Files of version 2.3 and older exist with captured and original length swapped; libpcap swaps them back, and so do we.
struct PcapFormat {
    static let fileHeaderByteCount = 24

    var isBigEndian: Bool
    var nanosecondsPerTick: Int64
    var headerByteCount: Int
    var linkType: LinkType
    var mayBeSwapped: Bool

    static func isMagic(_ value: UInt32) -> Bool {
        switch value {
        case 0xa1b2_c3d4, 0xd4c3_b2a1, 0xa1b2_3c4d, 0x4d3c_b2a1, 0xa1b2_cd34, 0x34cd_b2a1: true
        default: false
        }
    }

    /// - Precondition: the header is whole and begins with a magic number.
    init(header bytes: Span<UInt8>, at offset: Int) {
        let magic = bytes.bigEndianUInt32(at: offset)
        isBigEndian = magic & 0xffff_0000 == 0xa1b2_0000
        let canonical = isBigEndian ? magic : magic.byteSwapped
        nanosecondsPerTick = canonical == 0xa1b2_3c4d ? 1 : 1_000
        headerByteCount = canonical == 0xa1b2_cd34 ? 24 : 16
        let minorVersion = bytes.uint16(at: offset + 6, isBigEndian: isBigEndian)
        mayBeSwapped = minorVersion <= 3
        // The upper bits tell the length of a frame check sequence, which the IP length makes irrelevant.
        linkType = LinkType(rawValue: bytes.uint32(at: offset + 20, isBigEndian: isBigEndian) & 0xffff)
    }

    @inline(__always)
    func record(
        _ bytes: Span<UInt8>, at offset: Int, byteCountMax: Int, isTrial: Bool,
        _ counters: inout CaptureFileReader.Counters, _ sink: inout some CaptureFileSink
    ) throws(CaptureFileError) -> RecordStep {
        guard bytes.count - offset >= headerByteCount else { return .needs(byteCount: headerByteCount) }
        var captured = Int(bytes.uint32(at: offset + 8, isBigEndian: isBigEndian))
        var original = Int(bytes.uint32(at: offset + 12, isBigEndian: isBigEndian))
        if mayBeSwapped, captured > original { swap(&captured, &original) }
        guard captured <= byteCountMax else { throw .damaged(afterPackets: counters.packets) }
        let byteCount = headerByteCount + captured
        guard bytes.count - offset >= byteCount else { return .needs(byteCount: byteCount) }
        if isTrial { return .record(byteCount: byteCount) }
        let seconds = Int64(bytes.uint32(at: offset, isBigEndian: isBigEndian))
        let ticks = Int64(bytes.uint32(at: offset + 4, isBigEndian: isBigEndian))
        counters.packets += 1
        // Both factors are below 2^32, so neither the products nor their sum can overflow 64 bits.
        let now = Instant(nanosecondsSinceEpoch: seconds * 1_000_000_000 + ticks * nanosecondsPerTick)
        let start = offset + headerByteCount
        sink.packet(
            bytes.extracting(start..<start + captured), originalByteCount: max(original, captured), linkType: linkType,
            at: now)
        return .record(byteCount: byteCount)
    }
}
