extension JSONValue {
    /// Appends this value as compact JSON text: no white space, minimal escapes, keys in their order, duplicates kept.
    ///
    /// Numbers keep their kind and value, not their spelling: `1.50` becomes `1.5`, `1e2` becomes `100.0`; those beyond 64
    /// bits are copied as written.
    public func serialize(into bytes: inout [UInt8]) {
        var writer = ByteWriter(capacity: sizeHint)
        write(to: &writer)
        bytes.append(contentsOf: writer.written)
    }

    /// The same as an array of its own, of exactly the size needed.
    public func serialized() -> [UInt8] {
        var writer = ByteWriter(capacity: sizeHint)
        write(to: &writer)
        return Array(writer.written)
    }

    /// Cells say how much there is: an average of 16 bytes each avoids most growing.
    private var sizeHint: Int { 64 + 16 * (indexAfter - index) }

    // Recursion ends: the parser bounds the depth.
    func write(to writer: inout ByteWriter) {
        switch tag {
        case TapeTag.object:
            var separator = UInt8(ascii: "{")
            forEachMember { key, value in
                writer.append(separator)
                separator = UInt8(ascii: ",")
                JSONText.writeString(key, to: &writer)
                writer.append(UInt8(ascii: ":"))
                value.write(to: &writer)
            }
            if separator == UInt8(ascii: "{") { writer.append(separator) }
            writer.append(UInt8(ascii: "}"))
        case TapeTag.array:
            var separator = UInt8(ascii: "[")
            forEachElement { value in
                writer.append(separator)
                separator = UInt8(ascii: ",")
                value.write(to: &writer)
            }
            if separator == UInt8(ascii: "[") { writer.append(separator) }
            writer.append(UInt8(ascii: "]"))
        case TapeTag.string: JSONText.writeString(text, to: &writer)
        case TapeTag.int64: JSONText.writeInteger(Int64(bitPattern: cells[index + 1]), to: &writer)
        case TapeTag.uint64: JSONText.writeInteger(cells[index + 1], to: &writer)
        case TapeTag.double:
            JSONText.writeDouble(Double(bitPattern: cells[index + 1]), keepingKind: true, to: &writer)
        case TapeTag.bigNumber: writer.append(contentsOf: bigNumberText)
        case TapeTag.true: writer.append("true")
        case TapeTag.false: writer.append("false")
        default: writer.append("null")
        }
    }
}
