/// A W3C trace id: 16 bytes, written as 32 lower-case hex digits; all zero is no id (Trace Context, section 3.2.2.3).
public struct TraceID: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    public init?(high: UInt64, low: UInt64) {
        guard high | low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    /// Exactly 32 hex digits of either case.
    public init?(hex: String) {
        let digits = hex.utf8
        guard digits.count == 32,
            let high = parseHex(digits.prefix(16)), let low = parseHex(digits.dropFirst(16))
        else { return nil }
        self.init(high: high, low: low)
    }

    public var hex: String { hexText(high) + hexText(low) }
}

/// A W3C span id: 8 bytes, written as 16 lower-case hex digits; all zero is no id.
public struct SpanID: Hashable, Sendable {
    public var bits: UInt64

    public init?(bits: UInt64) {
        guard bits != 0 else { return nil }
        self.bits = bits
    }

    /// Exactly 16 hex digits of either case.
    public init?(hex: String) {
        guard hex.utf8.count == 16, let bits = parseHex(hex.utf8[...]) else { return nil }
        self.init(bits: bits)
    }

    public var hex: String { hexText(bits) }
}

extension APICall {
    /// Takes trace and span from the request's `traceparent` (W3C Trace Context, section 3.2): its span is the parent of a call that
    /// came in, and the call itself where it goes out. Nothing changes without a valid one.
    public mutating func adoptTraceParent() {
        guard let parent = request.headers.value(of: "traceparent") else { return }
        let fields = parent.split(separator: "-", omittingEmptySubsequences: false)
        guard fields.count >= 4, fields[0].utf8.count == 2, fields[0] != "ff",
            let trace = TraceID(hex: String(fields[1])), let span = SpanID(hex: String(fields[2]))
        else { return }
        traceID = trace
        if direction == .inbound { parentSpanID = span } else { spanID = span }
    }
}

/// Sixteen lower-case hex digits.
public func hexText(_ value: UInt64) -> String {
    String(unsafeUninitializedCapacity: 16) { bytes in
        for position in 0..<16 {
            let digit = UInt8(truncatingIfNeeded: value >> (60 - 4 * UInt64(position))) & 15
            bytes[position] = digit < 10 ? 48 + digit : 87 + digit
        }
        return 16
    }
}

/// Up to 16 hex digits of either case; nil for none, for more, or for anything else.
public func parseHex(_ digits: Substring.UTF8View) -> UInt64? {
    guard !digits.isEmpty, digits.count <= 16 else { return nil }
    var value: UInt64 = 0
    for byte in digits {
        switch byte {
        case 48...57: value = value << 4 | UInt64(byte - 48)
        case 97...102: value = value << 4 | UInt64(byte - 87)
        case 65...70: value = value << 4 | UInt64(byte - 55)
        default: return nil
        }
    }
    return value
}
