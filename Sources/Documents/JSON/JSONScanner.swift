/// A second reader of JSON's grammar (RFC 8259), byte by byte: where simdjson only says no, it says where and why.
///
/// It also serves what needs the text itself rather than values: finding numbers that are too big, taking out white space.
/// It keeps nothing but the stack of open containers, and accepts exactly what simdjson accepts, big numbers aside; the
/// tests compare the two.
struct JSONScanner {
    struct Fault: Equatable {
        var byteOffset: Int
        var detail: String
    }

    enum Outcome: Equatable {
        case valid
        case fault(Fault)
        case tooDeep
    }

    /// Reads a whole document and hands every token to `sink`, also those before a fault.
    static func scan(
        _ text: UnsafeRawBufferPointer, depthMax: Int, into sink: inout some JSONTokenSink
    ) -> Outcome {
        sink.began(text)
        var scanner = JSONScanner(text: text, depthMax: depthMax)
        do throws(Stop) {
            try scanner.document(&sink)
            return .valid
        } catch {
            switch error {
            case .deep: return .tooDeep
            case .at(let offset, let detail): return .fault(Fault(byteOffset: offset, detail: "\(detail)"))
            }
        }
    }

    enum Stop: Error {
        case at(Int, StaticString)
        case deep
    }

    let text: UnsafeRawBufferPointer
    private let depthMax: Int
    var at = 0
    /// The closing bracket of each open container.
    private var closers: [UInt8] = []

    private init(text: UnsafeRawBufferPointer, depthMax: Int) {
        self.text = text
        self.depthMax = depthMax
    }

    private mutating func document(_ sink: inout some JSONTokenSink) throws(Stop) {
        skipSpace()
        guard at < text.count else { throw .at(at, "the document is empty") }
        repeat {
            // Each turn reads one value or opens one container, then closes what ends here.
            if try valueOrOpening(&sink) {
                try key(&sink)
                continue
            }
            while let closer = closers.last {
                skipSpace()
                guard at < text.count else { throw .at(at, "the text ends inside an object or array") }
                if text[at] == closer {
                    closers.removeLast()
                    punctuation(&sink)
                    continue
                }
                guard text[at] == UInt8(ascii: ",") else {
                    throw .at(at, closer == UInt8(ascii: "}") ? "expected , or }" : "expected , or ]")
                }
                punctuation(&sink)
                try key(&sink)
                break
            }
        } while !closers.isEmpty
        skipSpace()
        guard at == text.count else { throw .at(at, "expected the end of the document") }
    }

    /// True when a container with content was opened, false when a value was read to its end.
    private mutating func valueOrOpening(_ sink: inout some JSONTokenSink) throws(Stop) -> Bool {
        skipSpace()
        guard at < text.count else { throw .at(at, "the text ends where a value was expected") }
        let start = at
        switch text[at] {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            let closer = text[at] + 2
            punctuation(&sink)
            skipSpace()
            if at < text.count, text[at] == closer {
                punctuation(&sink)
                return false
            }
            guard closers.count < depthMax else { throw .deep }
            closers.append(closer)
            return true
        case UInt8(ascii: "\""):
            try string()
            sink.token(start..<at, .string)
        case UInt8(ascii: "-"), 48...57:
            try number()
            sink.token(start..<at, .number)
        case UInt8(ascii: "t"): try literal("true", &sink)
        case UInt8(ascii: "f"): try literal("false", &sink)
        case UInt8(ascii: "n"): try literal("null", &sink)
        default: throw .at(at, "expected a value")
        }
        return false
    }

    /// Reads `"key":` where the innermost container is an object; nothing in an array.
    private mutating func key(_ sink: inout some JSONTokenSink) throws(Stop) {
        guard closers.last == UInt8(ascii: "}") else { return }
        skipSpace()
        let start = at
        guard at < text.count, text[at] == UInt8(ascii: "\"") else { throw .at(at, "expected a key in quotes") }
        try string()
        sink.token(start..<at, .string)
        skipSpace()
        guard at < text.count, text[at] == UInt8(ascii: ":") else { throw .at(at, "expected : after a key") }
        punctuation(&sink)
    }

    private mutating func punctuation(_ sink: inout some JSONTokenSink) {
        sink.token(at..<(at + 1), .punctuation)
        at += 1
    }

    private mutating func literal(_ word: StaticString, _ sink: inout some JSONTokenSink) throws(Stop) {
        let start = at
        for position in 0..<word.utf8CodeUnitCount {
            guard at < text.count, text[at] == word.utf8Start[position] else { throw .at(start, "expected a value") }
            at += 1
        }
        sink.token(start..<at, .literal)
    }

    private mutating func skipSpace() {
        while at < text.count {
            switch text[at] {
            case 0x20, 0x0A, 0x0D, 0x09: at += 1
            default: return
            }
        }
    }

    private mutating func digits() throws(Stop) {
        guard at < text.count, text[at] &- 48 < 10 else { throw .at(at, "expected a digit") }
        while at < text.count, text[at] &- 48 < 10 { at += 1 }
    }

    private mutating func number() throws(Stop) {
        if text[at] == UInt8(ascii: "-") { at += 1 }
        if at < text.count, text[at] == UInt8(ascii: "0") {
            at += 1
            guard at == text.count || text[at] &- 48 >= 10 else { throw .at(at, "a number starts with 0") }
        } else {
            try digits()
        }
        if at < text.count, text[at] == UInt8(ascii: ".") {
            at += 1
            try digits()
        }
        guard at < text.count, text[at] | 0x20 == UInt8(ascii: "e") else { return }
        at += 1
        if at < text.count, text[at] == UInt8(ascii: "+") || text[at] == UInt8(ascii: "-") { at += 1 }
        try digits()
    }
}

enum JSONTokenKind {
    case punctuation, string, number, literal
}

protocol JSONTokenSink {
    mutating func began(_ text: UnsafeRawBufferPointer)
    mutating func token(_ range: Range<Int>, _ kind: JSONTokenKind)
}

extension JSONTokenSink {
    mutating func began(_ text: UnsafeRawBufferPointer) {}
}

/// For asking only whether a text is valid.
struct NoTokens: JSONTokenSink {
    mutating func token(_ range: Range<Int>, _ kind: JSONTokenKind) {}
}
