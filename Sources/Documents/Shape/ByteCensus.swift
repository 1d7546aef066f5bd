/// How many bytes of each class a string has: one pass, from which most formats follow.
///
/// Every byte is looked up in a table and added as one vector, a lane for each class: what the bytes are costs no branch.
struct ByteCensus {
    /// By `Lane`; read out one by one where they are asked for.
    private var counts = SIMD16<UInt32>()
    private let byteCount: Int

    var digits: Int { count(.digit) }
    var letters: Int { count(.letter) }
    var capitals: Int { count(.capital) }
    var hexDigits: Int { count(.hexDigit) }
    var spaces: Int { count(.space) }
    var controls: Int { count(.control) }
    var highs: Int { count(.high) }
    /// Unicode scalars: continuation bytes belong to the one before.
    var characters: Int { byteCount - count(.continuation) }
    var ats: Int { count(.at) }
    var dots: Int { count(.dot) }
    var colons: Int { count(.colon) }
    var dashes: Int { count(.dash) }
    /// Printable ASCII that is none of letters, digits, `_ - . : /` and `@`.
    var others: Int { count(.other) }

    /// - Parameter classes: `ByteCensus.classes`; whoever looks at many texts holds them.
    @inline(__always)
    init(_ text: UnsafeBufferPointer<UInt8>, _ classes: Classes) {
        byteCount = text.count
        var start = 0
        while start < text.count {
            // A lane holds no more than 255.
            let end = min(start + 255, text.count)
            var sum = SIMD16<UInt8>()
            for at in start..<end { sum &+= classes.lanes[Int(text[at])] }
            counts &+= SIMD16<UInt32>(truncatingIfNeeded: sum)
            start = end
        }
    }

    @inline(__always)
    private func count(_ lane: Lane) -> Int { Int(counts[lane.rawValue]) }

    /// Of each byte, the lanes that it counts in.
    struct Classes: @unchecked Sendable {
        // 256 of them, never changed and never freed: they are made once in a process (`ByteCensus.classes`).
        fileprivate let lanes: UnsafePointer<SIMD16<UInt8>>
    }

    private enum Lane: Int {
        case digit, letter, capital, hexDigit, space, control, high, continuation, at, dot, colon, dash, other
    }

    static let classes: Classes = {
        let table = UnsafeMutablePointer<SIMD16<UInt8>>.allocate(capacity: 256)
        for byte in UInt8.min...UInt8.max {
            var lanes = SIMD16<UInt8>()
            for lane in classes(of: byte) { lanes[lane.rawValue] = 1 }
            (table + Int(byte)).initialize(to: lanes)
        }
        return Classes(lanes: table)
    }()

    private static func classes(of byte: UInt8) -> [Lane] {
        switch byte {
        case 48...57: [.digit, .hexDigit]
        case 65...70: [.letter, .capital, .hexDigit]
        case 71...90: [.letter, .capital]
        case 97...102: [.letter, .hexDigit]
        case 103...122: [.letter]
        case 0x20, 0x09, 0x0A, 0x0D: [.space]
        case 0x80...0xBF: [.high, .continuation]
        case 0xC0...0xFF: [.high]
        case UInt8(ascii: "@"): [.at]
        case UInt8(ascii: "."): [.dot]
        case UInt8(ascii: ":"): [.colon]
        case UInt8(ascii: "-"): [.dash]
        case UInt8(ascii: "_"), UInt8(ascii: "/"): []
        case 0..<0x20, 0x7F: [.control]
        default: [.other]
        }
    }
}
