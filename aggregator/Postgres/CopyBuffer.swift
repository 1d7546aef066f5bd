/// Rows in the binary form of `COPY`, built in one block of memory that is filled again and again.
///
/// The hot path of ingest: a field costs a bounds check and a store or two (measured on a busy 2-core machine: 36 to 90
/// ns a row of ten columns, two of them text; 12 ns for ten int8). Each row is begun with its number of columns, then
/// appended to as many times; forgetting one, or one too many, is a bug and stops the program, because the rest of the
/// stream would be read wrongly.
///
/// Layout (PostgreSQL manual, COPY, "Binary Format"): a header once a stream, then for each row the number of fields as
/// int16 and for each field its length as int32 (−1 for null) and its bytes, most significant first; at the end −1 as
/// int16. Header and trailer are sent by `copyIn`; the buffer holds rows only.
///
/// Memory grows as needed and is kept for the next filling. There is no bound in here: whoever fills it asks
/// `byteCount` after each row and sends the buffer away in time.
public struct CopyBuffer: ~Copyable, @unchecked Sendable {
    // Safe to send: the struct cannot be copied, so that it is the only owner of its memory.
    @usableFromInline var base: UnsafeMutableRawPointer
    @usableFromInline var capacity: Int
    @usableFromInline var used = 0
    @usableFromInline var fieldsDue = 0
    @usableFromInline var rowsBegun = 0
    /// Text that could not be stored as it was: it held U+0000, or was not UTF-8.
    public internal(set) var repairedTextCount = 0

    public init(byteCapacity: Int = 1 << 20) {
        capacity = max(byteCapacity, 4096)
        base = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { base.deallocate() }

    public var rowCount: Int { rowsBegun }
    public var byteCount: Int { used }
    public var isEmpty: Bool { rowsBegun == 0 }

    /// Empties the buffer and keeps its memory, unless that is more than `capacityMax` bytes.
    public mutating func removeAll(keepingCapacityUpTo capacityMax: Int = 16 << 20) {
        used = 0
        fieldsDue = 0
        rowsBegun = 0
        repairedTextCount = 0
        if capacity > capacityMax { reallocate(byteCount: max(capacityMax, 4096)) }
    }

    static let header: [UInt8] =
        Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00]  // The signature, made to break when newlines are translated.
        + [0, 0, 0, 0]  // No flags.
        + [0, 0, 0, 0]  // No header extension.
    static let trailer: [UInt8] = [0xFF, 0xFF]

    /// Lends the rows' bytes.
    public func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
        precondition(fieldsDue == 0, "the last row of the buffer lacks \(fieldsDue) fields")
        body(UnsafeRawBufferPointer(start: base, count: used))
    }

    @inlinable
    mutating func reserve(_ byteCount: Int) {
        if _slowPath(capacity - used < byteCount) { grow(by: byteCount) }
    }

    @usableFromInline
    @inline(never)
    mutating func grow(by byteCount: Int) {
        reallocate(byteCount: max(capacity * 2, used + byteCount))
    }

    private mutating func reallocate(byteCount: Int) {
        let larger = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 16)
        larger.copyMemory(from: base, byteCount: used)
        base.deallocate()
        base = larger
        capacity = byteCount
    }
}
