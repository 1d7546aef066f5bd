import CallModel

/// pcapng (draft-ietf-opsawg-pcapng): blocks of type, length, body, length again; each section may have its own byte order.
///
/// Read are section headers, interface descriptions (link type, `if_tsresol`, `if_tsoffset`), enhanced, simple and the obsolete
/// packet blocks, interface statistics (drops) and decryption secrets. Everything else is passed over.
struct PcapngFormat {
    /// The block type of a section header, which reads the same in both byte orders.
    static let sectionHeader: UInt32 = 0x0a0d_0d0a

    struct Interface {
        var linkType: LinkType
        var snapByteCount: Int
        var clock: PcapngClock
    }

    var isBigEndian = false
    var interfaces: [Interface] = []
    /// Set where the section or its interfaces changed, so that the caller stores this value only then.
    var hasChanged = false

    mutating func block(
        _ bytes: Span<UInt8>, at offset: Int, _ configuration: CaptureFileReader.Configuration, isTrial: Bool,
        _ counters: inout CaptureFileReader.Counters, _ sink: inout some CaptureFileSink
    ) throws(CaptureFileError) -> RecordStep {
        guard bytes.count - offset >= 12 else { return .needs(byteCount: 12) }
        var type = bytes.bigEndianUInt32(at: offset)
        var order = isBigEndian
        if type == Self.sectionHeader {
            switch bytes.bigEndianUInt32(at: offset + 8) {
            case 0x1a2b_3c4d: order = true
            case 0x4d3c_2b1a: order = false
            default: throw .damaged(afterPackets: counters.packets)
            }
        } else {
            type = bytes.uint32(at: offset, isBigEndian: order)
        }
        let declared = Int(bytes.uint32(at: offset + 4, isBigEndian: order))
        guard declared >= 12 else { throw .damaged(afterPackets: counters.packets) }
        // Blocks are padded to four bytes; writers that forget it in the length are read as though they had not.
        let byteCount = (declared + 3) & ~3
        guard byteCount <= configuration.recordByteCountMax else {
            if !isTrial { counters.skippedBlocks += 1 }
            return .skip(byteCount: byteCount)
        }
        guard bytes.count - offset >= byteCount else { return .needs(byteCount: byteCount) }
        if isTrial { return .record(byteCount: byteCount) }
        if type == Self.sectionHeader {
            self = PcapngFormat(isBigEndian: order, interfaces: [], hasChanged: true)
        } else {
            handle(bytes, type: type, from: offset + 8, to: offset + byteCount - 4, configuration, &counters, &sink)
        }
        return .record(byteCount: byteCount)
    }

    /// - Parameter start: the first byte of the block's body, `end` the byte after its last.
    private mutating func handle(
        _ bytes: Span<UInt8>, type: UInt32, from start: Int, to end: Int,
        _ configuration: CaptureFileReader.Configuration, _ counters: inout CaptureFileReader.Counters,
        _ sink: inout some CaptureFileSink
    ) {
        switch type {
        case 1:
            guard interfaces.count < configuration.interfaceCountMax else { return counters.skippedBlocks += 1 }
            interfaces.append(interface(bytes, from: start, to: end))
            hasChanged = true
        case 2, 6: packet(bytes, isEnhanced: type == 6, from: start, to: end, &counters, &sink)
        case 3: simplePacket(bytes, from: start, to: end, &counters, &sink)
        case 5: statistics(bytes, from: start, to: end, &counters)
        case 10: secrets(bytes, from: start, to: end, &counters, &sink)
        default: counters.skippedBlocks += 1
        }
    }

    private func packet(
        _ bytes: Span<UInt8>, isEnhanced: Bool, from start: Int, to end: Int,
        _ counters: inout CaptureFileReader.Counters, _ sink: inout some CaptureFileSink
    ) {
        guard end - start >= 20 else { return counters.brokenRecords += 1 }
        // The obsolete block has 16 bits of interface and 16 of drop count where the enhanced one has 32 of interface.
        let index =
            isEnhanced
            ? Int(bytes.uint32(at: start, isBigEndian: isBigEndian))
            : Int(bytes.uint16(at: start, isBigEndian: isBigEndian))
        let captured = Int(bytes.uint32(at: start + 12, isBigEndian: isBigEndian))
        let original = Int(bytes.uint32(at: start + 16, isBigEndian: isBigEndian))
        guard index < interfaces.count, captured <= end - start - 20 else { return counters.brokenRecords += 1 }
        let ticks =
            UInt64(bytes.uint32(at: start + 4, isBigEndian: isBigEndian)) << 32
            | UInt64(bytes.uint32(at: start + 8, isBigEndian: isBigEndian))
        counters.packets += 1
        sink.packet(
            bytes.extracting(start + 20..<start + 20 + captured), originalByteCount: max(original, captured),
            linkType: interfaces[index].linkType, at: interfaces[index].clock.instant(ticks))
    }

