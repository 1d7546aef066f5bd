import CNghttp2

/// Writes header blocks of HPACK (RFC 7541) for one direction of one connection: the counterpart that tests and tools need.
public final class HeaderDeflater {
    /// Owned: freed in `deinit`.
    private let pointer: OpaquePointer

    public init(tableByteCountMax: Int = 4_096) throws(HTTP2Error) {
        var deflater: OpaquePointer?
        guard nghttp2_hd_deflate_new(&deflater, max(0, tableByteCountMax)) == 0, let deflater else {
            throw .outOfMemory
        }
        pointer = deflater
    }

    deinit {
        nghttp2_hd_deflate_del(pointer)
    }

    /// One whole block.
    public func deflate(_ fields: HTTP2Fields) throws(HTTP2Error) -> [UInt8] {
        var failure: HTTP2Error?
        let block = withFieldArray(fields) { table, count in
            let bound = nghttp2_hd_deflate_bound(pointer, table, count)
            return [UInt8](unsafeUninitializedCapacity: bound) { bytes, written in
                let result = nghttp2_hd_deflate_hd(pointer, bytes.baseAddress, bound, table, count)
                if result < 0 { failure = HTTP2Error(code: result) } else { written = result }
            }
        }
        if let failure { throw failure }
        return block
    }
}
