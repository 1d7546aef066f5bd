import HTTP2

/// The header table of one direction, also where its beginning was not seen.
///
/// HPACK (RFC 7541) refers to fields sent before by their place in a table, counted from the newest. A reader that joins
/// late, or that has lost bytes, does not know what stands there. So the table begins full of placeholders, each of the
/// smallest size there is (32 bytes, section 4.1): whatever the sender refers to is then either a field that came since,
/// which is right, because places count from the newest, or a placeholder, which is known to be unknown. Static entries
/// and literals are always right. With libnghttp2's inflater underneath, a placeholder is a field with an empty name,
/// which HTTP does not have.
struct HeaderTable {
    private var inflater: HeaderInflater?
    /// Whether every block since the beginning of the connection was read.
    private(set) var isWhole: Bool

    /// The largest table a sender may use here; SETTINGS_HEADER_TABLE_SIZE allows a size, the sender then says in a block
    /// which one it uses (section 6.3), so that the setting itself need not be followed.
    private static let byteCountMax = 64 << 10
    private static let placeholderByteCount = 32

    /// About what libnghttp2 takes for a table full of placeholders; a whole one is small.
    var heldByteCount: Int { inflater == nil ? 0 : isWhole ? 4 << 10 : 256 << 10 }

    init(isFromStart: Bool) {
        isWhole = isFromStart
    }

    /// A block was lost, or could not be read: what stands in the table is unknown from here on.
    mutating func forget() {
        inflater = nil
        isWhole = false
    }

    /// Reads a block. False where it could not be read; then the table begins anew.
    mutating func read(
        _ block: [UInt8], _ field: (_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> Void
    ) -> Bool {
        do throws(HTTP2Error) {
            let inflater: HeaderInflater
            if let known = self.inflater { inflater = known } else { inflater = try makeInflater() }
            self.inflater = inflater
            var failure: HTTP2Error?
            block.withUnsafeBytes { bytes in
                do throws(HTTP2Error) { try inflater.inflate(bytes, field) } catch { failure = error }
            }
            if let failure { throw failure }
            return true
        } catch {
            forget()
            return false
        }
    }

    private func makeInflater() throws(HTTP2Error) -> HeaderInflater {
        let inflater = try HeaderInflater(tableByteCountMax: Self.byteCountMax)
        guard !isWhole else { return inflater }
        var failure: HTTP2Error?
        Self.placeholders.withUnsafeBytes { bytes in
            do throws(HTTP2Error) { try inflater.inflate(bytes) { _, _ in } } catch { failure = error }
        }
        if let failure { throw failure }
        return inflater
    }

    /// A change of the table's size to the largest, then literals with indexing, name and value empty (sections 6.3, 6.2.1).
    private static let placeholders: [UInt8] = {
        var block: [UInt8] = [0x3f]
        var rest = byteCountMax - 31
        while rest >= 128 {
            block.append(UInt8(truncatingIfNeeded: rest & 127 | 128))
            rest >>= 7
        }
        block.append(UInt8(truncatingIfNeeded: rest))
        for _ in 0..<(byteCountMax / placeholderByteCount) { block.append(contentsOf: [0x40, 0, 0]) }
        return block
    }()
}
