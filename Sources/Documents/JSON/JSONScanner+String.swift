extension JSONScanner {
    /// From one quote to behind the other: escapes, control characters and UTF-8 are all checked.
    mutating func string() throws(Stop) {
        let start = at
        at += 1
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "\""):
                at += 1
                return
            case UInt8(ascii: "\\"): try escape()
            case 0..<0x20: throw .at(at, "a control character must be escaped in a string")
            case 0x20..<0x80: at += 1
            default: try multibyte()
            }
        }
        throw .at(start, "this string does not end")
    }

    private mutating func escape() throws(Stop) {
        let start = at
        guard at + 1 < text.count else { throw .at(start, "the text ends inside an escape") }
        switch text[at + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            at += 2
        case UInt8(ascii: "u"):
            at += 2
            switch try hexUnit(start) {
            case 0xD800..<0xDC00:
                guard at + 1 < text.count, text[at] == UInt8(ascii: "\\"), text[at + 1] == UInt8(ascii: "u") else {
                    throw .at(start, "a lone surrogate is no character")
                }
                at += 2
                guard case 0xDC00..<0xE000 = try hexUnit(start) else {
                    throw .at(start, "a lone surrogate is no character")
                }
            case 0xDC00..<0xE000: throw .at(start, "a lone surrogate is no character")
            default: break
            }
        default: throw .at(start, "unknown escape")
        }
    }

    private mutating func hexUnit(_ start: Int) throws(Stop) -> UInt32 {
        guard at + 4 <= text.count else { throw .at(start, "the text ends inside an escape") }
        var unit: UInt32 = 0
        for _ in 0..<4 {
            switch text[at] {
            case 48...57: unit = unit << 4 | UInt32(text[at] - 48)
            case 65...70: unit = unit << 4 | UInt32(text[at] - 55)
            case 97...102: unit = unit << 4 | UInt32(text[at] - 87)
            default: throw .at(start, "expected four hex digits after \\u")
            }
            at += 1
        }
        return unit
    }

    /// RFC 3629, section 4: no overlong forms, no surrogates, nothing above U+10FFFF.
    private mutating func multibyte() throws(Stop) {
        let second: ClosedRange<UInt8>
        let length: Int
        switch text[at] {
        case 0xC2...0xDF: (second, length) = (0x80...0xBF, 2)
        case 0xE0: (second, length) = (0xA0...0xBF, 3)
        case 0xE1...0xEC, 0xEE...0xEF: (second, length) = (0x80...0xBF, 3)
        case 0xED: (second, length) = (0x80...0x9F, 3)
        case 0xF0: (second, length) = (0x90...0xBF, 4)
        case 0xF1...0xF3: (second, length) = (0x80...0xBF, 4)
        case 0xF4: (second, length) = (0x80...0x8F, 4)
        default: throw .at(at, "not UTF-8")
        }
        guard at + length <= text.count, second.contains(text[at + 1]) else { throw .at(at, "not UTF-8") }
        for position in (at + 2)..<max(at + 2, at + length) where text[position] & 0xC0 != 0x80 {
            throw .at(at, "not UTF-8")
        }
        at += length
    }
}
