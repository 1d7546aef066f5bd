// How many columns of a terminal text takes: two for East Asian wide characters and emoji, none for combining marks. The ranges
// follow Unicode's EastAsianWidth.txt (W and F), joined where gaps are unassigned. Terminals count scalars, not graphemes.

/// Columns of text without controls.
public func columnCount(of text: String) -> Int {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
    return text.unicodeScalars.reduce(0) { $0 + columnCount(of: $1) }
}

func columnCount(of scalar: Unicode.Scalar) -> Int {
    if scalar.value < 0x300 { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: break
    }
    switch scalar.value {
    case 0x1160...0x11FF: return 0  // Vowels and finals of Hangul join the syllable before them.
    case 0x1100...0x115F, 0x231A...0x231B, 0x23E9...0x23EC, 0x2614...0x2615, 0x2648...0x2653, 0x26A1, 0x2705, 0x274C,
        0x2753...0x2757, 0x2795...0x2797, 0x2B1B...0x2B1C, 0x2B50, 0x2B55, 0x2E80...0x303E, 0x3041...0x4DBF,
        0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F,
        0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F004, 0x1F0CF, 0x1F18E,
        0x1F191...0x1F19A, 0x1F1E6...0x1F1FF, 0x1F200...0x1F64F, 0x1F680...0x1F6FF, 0x1F7E0...0x1F7EB,
        0x1F90C...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD:
        return 2
    default: return 1
    }
}

/// At most `columnMax` columns of the text, the last one `…` where something is missing.
public func cut(_ text: String, to columnMax: Int) -> String {
    guard columnCount(of: text) > columnMax else { return text }
    guard columnMax > 0 else { return "" }
    var kept = String.UnicodeScalarView()
    var rest = columnMax - 1
    for scalar in text.unicodeScalars {
        rest -= columnCount(of: scalar)
        guard rest >= 0 else { break }
        kept.append(scalar)
    }
    kept.append("…")
    return String(kept)
}

/// Lines of at most `columnMax` columns, broken between words; a longer word is broken where it must be.
public func wrapped(_ text: String, to columnMax: Int) -> [String] {
    let columnMax = max(2, columnMax)  // A wide character needs two.
    var lines: [String] = []
    var line = ""
    var columns = 0
    for word in text.split(separator: " ") {
        let wordColumns = columnCount(of: String(word))
        if columns > 0, columns + 1 + wordColumns <= columnMax {
            line += " " + word
            columns += 1 + wordColumns
            continue
        }
        if columns > 0 { lines.append(line) }
        (line, columns) = ("", 0)
        for scalar in word.unicodeScalars {
            let count = columnCount(of: scalar)
            if columns + count > columnMax {
                lines.append(line)
                (line, columns) = ("", 0)
            }
            line.unicodeScalars.append(scalar)
            columns += count
        }
    }
    if columns > 0 { lines.append(line) }
    return lines
}
