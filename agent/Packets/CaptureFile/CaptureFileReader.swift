import CallModel

/// Reads capture files: pcap in all its spellings, and pcapng.
///
/// The reader does no input of its own. Whoever has the file hands in its bytes, in pieces of any size, and receives each packet
/// as bytes borrowed from the piece; only a record cut by the end of a piece is copied. A file that grows is read the same way.
///
///     var reader = CaptureFileReader()
///     try reader.read(piece.span, into: &sink)      // As often as there are bytes.
///     try reader.finish()                           // Tells whether the file ended inside a record.
///
/// What is damaged beyond recovery (no magic number, a record longer than any packet) ends the reading with an error; the packets
/// before it have been handed out. Compressed files are unwrapped by whoever opens them.
public struct CaptureFileReader {
    public struct Configuration: Sendable {
        /// The longest record or block that is kept until it is whole, in bytes. Longer pcapng blocks are skipped, a longer pcap
        /// record is damage: nothing says where the next one begins. Largest known use: 128 MiB of USB; networks stay below 256 KiB.
        public var recordByteCountMax = 4 << 20
        /// Interfaces a pcapng section may describe; packets of further ones are skipped and counted.
        public var interfaceCountMax = 4_096

        public init() {}
    }

    /// What a file consists of, as far as it was read.
    public struct Counters: Sendable, Equatable {
        public var packets = 0
        /// pcapng blocks of no concern here, or too long.
        public var skippedBlocks = 0
        /// Packets whose record contradicts itself, or names an interface nobody described.
        public var brokenRecords = 0
        /// Packets the capturing program says it lost (pcapng interface statistics), added up.
        public var reportedDrops: UInt64 = 0

        public init() {}
    }

    enum Format {
        case undecided
        case pcap(PcapFormat)
        case pcapng(PcapngFormat)
    }

    public private(set) var counters = Counters()
    let configuration: Configuration
    private var format = Format.undecided
    /// The beginning of a record whose end is in a later piece.
    private var carried: [UInt8] = []
    /// Bytes still to be passed over of a block too long to keep.
    private var skipByteCount = 0

    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    /// Hands every record that is whole by now to the sink.
    public mutating func read(
        _ piece: Span<UInt8>, into sink: inout some CaptureFileSink
    ) throws(CaptureFileError) {
        var offset = 0
        while offset < piece.count {
            if skipByteCount > 0 {
                let step = min(skipByteCount, piece.count - offset)
                skipByteCount -= step
                offset += step
            } else if carried.isEmpty {
                let (taken, needed) = try readRecords(piece, from: offset, into: &sink)
                offset += taken
                if needed > 0 {
                    carried.append(contentsOf: piece, from: offset, to: piece.count)
                    offset = piece.count
                }
            } else {
                offset += try completeRecord(with: piece, from: offset, into: &sink)
            }
        }
    }

    /// The end of the file.
    public func finish() throws(CaptureFileError) {
        if case .undecided = format {
            throw carried.isEmpty ? .empty : .notACapture
        }
        if !carried.isEmpty || skipByteCount > 0 { throw .endsInsideRecord(byteCount: carried.count) }
    }

    /// Copies just as much as the record that was begun lacks, so that no whole record is ever copied.
    private mutating func completeRecord(
        with piece: Span<UInt8>, from start: Int, into sink: inout some CaptureFileSink
    ) throws(CaptureFileError) -> Int {
        var offset = start
        var record = carried
        carried = []
        while true {
            let missing: Int
            switch try step(record.span, at: 0, into: &sink, isTrial: true) {
            case .record(byteCount: 0): continue
            case .needs(let byteCount): missing = byteCount - record.count
            case .record, .skip: missing = 0
            }
            if missing == 0 { break }
            let taken = min(missing, piece.count - offset)
            record.append(contentsOf: piece, from: offset, to: offset + taken)
            offset += taken
            if taken < missing {
                carried = record
                return offset - start
            }
        }
        if case .skip(let byteCount) = try step(record.span, at: 0, into: &sink, isTrial: false) {
            skipByteCount = byteCount - record.count
        }
        record.removeAll(keepingCapacity: true)
        carried = record
        return offset - start
    }