    /// Packets without a time, all of the first interface.
    private func simplePacket(
        _ bytes: Span<UInt8>, from start: Int, to end: Int, _ counters: inout CaptureFileReader.Counters,
        _ sink: inout some CaptureFileSink
    ) {
        guard end - start >= 4, let interface = interfaces.first else { return counters.brokenRecords += 1 }
        let original = Int(bytes.uint32(at: start, isBigEndian: isBigEndian))
        let limit = interface.snapByteCount == 0 ? Int.max : interface.snapByteCount
        let captured = min(original, end - start - 4, limit)
        counters.packets += 1
        sink.packet(
            bytes.extracting(start + 4..<start + 4 + captured), originalByteCount: max(original, captured),
            linkType: interface.linkType, at: .epoch)
    }

    private func interface(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Interface {
        guard end - start >= 8 else {
            return Interface(linkType: LinkType(rawValue: .max), snapByteCount: 0, clock: PcapngClock())
        }
        var found = Interface(
            linkType: LinkType(rawValue: UInt32(bytes.uint16(at: start, isBigEndian: isBigEndian))),
            snapByteCount: Int(bytes.uint32(at: start + 4, isBigEndian: isBigEndian)), clock: PcapngClock())
        forEachOption(bytes, from: start + 8, to: end) { code, range in
            if code == 9, range.count >= 1 { found.clock.setResolution(bytes[range.lowerBound]) }
            if code == 14, range.count >= 8 {
                let seconds = bytes.uint64(at: range.lowerBound, isBigEndian: isBigEndian)
                found.clock.offsetSeconds = Int64(bitPattern: seconds)
            }
        }
        return found
    }

    /// Options 5 (`isb_ifdrop`) and 7 (`isb_osdrop`) are running totals; the last one of an interface holds, but since files are
    /// usually written with one statistics block an interface at their end, adding up is right where it matters.
    private func statistics(
        _ bytes: Span<UInt8>, from start: Int, to end: Int, _ counters: inout CaptureFileReader.Counters
    ) {
        guard end - start >= 12 else { return counters.brokenRecords += 1 }
        forEachOption(bytes, from: start + 12, to: end) { code, range in
            if code == 5 || code == 7, range.count >= 8 {
                counters.reportedDrops &+= bytes.uint64(at: range.lowerBound, isBigEndian: isBigEndian)
            }
        }
    }

    private func secrets(
        _ bytes: Span<UInt8>, from start: Int, to end: Int, _ counters: inout CaptureFileReader.Counters,
        _ sink: inout some CaptureFileSink
    ) {
        guard end - start >= 8 else { return counters.brokenRecords += 1 }
        let kind = bytes.uint32(at: start, isBigEndian: isBigEndian)
        let byteCount = Int(bytes.uint32(at: start + 4, isBigEndian: isBigEndian))
        guard byteCount <= end - start - 8 else { return counters.brokenRecords += 1 }
        // "TLSK": a key log as NSS writes it.
        guard kind == 0x544c_534b else { return counters.skippedBlocks += 1 }
        sink.keyLog(bytes.extracting(start + 8..<start + 8 + byteCount))
    }

    private func forEachOption(_ bytes: Span<UInt8>, from start: Int, to end: Int, _ body: (UInt16, Range<Int>) -> Void)
    {
        var offset = start
        while end - offset >= 4 {
            let code = bytes.uint16(at: offset, isBigEndian: isBigEndian)
            let byteCount = Int(bytes.uint16(at: offset + 2, isBigEndian: isBigEndian))
            guard code != 0, byteCount <= end - offset - 4 else { return }
            body(code, offset + 4..<offset + 4 + byteCount)
            offset += 4 + (byteCount + 3) & ~3
        }
    }
}

/// How an interface of pcapng counts time: microseconds unless `if_tsresol` says otherwise.
struct PcapngClock {
    private var ticksPerSecond: UInt64 = 1_000_000
    private var isDecimal = true
    private var isBeyondRange = false
    var offsetSeconds: Int64 = 0

    /// - Parameter value: a power of ten, or of two where the highest bit is set.
    mutating func setResolution(_ value: UInt8) {
        let exponent = Int(value & 0x7f)
        isDecimal = value & 0x80 == 0
        // 10^19 and 2^63 are the largest that fit; finer clocks do not exist.
        isBeyondRange = isDecimal ? exponent > 19 : exponent > 63
        guard !isBeyondRange else { return ticksPerSecond = 1 }
        ticksPerSecond = 1
        for _ in 0..<exponent { ticksPerSecond &*= isDecimal ? 10 : 2 }
    }

    func instant(_ ticks: UInt64) -> Instant {
        if isBeyondRange { return .epoch }
        let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: ticksPerSecond)
        // rest < ticksPerSecond, so the quotient is below 10^9 and the division cannot trap.
        let product = rest.multipliedFullWidth(by: 1_000_000_000)
        let nanoseconds = ticksPerSecond.dividingFullWidth((product.high, product.low)).quotient
        let whole = Instant(secondsSinceEpoch: Int64(clamping: seconds).addingSaturated(offsetSeconds))
        return whole + .nanoseconds(Int64(nanoseconds))
    }
}

extension Int64 {
    fileprivate func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
