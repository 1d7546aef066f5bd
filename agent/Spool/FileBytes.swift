import Compression

/// Appends little-endian numbers and short texts: all that the spool's own files are made of.
struct FileWriter {
    var bytes: [UInt8] = []

    mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ place: ReplayPlace) {
        put(UInt16(clamping: place.key.utf8.count))
        bytes.append(contentsOf: place.key.utf8)
        put(place.offset)
        put(place.line)
    }

    /// The CRC-32 of everything so far.
    mutating func putChecksum() { put(checksum(of: bytes)) }
}

/// Reads them. The bytes come from a disk: every length is checked, and nothing traps.
struct FileReader {
    private let bytes: ArraySlice<UInt8>
    private(set) var offset: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        offset = bytes.startIndex
    }

    var remaining: Int { bytes.endIndex - offset }

    /// Nil when the bytes end before.
    mutating func take<N: FixedWidthInteger>(_ type: N.Type) -> N? {
        let byteCount = MemoryLayout<N>.size
        guard remaining >= byteCount else { return nil }
        var value: N = 0
        withUnsafeMutableBytes(of: &value) { target in
            bytes.withUnsafeBytes { source in
                let start = offset - bytes.startIndex
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + byteCount]))
            }
        }
        offset += byteCount
        return N(littleEndian: value)
    }

    mutating func takeBytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, remaining >= count else { return nil }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    mutating func takePlace() -> ReplayPlace? {
        guard let length = take(UInt16.self), Int(length) <= ReplayPlace.keyByteCountMax,
            let key = takeBytes(Int(length)), let offset = take(UInt64.self), let line = take(UInt64.self)
        else { return nil }
        return ReplayPlace(key: String(decoding: key, as: UTF8.self), offset: offset, line: line)
    }
}

func checksum(of bytes: some Collection<UInt8>) -> UInt32 {
    bytes.withContiguousStorageIfAvailable { crc32(UnsafeRawBufferPointer($0)) } ?? checksum(of: Array(bytes))
}

/// The spool's files, by their names. Sequences are written with twenty digits, so that names sort.
package enum SpoolFile: Hashable {
    case id
    case places
    case journal(UInt64)
    /// Sealed, to be sent.
    case batch(UInt64)
    /// The head of a batch that was acknowledged: its supplied ids, and the proof that its sequence was used.
    case done(UInt64)
    /// Set aside: refused by the aggregator.
    case refused(UInt64)
    /// Set aside: damaged. Of a batch or of a journal.
    case badBatch(UInt64)
    case badJournal(UInt64)
    /// Begun and never finished: of no use to anybody.
    case temporary(String)

    init?(name: String) {
        if name == "spool.id" { self = .id; return }
        if name == "places" { self = .places; return }
        if name.hasSuffix(".tmp") { self = .temporary(name); return }
        if let sequence = Self.sequence(in: name, "open-", ".journal") {
            self = .journal(sequence)
        } else if let sequence = Self.sequence(in: name, "", ".batch") {
            self = .batch(sequence)
        } else if let sequence = Self.sequence(in: name, "", ".done") {
            self = .done(sequence)
        } else if let sequence = Self.sequence(in: name, "", ".refused") {
            self = .refused(sequence)
        } else if let sequence = Self.sequence(in: name, "", ".bad") {
            self = .badBatch(sequence)
        } else if let sequence = Self.sequence(in: name, "open-", ".bad") {
            self = .badJournal(sequence)
        } else {
            return nil
        }
    }

    package var name: String {
        switch self {
        case .id: "spool.id"
        case .places: "places"
        case .journal(let sequence): "open-\(Self.digits(sequence)).journal"
        case .batch(let sequence): "\(Self.digits(sequence)).batch"
        case .done(let sequence): "\(Self.digits(sequence)).done"
        case .refused(let sequence): "\(Self.digits(sequence)).refused"
        case .badBatch(let sequence): "\(Self.digits(sequence)).bad"
        case .badJournal(let sequence): "open-\(Self.digits(sequence)).bad"
        case .temporary(let name): name
        }
    }

    /// Nil for files that belong to no batch.
    var sequence: UInt64? {
        switch self {
        case .journal(let sequence), .batch(let sequence), .done(let sequence), .refused(let sequence),
            .badBatch(let sequence), .badJournal(let sequence):
            sequence
        case .id, .places, .temporary: nil
        }
    }

    private static func digits(_ sequence: UInt64) -> String {
        let digits = String(sequence)
        return String(repeating: "0", count: 20 - digits.count) + digits
    }

    private static func sequence(in name: String, _ prefix: String, _ suffix: String) -> UInt64? {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
        let digits = name.utf8.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count)
        guard digits.count == 20, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return UInt64(String(Substring(digits)))
    }
}