    /// - Returns: how many bytes were used up, and how many the next record needs in all; 0 when the piece is used up.
    private mutating func readRecords(
        _ piece: Span<UInt8>, from start: Int, into sink: inout some CaptureFileSink
    ) throws(CaptureFileError) -> (taken: Int, needed: Int) {
        var offset = start
        while offset < piece.count {
            switch try step(piece, at: offset, into: &sink, isTrial: false) {
            case .record(let byteCount): offset += byteCount
            case .needs(let byteCount): return (offset - start, byteCount)
            case .skip(let byteCount):
                let here = min(byteCount, piece.count - offset)
                skipByteCount = byteCount - here
                offset += here
            }
        }
        return (offset - start, 0)
    }

    /// One record, or the file header.
    ///
    /// - Parameter isTrial: only tells how long the record is, without consequences.
    private mutating func step(
        _ bytes: Span<UInt8>, at offset: Int, into sink: inout some CaptureFileSink, isTrial: Bool
    ) throws(CaptureFileError) -> RecordStep {
        switch format {
        case .undecided:
            return try readFileHeader(bytes, at: offset, isTrial: isTrial)
        case .pcap(let pcap):
            return try pcap.record(
                bytes, at: offset, byteCountMax: configuration.recordByteCountMax, isTrial: isTrial, &counters, &sink)
        case .pcapng(var pcapng):
            let step = try pcapng.block(bytes, at: offset, configuration, isTrial: isTrial, &counters, &sink)
            if !isTrial, pcapng.hasChanged {
                pcapng.hasChanged = false
                format = .pcapng(pcapng)
            }
            return step
        }
    }

    private mutating func readFileHeader(
        _ bytes: Span<UInt8>, at offset: Int, isTrial: Bool
    ) throws(CaptureFileError) -> RecordStep {
        guard bytes.count - offset >= 4 else { return .needs(byteCount: 4) }
        if bytes.bigEndianUInt32(at: offset) == PcapngFormat.sectionHeader {
            // The section header is a block like others; it is read again as such.
            format = .pcapng(PcapngFormat())
            return .record(byteCount: 0)
        }
        guard PcapFormat.isMagic(bytes.bigEndianUInt32(at: offset)) else { throw .notACapture }
        guard bytes.count - offset >= PcapFormat.fileHeaderByteCount else {
            return .needs(byteCount: PcapFormat.fileHeaderByteCount)
        }
        if !isTrial { format = .pcap(PcapFormat(header: bytes, at: offset)) }
        return .record(byteCount: PcapFormat.fileHeaderByteCount)
    }
}

/// Takes what a capture file holds.
public protocol CaptureFileSink {
    /// - Parameters:
    ///   - bytes: what was captured of the packet, borrowed for the call.
    ///   - originalByteCount: how long the packet was on the wire; never less than what was captured.
    mutating func packet(_ bytes: Span<UInt8>, originalByteCount: Int, linkType: LinkType, at now: Instant)

    /// A decryption-secrets block of pcapng: a key log in NSS format, as text. Other kinds of secrets are skipped.
    mutating func keyLog(_ text: Span<UInt8>)
}

/// How far one look at the bytes came.
enum RecordStep {
    /// A whole record of this many bytes was handled.
    case record(byteCount: Int)
    /// The record needs this many bytes in all, more than there are.
    case needs(byteCount: Int)
    /// This many bytes are to be passed over, whether they are here yet or not.
    case skip(byteCount: Int)
}

/// Why a file cannot be read, or not to its end.
public enum CaptureFileError: Error, Hashable {
    case empty
    /// The first bytes are of no format known here.
    case notACapture
    /// The file ends inside a record, as when its writer was killed. Everything before was handed out.
    case endsInsideRecord(byteCount: Int)
    /// A length that cannot be: what follows cannot be found.
    case damaged(afterPackets: Int)
}

extension CaptureFileError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "the file is empty"
        case .notACapture: "neither pcap nor pcapng: the first bytes are no magic number of theirs"
        case .endsInsideRecord(let byteCount): "the file ends inside a record (\(byteCount) bytes of it are there)"
        case .damaged(let packets): "damaged after \(packets) packets: a record's length cannot be right"
        }
    }
}
