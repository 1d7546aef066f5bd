import Documents

/// What a value in a request is.
enum NodeKind: UInt8 {
    case object, array, string, integer, double, bool, null
    /// Several kinds in one, as a shape tells of values under data-like keys.
    case mixed
    /// A body that is not what it claims to be.
    case malformed

    static let count = 9
}

/// Characters that systems stumble over, beyond what `StringFormat` tells: visible in full bodies only.
struct OddCharacters: OptionSet {
    var rawValue: UInt8
    /// A control character.
    static let control = OddCharacters(rawValue: 1)
    /// U+FFFD: something was decoded with the wrong encoding before.
    static let replacement = OddCharacters(rawValue: 2)
    /// Zero width and direction marks, byte order marks.
    static let invisible = OddCharacters(rawValue: 4)
    /// Beyond the Basic Multilingual Plane: emoji, which three-byte UTF-8 columns refuse.
    static let astral = OddCharacters(rawValue: 8)
    /// Any other character outside ASCII.
    static let nonASCII = OddCharacters(rawValue: 16)

    /// A character reference in the text itself, as `&#233;` or `&amp;`: it was escaped twice.
    static let reference = OddCharacters(rawValue: 32)

    static let count = 6

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ text: UnsafeBufferPointer<UInt8>) {
        self = []
        var at = 0
        while at < text.count {
            let byte = text[at]
            at += 1
            if byte < 0x20 || byte == 0x7F {
                if byte != 0x09, byte != 0x0A, byte != 0x0D { insert(.control) }
            } else if byte == UInt8(ascii: "&") {
                if Self.isReference(text[at...]) { insert(.reference) }
            } else if byte >= 0xF0 {
                insert(.astral)
                at += 3
            } else if byte >= 0xE0 {
                let second = at < text.count ? text[at] : 0
                let third = at + 1 < text.count ? text[at + 1] : 0
                insert(Self.ofThreeBytes(byte, second, third))
                at += 2
            } else if byte >= 0x80 {
                insert(.nonASCII)
            }
        }
    }

    /// What follows an ampersand: a name or a number, and a semicolon.
    private static func isReference(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let name = text.prefix(Self.referenceByteCountMax).prefix {
            $0 == UInt8(ascii: "#") || $0 &- 48 < 10 || ($0 | 0x20) &- 97 < 26
        }
        return !name.isEmpty && text.dropFirst(name.count).first == UInt8(ascii: ";")
    }

    private static let referenceByteCountMax = 10

    private static func ofThreeBytes(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> OddCharacters {
        switch (first, second, third) {
        case (0xEF, 0xBF, 0xBD): .replacement
        case (0xE2, 0x80, 0x8B...0x8F), (0xE2, 0x80, 0xAA...0xAE), (0xEF, 0xBB, 0xBF): .invisible
        default: .nonASCII
        }
    }
}

/// One value of one request.
struct RequestNode {
    var path: Int32
    /// The place of the node it lies in, in the same list; -1 for roots.
    var parent: Int32
    /// Its index among the elements of an array, or the XML elements of one name; -1 where it stands alone.
    var index: Int32 = -1
    var kind: NodeKind
    /// Of a container: whether a bound left out some of what is in it. What it is not seen to have may be there all the same.
    var isPartial = false
    /// Of a string; 255 for none.
    var format: UInt8 = 255
    var odd: OddCharacters = []
    /// Characters of a string, elements of an array, members of an object; digits of a number.
    var length: Int32 = 0
    /// Of a number, and of text that is one; NaN where there is none, or only its shape is known.
    var number: Double = .nan
    /// Of a scalar's value; 0 where it is not known.
    var hash: UInt64 = 0
    /// Where its text lies in `FlatRequest.texts`.
    var textStart: Int32 = 0
    var textCount: Int32 = 0
}

/// A request as a list of values, parents before what is in them.
struct FlatRequest {
    var nodes: [RequestNode] = []
    /// The first bytes of each scalar, to be shown.
    var texts: [UInt8] = []
    /// Whether a bound left values out.
    var isCut = false
    /// Whether values are unknown, because the body is a shape.
    var isShape = false
    /// What the call had and nobody kept: of these roots nothing can be said.
    var unknown: UnknownParts = []
    /// Values that were looked at: the roots are none.
    var valueCount: Int { max(0, nodes.count - 4) }

    func text(of node: RequestNode) -> String {
        String(decoding: texts[Int(node.textStart)..<Int(node.textStart + node.textCount)], as: UTF8.self)
    }

    /// Values of a node were left out.
    mutating func cut(below node: Int) {
        isCut = true
        nodes[node].isPartial = true
    }

    mutating func removeAll() {
        nodes.removeAll(keepingCapacity: true)
        texts.removeAll(keepingCapacity: true)
        isCut = false
        isShape = false
        unknown = []
    }
}
