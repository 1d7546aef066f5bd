import Transport

/// Text for a medium of short lines of ASCII.
enum MailText {
    /// A header's text: as it is where it is printable ASCII and short, else in encoded words (RFC 2047), one a line.
    /// No character is cut in two, and no line end of the text gets through.
    static func header(_ text: String) -> String {
        let line = oneLine(text, byteCountMax: 900)
        let isPlain = line.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !line.contains("=?")
        if isPlain, line.utf8.count <= 60 { return line }
        if isPlain, let folded = folded(line) { return folded }
        var (words, part): ([String], [UInt8]) = ([], [])
        for character in line {
            // 75 characters a word at most, `=?utf-8?B?` and `?=` among them: 45 bytes in base64 are 60.
            if part.count + character.utf8.count > 45, !part.isEmpty {
                words.append("=?utf-8?B?\(base64(part))?=")
                part = []
            }
            part += Array(character.utf8)
        }
        words.append("=?utf-8?B?\(base64(part))?=")
        return words.joined(separator: "\r\n ")
    }

    /// Broken between words (RFC 5322, section 2.2.3); nil where a word is too long for a line.
    private static func folded(_ line: String) -> String? {
        var (lines, current): ([String], String) = ([], "")
        for word in line.split(separator: " ", omittingEmptySubsequences: false) {
            guard word.utf8.count <= 900 else { return nil }
            if !current.isEmpty, current.utf8.count + word.utf8.count > 64 {
                lines.append(current)
                current = ""
            }
            current += (current.isEmpty ? "" : " ") + word
        }
        return (lines + [current]).joined(separator: "\r\n ")
    }

    /// RFC 2045, section 6.7. Lines end with CRLF, are of at most 76 characters, and never end with a blank.
    static func quotedPrintable(_ text: String) -> [UInt8] {
        var out: [UInt8] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            appendLine(Array(line.utf8.filter { $0 != 13 }), to: &out)
            out += [13, 10]
        }
        return out
    }

    private static func appendLine(_ bytes: [UInt8], to out: inout [UInt8]) {
        var column = 0
        for (index, byte) in bytes.enumerated() {
            let isBlank = byte == 32 || byte == 9
            let isPlain = (33...126).contains(byte) && byte != UInt8(ascii: "=") || isBlank && index < bytes.count - 1
            let encoded = isPlain ? [byte] : [UInt8(ascii: "=")] + hex(byte)
            if column + encoded.count > 75 {
                out += [UInt8(ascii: "="), 13, 10]
                column = 0
            }
            out += encoded
            column += encoded.count
        }
    }

    private static func hex(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
