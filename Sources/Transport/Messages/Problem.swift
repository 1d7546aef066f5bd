import NIOCore

/// A problem document, `application/problem+json` (RFC 9457): what went wrong, for programs and people alike.
public struct Problem: Sendable, Equatable {
    /// One of several faults in a request: where (RFC 6901) and what.
    public struct Item: Sendable, Equatable {
        public var pointer: String
        public var detail: String

        public init(pointer: String, detail: String) {
            self.pointer = pointer
            self.detail = detail
        }
    }

    public enum Value: Sendable, Equatable {
        case string(String)
        case integer(Int)
        case bool(Bool)
    }

    /// A URI; `about:blank` when the status says it all.
    public var type = "about:blank"
    public var status: Int
    /// The same for every occurrence.
    public var title: String
    /// Of this occurrence.
    public var detail: String?
    public var errors: [Item] = []
    /// Further members of the document; names must not be those above.
    public var extensions: [(name: String, value: Value)] = []

    public init(status: Int, title: String, detail: String? = nil) {
        self.status = status
        self.title = title
        self.detail = detail
    }

    public func response() -> Response {
        Response(
            status: status, headers: ["content-type": "application/problem+json"], body: ByteBuffer(bytes: document()))
    }

    public func document() -> [UInt8] {
        var json: [UInt8] = Array("{\"type\":".utf8)
        json.appendQuoted(type)
        json += ",\"title\":".utf8
        json.appendQuoted(title)
        json += ",\"status\":\(status)".utf8
        if let detail {
            json += ",\"detail\":".utf8
            json.appendQuoted(detail)
        }
        if !errors.isEmpty { appendErrors(to: &json) }
        for (name, value) in extensions {
            json += ",".utf8
            json.appendQuoted(name)
            json += ":".utf8
            switch value {
            case .string(let text): json.appendQuoted(text)
            case .integer(let number): json += "\(number)".utf8
            case .bool(let bool): json += "\(bool)".utf8
            }
        }
        json += "}".utf8
        return json
    }

    private func appendErrors(to json: inout [UInt8]) {
        json += ",\"errors\":[".utf8
        for (index, item) in errors.enumerated() {
            json += (index == 0 ? "{\"pointer\":" : ",{\"pointer\":").utf8
            json.appendQuoted(item.pointer)
            json += ",\"detail\":".utf8
            json.appendQuoted(item.detail)
            json += "}".utf8
        }
        json += "]".utf8
    }

    public static func == (one: Problem, other: Problem) -> Bool {
        one.document() == other.document()
    }
}

extension [UInt8] {
    /// A JSON string (RFC 8259, section 7). `Transport` may not import `Documents`, and needs no more of JSON than this.
    fileprivate mutating func appendQuoted(_ text: String) {
        append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(contentsOf: [UInt8(ascii: "\\"), byte])
            case 0..<32:
                let digits = Array("0123456789abcdef".utf8)
                append(contentsOf: "\\u00".utf8)
                append(digits[Int(byte >> 4)])
                append(digits[Int(byte & 15)])
            default: append(byte)
            }
        }
        append(UInt8(ascii: "\""))
    }
}
