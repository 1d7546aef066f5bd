import CNghttp2

/// Reads header blocks of HPACK (RFC 7541), in the order they travelled in one direction of one connection.
///
/// Each block depends on those before it: after an error nothing that follows can be trusted, and every call throws.
public final class HeaderInflater {
    public struct Block: Sendable {
        public var fields: HTTP2Fields
        /// Names, values and 32 bytes a field (RFC 7541, section 4.1), those left out included.
        public var byteCount: Int
        /// True when fields were left out because the block exceeds the bound.
        public var isTruncated: Bool
    }

    /// Owned: freed in `deinit`.
    private let pointer: OpaquePointer
    private var isBroken = false

    /// - Parameter tableByteCountMax: what the reading side has allowed in its SETTINGS_HEADER_TABLE_SIZE.
    public init(tableByteCountMax: Int = 4_096) throws(HTTP2Error) {
        var inflater: OpaquePointer?
        guard nghttp2_hd_inflate_new(&inflater) == 0, let inflater else { throw .outOfMemory }
        pointer = inflater
        if tableByteCountMax != 4_096 { try changeTableSize(byteCountMax: tableByteCountMax) }
    }

    deinit {
        nghttp2_hd_inflate_del(pointer)
    }

    /// The reading side has acknowledged another table size.
    public func changeTableSize(byteCountMax: Int) throws(HTTP2Error) {
        let result = nghttp2_hd_inflate_change_table_size(pointer, max(0, byteCountMax))
        guard result == 0 else { throw HTTP2Error(code: Int(result)) }
    }

    /// Reads one whole block and lends each field's bytes to `field`, without making text of them.
    ///
    /// - Parameter field: must not keep the buffers; name and value lie in the table or in the inflater.
    public func inflate(
        _ bytes: UnsafeRawBufferPointer,
        _ field: (_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Void
    ) throws(HTTP2Error) {
        guard !isBroken else { throw .corruptHeaderBlock }
        var rest = bytes.bindMemory(to: UInt8.self)[...]
        // An empty block is no error of the format, only of HTTP, which is for the caller to judge.
        while true {
            var pair = nghttp2_nv()
            var flags: Int32 = 0
            let slice = UnsafeBufferPointer(rebasing: rest)
            let read = nghttp2_hd_inflate_hd2(pointer, &pair, &flags, slice.baseAddress, slice.count, 1)
            guard read >= 0, read <= rest.count else {
                isBroken = true
                throw .corruptHeaderBlock
            }
            rest = rest.dropFirst(read)
            let isField = UInt32(flags) & NGHTTP2_HD_INFLATE_EMIT.rawValue != 0
            if isField {
                field(
                    UnsafeBufferPointer(start: pair.name, count: pair.namelen),
                    UnsafeBufferPointer(start: pair.value, count: pair.valuelen))
            }
            if UInt32(flags) & NGHTTP2_HD_INFLATE_FINAL.rawValue != 0 { break }
            if read == 0, !isField { break }
        }
        nghttp2_hd_inflate_end_headers(pointer)
    }

    /// Reads one whole block: the fragments of HEADERS and its CONTINUATIONs joined, without padding and priority.
    ///
    /// A block beyond the bound is still read to its end, because later blocks refer to it.
    public func inflate(_ bytes: UnsafeRawBufferPointer, byteCountMax: Int) throws(HTTP2Error) -> Block {
        var block = Block(fields: [], byteCount: 0, isTruncated: false)
        try inflate(bytes) { name, value in block.append(name, value, byteCountMax: byteCountMax) }
        return block
    }
}

extension HeaderInflater.Block {
    fileprivate mutating func append(
        _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, byteCountMax: Int
    ) {
        byteCount += name.count + value.count + 32
        guard byteCount <= byteCountMax else {
            isTruncated = true
            return
        }
        fields.append((name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self)))
    }
}
