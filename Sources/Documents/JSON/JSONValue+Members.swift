extension JSONValue {
    /// The value of a key; nil if this is no object or has no such key. Of duplicates the last wins.
    public func member(_ key: StaticString) -> JSONValue? {
        let wanted = UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
        var found: JSONValue?
        forEachMember { name, value in
            let isSame = name.count == wanted.count && name.elementsEqual(wanted)
            if isSame { found = value }
        }
        return found
    }

    /// Members in the order they were written, duplicates included. Keys are unescaped and valid as long as the document.
    @inlinable
    public func forEachMember<E: Error>(
        _ body: (_ key: UnsafeBufferPointer<UInt8>, _ value: JSONValue) throws(E) -> Void
    ) throws(E) {
        guard tag == TapeTag.object else { return }
        let end = indexAfter - 1
        var at = index + 1
        while at < end {
            let key = JSONValue(cells: cells, strings: strings, index: at).text
            let value = JSONValue(cells: cells, strings: strings, index: at + 1)
            try body(key, value)
            at = value.indexAfter
        }
    }

    @inlinable
    public func forEachElement<E: Error>(_ body: (JSONValue) throws(E) -> Void) throws(E) {
        guard tag == TapeTag.array else { return }
        let end = indexAfter - 1
        var at = index + 1
        while at < end {
            let value = JSONValue(cells: cells, strings: strings, index: at)
            try body(value)
            at = value.indexAfter
        }
    }

    /// The member of an object that has just one.
    public var onlyMember: (key: UnsafeBufferPointer<UInt8>, value: JSONValue)? {
        guard tag == TapeTag.object, indexAfter > index + 2 else { return nil }
        let value = JSONValue(cells: cells, strings: strings, index: index + 2)
        guard value.indexAfter == indexAfter - 1 else { return nil }
        return (JSONValue(cells: cells, strings: strings, index: index + 1).text, value)
    }

    /// How many members or elements, as simdjson counted them: exact below 16,777,215; 0 for other kinds.
    public var childCount: Int {
        guard tag == TapeTag.object || tag == TapeTag.array else { return 0 }
        return Int(truncatingIfNeeded: cells[index] >> 32 & 0xFF_FFFF)
    }
}
