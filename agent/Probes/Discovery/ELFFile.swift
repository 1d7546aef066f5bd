/// Finds functions in an ELF file by the names it exports: where in the file their code lies.
///
/// The file belongs to an application and may be anything, be replaced under our hands, or be a gigabyte long. So it is read in
/// small pieces through `read`, never mapped (a truncated mapping kills the process), nothing of it is kept, every offset is
/// checked by the reader, and counts are bounded. Only 64-bit little-endian files: no others have probes.
///
/// Names are searched in the string table first, which gives the offsets by which symbols refer to them; one pass over the
/// symbols then finds those. Linkers let a name share the end of a longer one, hence the search for the name and its zero only.
public struct ELFFile {
    /// A function: its address as linked, and the place of its first byte in the file.
    public struct Function: Equatable, Sendable {
        public var address: UInt64
        public var fileOffset: UInt64
    }

    struct Segment: Equatable {
        var address: UInt64
        var fileOffset: UInt64
        var byteCount: UInt64
    }

    public static let machineX86_64: UInt16 = 62
    private static let sectionCountMax = 4_096
    private static let segmentCountMax = 256
    private static let tableByteCountMax: UInt64 = 512 << 20
    private static let pieceByteCount = 64 << 10

    /// Bytes at an offset: all that were asked for, or nil.
    public typealias Reader = (_ offset: UInt64, _ byteCount: Int) -> [UInt8]?

    public let machine: UInt16
    /// Executable parts.
    private(set) var segments: [Segment] = []
    private var sections: [Section] = []
    private let sectionNames: Section?
    private let read: Reader

    private struct Section {
        var name: UInt32
        var type: UInt32
        var offset: UInt64
        var byteCount: UInt64
        var link: UInt32
    }

    /// Nil where it is no such file, or a damaged one.
    public init?(read: @escaping Reader) {
        guard let head = read(0, 64), head[0..<4].elementsEqual([0x7f, 0x45, 0x4c, 0x46]), head[4] == 2, head[5] == 1
        else { return nil }
        let header = head.span
        self.read = read
        machine = header.integer(at: 18)
        let programs: UInt64 = header.integer(at: 32)
        let programSize: UInt16 = header.integer(at: 54)
        let programCount: UInt16 = header.integer(at: 56)
        let sectionsAt: UInt64 = header.integer(at: 40)
        let sectionSize: UInt16 = header.integer(at: 58)
        let sectionCount: UInt16 = header.integer(at: 60)
        let namesIndex: UInt16 = header.integer(at: 62)
        guard programSize >= 56, programCount <= Self.segmentCountMax,
            let table = read(programs, Int(programSize) * Int(programCount))
        else { return nil }
        for index in 0..<Int(programCount) {
            let at = index * Int(programSize)
            let type: UInt32 = table.span.integer(at: at)
            let flags: UInt32 = table.span.integer(at: at + 4)
            guard type == 1, flags & 1 == 1 else { continue }
            segments.append(
                Segment(
                    address: table.span.integer(at: at + 16), fileOffset: table.span.integer(at: at + 8),
                    byteCount: table.span.integer(at: at + 32)))
        }
        if sectionSize >= 64, sectionCount <= Self.sectionCountMax,
            let table = read(sectionsAt, Int(sectionSize) * Int(sectionCount))
        {
            for index in 0..<Int(sectionCount) {
                let at = index * Int(sectionSize)
                sections.append(
                    Section(
                        name: table.span.integer(at: at), type: table.span.integer(at: at + 4),
                        offset: table.span.integer(at: at + 24), byteCount: table.span.integer(at: at + 32),
                        link: table.span.integer(at: at + 40)))
            }
        }
        sectionNames = sections.indices.contains(Int(namesIndex)) ? sections[Int(namesIndex)] : nil
    }

    /// Those of the functions that the file has, exported ones first, else from its full symbol table.
    public func functions(named names: [String]) -> [String: Function] {
        var found: [String: Function] = [:]
        for type in [11, 2] as [UInt32] {  // SHT_DYNSYM, SHT_SYMTAB
            for section in sections where section.type == type && found.count < names.count {
                let missing = names.filter { found[$0] == nil }
                found.merge(functions(named: missing, in: section)) { first, _ in first }
            }
        }
        return found
    }

    /// Whether there is a section of this name, such as `.gopclntab`.
    public func hasSection(named name: String) -> Bool { section(named: name) != nil }

