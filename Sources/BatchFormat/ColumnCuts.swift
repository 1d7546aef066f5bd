/// Where the columns of an encoded message end, for compressing each by itself.
///
/// zstd's blocks have one code of their own for the bytes that repeat nothing (RFC 8878, section 3.1.1.3.1). A message in one block
/// gives them all one code, and the random bytes of trace ids then spoil that of every other column: 43 bytes a call where 39 do.
/// Blocks of one frame refer to each other as before, so that whoever reads a frame needs to know nothing of this
/// (docs/decisions/column-blocks.md).
enum ColumnCuts {
    /// A block costs some ten bytes: columns that are shorter go together.
    private static let byteCountMin = 256

    /// Offsets at which another block begins, in order. Bytes that are no protobuf message have none.
    static func of(_ message: UnsafeRawBufferPointer) -> [Int] {
        var cuts: [Int] = []
        var reader = WireReader(message)
        var start = 0
        var last: UInt64 = 0
        while !reader.isAtEnd {
            let offset = reader.offset
            // Which field is broken tells nobody more: the message then has one block.
            guard let (number, _) = try? reader.nextField() else { return [] }
            // The strings of a table are one column, the values of each header another.
            let isLong = reader.offset - offset >= byteCountMin
            if offset - start >= byteCountMin, number != last || isLong {
                cuts.append(offset)
                start = offset
            }
            last = number
        }
        return cuts
    }
}
