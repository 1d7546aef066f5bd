import Glibc

/// Where text is written to: an array of the caller's, or a `ByteWriter` on the hot paths.
protocol ByteSink: ~Copyable {
    mutating func append(_ byte: UInt8)
    mutating func append(contentsOf bytes: UnsafeBufferPointer<UInt8>)
}

extension ByteSink where Self: ~Copyable {
    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(contentsOf: $0) }
    }
}

extension [UInt8]: ByteSink {}

/// A growing buffer without an array's checks of uniqueness per byte.
struct ByteWriter: ~Copyable, ByteSink {
    private var base: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = max(64, capacity)
        base = .allocate(capacity: self.capacity)
    }

    deinit { base.deallocate() }

    /// Valid until the next append.
    var written: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        if count == capacity { grow(by: 1) }
        base[count] = byte
        count &+= 1
    }

    @inline(__always)
    mutating func append(contentsOf bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        if bytes.count > capacity &- count { grow(by: bytes.count) }
        memcpy(base + count, start, bytes.count)
        count &+= bytes.count
    }

    /// How many bytes may be read where a short text lies, whatever its length.
    static var shortByteCount: Int { 32 }

    /// The same for a short text, copied as a whole of that size: a call for each costs more than that.
    @inline(__always)
    mutating func append(short text: UnsafePointer<UInt8>, count byteCount: Int) {
        if capacity &- count < Self.shortByteCount { grow(by: Self.shortByteCount) }
        let (source, target) = (UnsafeRawPointer(text), UnsafeMutableRawPointer(base + count))
        let low = source.loadUnaligned(as: SIMD16<UInt8>.self)
        let high = source.loadUnaligned(fromByteOffset: 16, as: SIMD16<UInt8>.self)
        target.storeBytes(of: low, as: SIMD16<UInt8>.self)
        target.storeBytes(of: high, toByteOffset: 16, as: SIMD16<UInt8>.self)
        count &+= byteCount
    }

    /// Forgets what was written behind `count`.
    mutating func truncate(to count: Int) {
        precondition(count <= self.count)
        self.count = count
    }

    @inline(never)
    private mutating func grow(by byteCount: Int) {
        let wanted = max(capacity * 2, count + byteCount)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted)
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
        capacity = wanted
    }
}
