/// Writes protobuf, for the tests alone: fields in the order they are added.
struct Message {
    var bytes: [UInt8] = []

    func adding(_ number: UInt64, varint value: UInt64) -> Message {
        Message(bytes: bytes + encoded(number << 3) + encoded(value))
    }

    func adding(_ number: UInt64, fixed64 value: UInt64) -> Message {
        Message(bytes: bytes + encoded(number << 3 | 1) + withUnsafeBytes(of: value.littleEndian) { Array($0) })
    }

    func adding(_ number: UInt64, bytes value: [UInt8]) -> Message {
        Message(bytes: bytes + encoded(number << 3 | 2) + encoded(UInt64(value.count)) + value)
    }

    func adding(_ number: UInt64, text: String) -> Message { adding(number, bytes: Array(text.utf8)) }

    func adding(_ number: UInt64, _ message: Message) -> Message { adding(number, bytes: message.bytes) }

    private func encoded(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}

/// The value of an attribute.
enum Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    case text(String)
    case integer(Int64)
    case double(Double)
    case texts([String])

    init(stringLiteral value: String) { self = .text(value) }
    init(integerLiteral value: Int64) { self = .integer(value) }
    init(floatLiteral value: Double) { self = .double(value) }

    var message: Message {
        switch self {
        case .text(let text): Message().adding(1, text: text)
        case .integer(let number): Message().adding(3, varint: UInt64(bitPattern: number))
        case .double(let number): Message().adding(4, fixed64: number.bitPattern)
        case .texts(let texts):
            Message().adding(5, texts.reduce(Message()) { $0.adding(1, Message().adding(1, text: $1)) })
        }
    }
}

typealias Attributes = KeyValuePairs<String, Value>

/// A span in the making; the defaults are those of a client's HTTP span that went well.
struct SpanSketch {
    var kind: UInt64 = 3
    var startNs: UInt64 = 1_795_494_000_000_000_000
    var endNs: UInt64 = 1_795_494_000_250_000_000
    var traceState: String?
    var statusCode: UInt64?
    var statusMessage: String?
    var exception: (type: String, message: String)?
    var attributes: [(String, Value)]

    init(_ attributes: Attributes) {
        self.attributes = attributes.map { ($0.key, $0.value) }
    }

    static func server(_ attributes: Attributes) -> SpanSketch {
        var span = SpanSketch(attributes)
        span.kind = 2
        return span
    }

    var message: Message {
        var message = Message()
            .adding(1, bytes: Array(1...16)).adding(2, bytes: Array(21...28)).adding(4, bytes: Array(31...38))
            .adding(5, text: "a span").adding(6, varint: kind)
            .adding(7, fixed64: startNs).adding(8, fixed64: endNs)
        if let traceState { message = message.adding(3, text: traceState) }
        for (key, value) in attributes { message = message.adding(9, keyValue(key, value)) }
        if let exception {
            let event = Message().adding(1, fixed64: endNs).adding(2, text: "exception")
                .adding(3, keyValue("exception.type", .text(exception.type)))
                .adding(3, keyValue("exception.message", .text(exception.message)))
            message = message.adding(11, event)
        }
        if statusCode != nil || statusMessage != nil {
            message = message.adding(
                15, Message().adding(2, text: statusMessage ?? "").adding(3, varint: statusCode ?? 0))
        }
        return message
    }
}

func keyValue(_ key: String, _ value: Value) -> Message {
    Message().adding(1, text: key).adding(2, value.message)
}

/// An export of spans of one resource.
func export(_ spans: [SpanSketch], resource: Attributes = [:]) -> [UInt8] {
    let resourceMessage = resource.reduce(Message()) { $0.adding(1, keyValue($1.key, $1.value)) }
    let scope = spans.reduce(Message().adding(1, Message().adding(1, text: "a scope"))) { $0.adding(2, $1.message) }
    return Message().adding(1, Message().adding(1, resourceMessage).adding(2, scope)).bytes
}
