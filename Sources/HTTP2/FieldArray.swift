import CNghttp2

/// Hands fields to libnghttp2, which copies them during the call: one allocation for all bytes, one for the table.
func withFieldArray<R>(_ fields: HTTP2Fields, _ body: (UnsafePointer<nghttp2_nv>?, Int) -> R) -> R {
    let byteCount = fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(1, byteCount)) { bytes in
        withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: max(1, fields.count)) { table in
            var end = bytes.startIndex
            func copy(_ text: String) -> (start: UnsafeMutablePointer<UInt8>, count: Int) {
                let start = end
                // Not `initialize(fromContentsOf:)`, whose cost for a non-contiguous string is the same and bounds checks double.
                for byte in text.utf8 {
                    bytes.initializeElement(at: end, to: byte)
                    end += 1
                }
                return (bytes.baseAddress! + start, end - start)
            }
            for (index, field) in fields.enumerated() {
                let name = copy(field.name)
                let value = copy(field.value)
                table.initializeElement(
                    at: index,
                    to: nghttp2_nv(
                        name: name.start, value: value.start, namelen: name.count, valuelen: value.count,
                        flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)))
            }
            return body(UnsafePointer(table.baseAddress), fields.count)
        }
    }
}
