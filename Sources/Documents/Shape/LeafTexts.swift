/// What shapes say of leaves, written once: most leaves of all documents are alike in kind, length and format.
///
/// A table with a place for each leaf that is not longer than most; a place is filled when its leaf comes for the first time, by
/// `LeafShape.write`, so that it says the same. A struct, so that no references are counted for every leaf.
struct LeafTexts: ~Copyable {
    /// Bytes of a place: the text's length, and the text. The longest is `"string/63/date-time"` with its quotes, 21 bytes.
    private static let placeByteCount = 32
    private static let lengthMax = 64
    private static let digitMax = 20
    private static let placesMax = 4
    // The places of strings by format and length, then of integers by digits and sign, of numbers by digits, sign and places, and of
    // what has no length.
    private static let integers = (StringFormat.allCases.count + 1) * lengthMax
    private static let numbers = integers + 2 * digitMax
    private static let bools = numbers + 2 * digitMax * placesMax
    private static let nulls = bools + 1

    // Initialised and freed here, and never outside of this type; a first byte of 0 is an empty place.
    private let texts: UnsafeMutablePointer<UInt8>?

    /// - Parameter isKept: false where few leaves will come: then each is written anew.
    init(isKept: Bool) {
        guard isKept else {
            texts = nil
            return
        }
        // As many more as `ByteWriter` reads behind the last.
        let byteCount = (Self.nulls + 2) * Self.placeByteCount
        let texts = UnsafeMutablePointer<UInt8>.allocate(capacity: byteCount)
        texts.initialize(repeating: 0, count: byteCount)
        self.texts = texts
    }

    deinit { texts?.deallocate() }

    func write(_ leaf: LeafShape, to sink: inout ByteWriter) {
        guard let texts, let place = place(of: leaf) else { return leaf.write(to: &sink) }
        let text = texts + place * Self.placeByteCount
        if text[0] == 0 {
            let start = sink.count
            leaf.write(to: &sink)
            let written = sink.count - start
            guard written < Self.placeByteCount else { return }
            for at in 0..<written { text[at + 1] = sink.written[start + at] }
            text[0] = UInt8(written)
        } else {
            sink.append(short: text + 1, count: Int(text[0]))
        }
    }

    private func place(of leaf: LeafShape) -> Int? {
        guard leaf.low == leaf.high, leaf.mark == nil else { return nil }
        switch leaf.kind {
        case .string:
            guard leaf.low < Self.lengthMax else { return nil }
            return (leaf.format.map { Int($0.rawValue) + 1 } ?? 0) * Self.lengthMax + leaf.low
        case .integer:
            guard leaf.low > -Self.digitMax, leaf.low < Self.digitMax else { return nil }
            return Self.integers + Self.digitMax + leaf.low
        case .number:
            guard leaf.low > -Self.digitMax, leaf.low < Self.digitMax, leaf.places < Self.placesMax else { return nil }
            return Self.numbers + leaf.places * 2 * Self.digitMax + Self.digitMax + leaf.low
        case .bool: return Self.bools
        case .null: return Self.nulls
        case .mixed: return nil
        }
    }
}
