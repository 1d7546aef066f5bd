import Glibc

/// What `RememberedNames` is for names that are bytes yet: keys of documents, names of headers, partners.
///
/// The same direct-mapped table, in two blocks of memory of its own: a look-up neither allocates nor counts references. One thread
/// at a time.
public final class RememberedBytes<Value: BitwiseCopyable> {
    /// Longer names are not remembered.
    public static var byteCountMax: Int { 64 }

    @usableFromInline struct Place {
        /// 0 where nothing is remembered: no name is empty.
        @usableFromInline var byteCount: Int
        @usableFromInline var value: Value?

        @usableFromInline init(byteCount: Int = 0, value: Value? = nil) {
            self.byteCount = byteCount
            self.value = value
        }
    }

    @usableFromInline let placeCount: Int
    @usableFromInline let hash = ByteHash()
    // Both have `placeCount` entries, are initialised in `init` and freed in `deinit`, and never leave this type.
    @usableFromInline let places: UnsafeMutablePointer<Place>
    @usableFromInline let names: UnsafeMutablePointer<UInt8>

    /// - Parameter placeCount: a power of two.
    public init(placeCount: Int) {
        precondition(placeCount > 0 && placeCount & (placeCount - 1) == 0)
        self.placeCount = placeCount
        places = .allocate(capacity: placeCount)
        places.initialize(repeating: Place(), count: placeCount)
        names = .allocate(capacity: placeCount * Self.byteCountMax)
    }

    deinit {
        places.deallocate()
        names.deallocate()
    }

    @inlinable
    public func value(
        of name: UnsafeBufferPointer<UInt8>, orElse make: (UnsafeBufferPointer<UInt8>) -> Value
    ) -> Value {
        guard let start = name.baseAddress, !name.isEmpty, name.count <= Self.byteCountMax else { return make(name) }
        let place = Int(truncatingIfNeeded: hash.of(UnsafeRawBufferPointer(name))) & (placeCount - 1)
        let known = names + place * Self.byteCountMax
        if places[place].byteCount == name.count, memcmp(known, start, name.count) == 0,
            let value = places[place].value
        {
            return value
        }
        let value = make(name)
        memcpy(known, start, name.count)
        places[place] = Place(byteCount: name.count, value: value)
        return value
    }
}
