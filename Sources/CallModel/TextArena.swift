import Glibc

/// Bytes that replace a row's own until the row is encoded: written one after the other into blocks that never move.
///
/// Its blocks are allocated once and used again after `removeAll`, which ends the validity of everything handed out before. One
/// thread at a time.
public final class TextArena {
    private static let blockByteCount = 16 << 10
    /// Of this size, in order. Owned, freed in `deinit`; what was handed out must not outlive the arena.
    private var blocks: [UnsafeMutablePointer<UInt8>] = []
    /// Texts larger than a block, each by itself, until `removeAll`.
    private var large: [UnsafeMutablePointer<UInt8>] = []
    private var block = 0
    private var used = 0

    public init() {}

    deinit {
        for block in blocks { block.deallocate() }
        for block in large { block.deallocate() }
    }

    public func removeAll() {
        for block in large { block.deallocate() }
        large.removeAll()
        (block, used) = (0, 0)
    }

    public func copy(_ bytes: UnsafeBufferPointer<UInt8>) -> CallRow.Text {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return CallRow.none }
        let room = reserve(bytes.count)
        memcpy(room, start, bytes.count)
        return CallRow.Text(start: room, count: bytes.count)
    }

    /// - Parameter change: of the copy, before it is handed out.
    public func copy(
        _ bytes: UnsafeBufferPointer<UInt8>, changedBy change: (UnsafeMutableBufferPointer<UInt8>) -> Void
    ) -> CallRow.Text {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return CallRow.none }
        let room = UnsafeMutableBufferPointer(start: reserve(bytes.count), count: bytes.count)
        memcpy(room.baseAddress!, start, bytes.count)
        change(room)
        return CallRow.Text(room)
    }

    /// One text of three.
    public func copy(_ first: CallRow.Text, _ second: CallRow.Text, _ third: CallRow.Text) -> CallRow.Text {
        let room = reserve(first.count + second.count + third.count)
        var byteCount = 0
        func add(_ text: CallRow.Text) {
            guard let start = text.baseAddress else { return }
            memcpy(room + byteCount, start, text.count)
            byteCount += text.count
        }
        add(first)
        add(second)
        add(third)
        return CallRow.Text(start: room, count: byteCount)
    }

    public func copy(_ text: String) -> CallRow.Text {
        var text = text
        return text.withUTF8 { copy($0) }
    }

    private func reserve(_ byteCount: Int) -> UnsafeMutablePointer<UInt8> {
        guard byteCount <= Self.blockByteCount else {
            large.append(.allocate(capacity: byteCount))
            return large[large.count - 1]
        }
        if used + byteCount > Self.blockByteCount { (block, used) = (block + 1, 0) }
        if block == blocks.count { blocks.append(.allocate(capacity: Self.blockByteCount)) }
        defer { used += byteCount }
        return blocks[block] + used
    }
}