    /// Whether these bytes stand in a section, such as `.rodata`; looked for in so much of its beginning.
    public func hasText(_ text: String, in name: String, byteCountMax: UInt64 = 64 << 20) -> Bool {
        guard var section = section(named: name) else { return false }
        section.byteCount = min(section.byteCount, byteCountMax)
        let wanted = Array(text.utf8)
        var isFound = false
        forEachPiece(of: section, overlap: wanted.count) { piece, _ in
            guard !isFound, piece.count >= wanted.count else { return }
            isFound = (0...piece.count - wanted.count).contains { start in
                piece[start] == wanted[0] && piece[start..<start + wanted.count].elementsEqual(wanted)
            }
        }
        return isFound
    }

    private func section(named name: String) -> Section? {
        guard let sectionNames else { return nil }
        let wanted = Array(name.utf8) + [0]
        return sections.first { section in
            let (at, overflow) = sectionNames.offset.addingReportingOverflow(UInt64(section.name))
            return !overflow && UInt64(section.name) < sectionNames.byteCount && read(at, wanted.count) == wanted
        }
    }

    /// Where code at a linked address lies in the file.
    public func fileOffset(of address: UInt64) -> UInt64? {
        for segment in segments where address >= segment.address && address - segment.address < segment.byteCount {
            let (offset, overflow) = (address - segment.address).addingReportingOverflow(segment.fileOffset)
            return overflow ? nil : offset
        }
        return nil
    }

    /// Code at a linked address: as many bytes as were asked for, or nil.
    public func code(at address: UInt64, byteCount: Int) -> [UInt8]? {
        fileOffset(of: address).flatMap { read($0, byteCount) }
    }

    // MARK: Tables

    private func functions(named names: [String], in section: Section) -> [String: Function] {
        guard sections.indices.contains(Int(section.link)), section.byteCount <= Self.tableByteCountMax else {
            return [:]
        }
        let offsets = offsets(of: names, in: sections[Int(section.link)])
        guard !offsets.isEmpty else { return [:] }
        var found: [String: Function] = [:]
        forEachPiece(of: section, overlap: 0) { piece, _ in
            var at = 0
            while at + 24 <= piece.count {
                defer { at += 24 }
                let isFunction = piece[at + 4] & 15 == 2  // STT_FUNC
                guard isFunction, let name = offsets[piece.span.integer(at: at)] else { continue }
                let address: UInt64 = piece.span.integer(at: at + 8)
                guard address != 0, let offset = fileOffset(of: address) else { continue }
                found[name] = Function(address: address, fileOffset: offset)
            }
        }
        return found
    }

    /// The places at which the names stand in a string table.
    private func offsets(of names: [String], in strings: Section) -> [UInt32: String] {
        guard strings.byteCount <= Self.tableByteCountMax else { return [:] }
        let wanted = names.map { (name: $0, bytes: Array($0.utf8) + [0]) }
        let longest = wanted.map(\.bytes.count).max() ?? 0
        var offsets: [UInt32: String] = [:]
        forEachPiece(of: strings, overlap: longest) { piece, start in
            // Few bytes of a table are a zero: look from there backwards for each name.
            for end in piece.indices where piece[end] == 0 {
                for (name, bytes) in wanted where end + 1 >= bytes.count {
                    let from = end + 1 - bytes.count
                    if piece[from] == bytes[0], piece[from...end].elementsEqual(bytes) {
                        offsets[UInt32(truncatingIfNeeded: start + UInt64(from))] = name
                    }
                }
            }
        }
        return offsets
    }

    /// - Parameter overlap: How many bytes the beginning of a piece repeats of the end of the last.
    private func forEachPiece(of section: Section, overlap: Int, _ body: ([UInt8], UInt64) -> Void) {
        // A multiple of a symbol's 24 bytes, so that none is cut where pieces do not overlap.
        let step = Self.pieceByteCount / 24 * 24
        var start: UInt64 = 0
        while start < section.byteCount {
            let from = start > UInt64(overlap) ? start - UInt64(overlap) : 0
            let end = min(section.byteCount, start + UInt64(step))
            let (offset, overflow) = section.offset.addingReportingOverflow(from)
            guard !overflow, let piece = read(offset, Int(end - from)) else { return }
            body(piece, from)
            start = end
        }
    }
}
