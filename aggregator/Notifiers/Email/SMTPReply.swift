/// One reply of an SMTP server (RFC 5321, section 4.2): a code, and the text of its lines.
struct SMTPReply: Equatable, Sendable {
    var code: Int
    var lines: [String]

    var text: String { "\(code) " + lines.joined(separator: " ") }
    var isPositive: Bool { (200..<400).contains(code) }
    var isPermanent: Bool { (500..<600).contains(code) }
}

/// Finds replies in what a server sends, wherever it is cut.
struct SMTPReplyReader: Sendable {
    enum Reading: Equatable {
        case reply(SMTPReply)
        case needsMore
        case notSMTP
    }

    /// RFC 5321 allows 512 bytes a line; servers send more.
    static let lineByteCountMax = 4_096
    static let linesMax = 128

    private var held: [UInt8] = []
    private var lines: [String] = []

    /// Bytes that belong to no whole reply yet.
    var isEmpty: Bool { held.isEmpty && lines.isEmpty }

    mutating func append(_ bytes: [UInt8]) { held += bytes }

    mutating func next() -> Reading {
        while let end = held.firstIndex(of: UInt8(ascii: "\n")) {
            var line = held[..<end]
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            let parsed = Self.parse(line)
            held.removeSubrange(...end)
            guard let parsed, line.count <= Self.lineByteCountMax, lines.count < Self.linesMax else { return .notSMTP }
            lines.append(parsed.text)
            guard parsed.isLast else { continue }
            defer { lines = [] }
            return .reply(SMTPReply(code: parsed.code, lines: lines))
        }
        return held.count > Self.lineByteCountMax ? .notSMTP : .needsMore
    }

    private static func parse(_ line: ArraySlice<UInt8>) -> (code: Int, isLast: Bool, text: String)? {
        let digits = line.prefix(3)
        guard digits.count == 3, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let code = Int(String(decoding: digits, as: UTF8.self)), (200..<600).contains(code)
        else { return nil }
        let rest = line.dropFirst(3)
        switch rest.first {
        case nil: return (code, true, "")
        case UInt8(ascii: " ")?, UInt8(ascii: "-")?:
            let text = String(decoding: rest.dropFirst(), as: UTF8.self)
            return (code, rest.first == UInt8(ascii: " "), text)
        default: return nil
        }
    }
}
