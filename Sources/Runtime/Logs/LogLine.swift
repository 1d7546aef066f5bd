import Glibc
import Logging

/// Builds the one line of a record.
///
/// What is logged may come from outside. Control characters, line ends and the characters that turn the direction of
/// writing are escaped in every form, so that nobody can write a line of their own or redraw a terminal.
struct LogLine {
    private let byteCountMax: Int
    private var bytes: [UInt8] = []

    init(byteCountMax: Int) { self.byteCountMax = byteCountMax }

    /// The line with its end.
    func finished() -> [UInt8] { bytes + [UInt8(ascii: "\n")] }

    // MARK: JSON

    /// Keys of the record itself; metadata of the same name gets an underscore.
    private static let ownKeys: Set<String> = ["time", "level", "logger", "message", "error"]

    mutating func appendJSON(_ event: LogEvent, label: String, metadata: Logger.Metadata, at time: Int64) {
        append("{\"time\":\"\(utcText(time))\",\"level\":\"\(event.level)\",\"logger\":")
        appendJSONString(label)
        append(",\"message\":")
        appendJSONString("\(event.message)", byteCountMax: byteCountMax / 2)
        if let error = event.error {
            append(",\"error\":")
            appendJSONString("\(error)", byteCountMax: byteCountMax / 8)
        }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            let before = bytes.count
            append(",")
            appendJSONString(Self.ownKeys.contains(key) ? "\(key)_" : key)
            append(":")
            appendJSONValue(value, depth: 0)
            // Whole members are left out rather than broken JSON written.
            guard bytes.count + 32 > byteCountMax else { continue }
            bytes.removeLast(bytes.count - before)
            append(",\"cut\":true")
            break
        }
        append("}")
    }

    private mutating func appendJSONValue(_ value: Logger.MetadataValue, depth: Int) {
        switch value {
        case .string(let text): appendJSONString(text)
        case .stringConvertible(let value): appendJSONScalar(value)
        case .array(let values) where depth < 8:
            append("[")
            for (index, value) in values.enumerated() {
                if index > 0 { append(",") }
                appendJSONValue(value, depth: depth + 1)
            }
            append("]")
        case .dictionary(let members) where depth < 8:
            append("{")
            for (index, (key, value)) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { append(",") }
                appendJSONString(key)
                append(":")
                appendJSONValue(value, depth: depth + 1)
            }
            append("}")
        case .array, .dictionary: appendJSONString("\(value)")
        @unknown default: appendJSONString("\(value)")
        }
    }

    /// Numbers and truth values stay what they are.
    private mutating func appendJSONScalar(_ value: any CustomStringConvertible & Sendable) {
        switch value {
        case let integer as any FixedWidthInteger: append("\(integer)")
        case let double as Double where double.isFinite: append("\(double)")
        case let bool as Bool: append("\(bool)")
        default: appendJSONString(value.description)
        }
    }

    private mutating func appendJSONString(_ text: String, byteCountMax: Int = 4096) {
        append("\"")
        appendEscaped(text, byteCountMax: byteCountMax) { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\t": "\\t"
            // Above the basic plane JSON would need a surrogate pair; what `mustEscape` names there is none.
            default: mustEscape(scalar) ? "\\u" + hexadecimal(scalar.value, digits: 4) : nil
            }
        }
        append("\"")
    }

    // MARK: Text

    mutating func appendText(_ event: LogEvent, label: String, metadata: Logger.Metadata, at time: Int64) {
        append("\(utcText(time)) \("\(event.level)".padded(to: 8)) ")
        appendMessage(event, label, metadata)
    }

    mutating func appendJournal(_ event: LogEvent, label: String, metadata: Logger.Metadata) {
        append("<\(priority(of: event.level))>")
        appendMessage(event, label, metadata)
    }

    private mutating func appendMessage(_ event: LogEvent, _ label: String, _ metadata: Logger.Metadata) {
        appendPlain(label)
        append(": ")
        appendPlain("\(event.message)", byteCountMax: byteCountMax / 2)
        if let error = event.error { appendPair("error", "\(error)") }
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            guard bytes.count + 256 < byteCountMax else {
                append(" …")
                break
            }
            appendPair(key, "\(value)")
        }
    }

    private mutating func appendPair(_ key: String, _ value: String) {
        let needsQuotes = value.isEmpty || value.contains { $0 == " " || $0 == "\"" || $0 == "=" }
        append(" ")
        appendPlain(key)
        append("=")
        guard needsQuotes else { return appendPlain(value, byteCountMax: roomForValue) }
        append("\"")
        appendEscaped(value, byteCountMax: roomForValue) { scalar in
            scalar == "\"" ? "\\\"" : plainEscape(scalar)
        }
        append("\"")
    }

    private var roomForValue: Int { max(0, min(4096, byteCountMax - bytes.count - 64)) }

    private mutating func appendPlain(_ text: String, byteCountMax: Int = 4096) {
        appendEscaped(text, byteCountMax: byteCountMax, plainEscape)
    }

    // MARK: Parts

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Appends at most so many bytes, the escapes included, and `…` where something was left out.
    private mutating func appendEscaped(_ text: String, byteCountMax: Int, _ escape: (Unicode.Scalar) -> String?) {
        let end = bytes.count + byteCountMax
        for scalar in text.unicodeScalars {
            let piece = escape(scalar)
            guard bytes.count + (piece?.utf8.count ?? UTF8.width(scalar)) <= end else { return append("…") }
            if let piece { append(piece) } else { bytes.append(contentsOf: UTF8.encode(scalar)!) }
        }
    }
}

private func plainEscape(_ scalar: Unicode.Scalar) -> String? {
    switch scalar {
    case "\\": "\\\\"
    case "\n": "\\n"
    case "\t": "\\t"
    case "\r": "\\r"
    default: mustEscape(scalar) ? "\\u{\(hexadecimal(scalar.value, digits: 1))}" : nil
    }
}

/// Controls of both sets, the separators that some readers take for line ends, and the marks that reorder text.
private func mustEscape(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
    default: false
    }
}

private func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}

/// syslog(3)'s priorities.
private func priority(of level: Logger.Level) -> Int {
    switch level {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
}

/// RFC 3339 in UTC with milliseconds.
private func utcText(_ nanosecondsSinceEpoch: Int64) -> String {
    var seconds = Int(nanosecondsSinceEpoch / 1_000_000_000)
    var milliseconds = Int(nanosecondsSinceEpoch % 1_000_000_000) / 1_000_000
    if milliseconds < 0 {
        seconds -= 1
        milliseconds += 1000
    }
    var parts = tm()
    gmtime_r(&seconds, &parts)
    let date =
        "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))"
    let time = "\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2))"
    return "\(date)T\(time).\(digits(milliseconds, 3))Z"
}

private func digits(_ value: Int, _ count: Int) -> String {
    let text = "\(value)"
    return String(repeating: "0", count: max(0, count - text.count)) + text
}

extension String {
    fileprivate func padded(to count: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, count - self.count))
    }
}
