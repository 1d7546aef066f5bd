import CallModel
import Documents

extension CallJSONReader {
    /// A name that many calls share, bounded by `Limits.nameByteCountMax`; nil when empty.
    mutating func name(_ value: JSONValue, at pointer: StaticString) throws(CallError) -> String? {
        let utf8 = try boundedText(value, at: pointer, byteCountMax: Limits.nameByteCountMax)
        return utf8.isEmpty ? nil : names.string(utf8)
    }

    /// Text that each call has its own of; nil when empty.
    func text(_ value: JSONValue, at pointer: StaticString, byteCountMax: Int) throws(CallError) -> String? {
        let utf8 = try boundedText(value, at: pointer, byteCountMax: byteCountMax)
        return utf8.isEmpty ? nil : String(decoding: utf8, as: UTF8.self)
    }

    func boundedText(
        _ value: JSONValue, at pointer: StaticString, byteCountMax: Int
    ) throws(CallError) -> UnsafeBufferPointer<UInt8> {
        guard let utf8 = value.utf8 else { throw .expected("a string", found: value, at: pointer) }
        guard utf8.count <= byteCountMax else {
            throw .expected("at most \(byteCountMax) bytes", found: value, at: pointer)
        }
        return utf8
    }

    /// A whole number, also one written as `200.0`.
    func integer(
        _ value: JSONValue, at pointer: StaticString, in range: ClosedRange<Int64>
    ) throws(CallError) -> Int64 {
        let number = value.int64 ?? value.double.flatMap { Int64(exactly: $0) }
        guard let number else { throw .expected("a whole number", found: value, at: pointer) }
        guard range.contains(number) else {
            let bounds =
                range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
            throw CallError(pointer: "\(pointer)", detail: "expected \(bounds), found \(number)")
        }
        return number
    }

    /// Milliseconds, up to the 292 years that nanoseconds reach.
    func duration(_ value: JSONValue, at pointer: StaticString) throws(CallError) -> Duration {
        guard let milliseconds = value.double else { throw .expected("a number", found: value, at: pointer) }
        let nanoseconds = (milliseconds * 1e6).rounded()
        guard nanoseconds >= 0, nanoseconds < 9.2e18 else {
            throw CallError(
                pointer: "\(pointer)", detail: "expected 0 or more and less than 9.2e12, found \(milliseconds)")
        }
        return .nanoseconds(Int64(nanoseconds))
    }

    func direction(_ value: JSONValue) throws(CallError) -> Direction {
        try choice(value, at: "/direction", of: Direction.allCases, name: \.name)
    }

    func source(_ value: JSONValue) throws(CallError) -> CallSource {
        try choice(value, at: "/source", of: CallSource.allCases, name: \.name)
    }

    func failureKind(_ value: JSONValue) throws(CallError) -> FailureKind {
        try choice(value, at: "/error", of: FailureKind.allCases, name: \.name)
    }

    /// The kind of a missing answer stands in `error`; without one it is `other`.
    func outcome(_ value: JSONValue, error: FailureKind?) throws(CallError) -> Outcome {
        // The first of those named `no_answer` stands for all of them.
        let outcome = try choice(value, at: "/outcome", of: Outcome.allCases.prefix(7), name: \.name)
        if case .noAnswer = outcome { return .noAnswer(error ?? .other) }
        return outcome
    }

    func choice<Cases: Collection>(
        _ value: JSONValue, at pointer: StaticString, of cases: Cases, name: (Cases.Element) -> String
    ) throws(CallError) -> Cases.Element {
        guard let utf8 = value.utf8 else { throw .expected("a string", found: value, at: pointer) }
        // Words of at most 15 bytes cost no allocation, and comparing strings is quicker than comparing sequences.
        let word = String(decoding: utf8.prefix(32), as: UTF8.self)
        for candidate in cases where name(candidate) == word { return candidate }
        throw .expected("one of " + cases.map(name).joined(separator: ", "), foundText: utf8, at: pointer)
    }

    /// 32 hex digits; all zero is how some senders say that there is none (W3C Trace Context, section 3.2.2.3).
    func traceID(_ value: JSONValue, at pointer: StaticString) throws(CallError) -> TraceID? {
        guard let utf8 = try hexDigits(value, count: 32, at: pointer) else { return nil }
        guard let high = CallJSONReader.hex(utf8[..<16]), let low = CallJSONReader.hex(utf8[16...]) else {
            throw .expected("32 hex digits", found: value, at: pointer)
        }
        return TraceID(high: high, low: low)
    }

    func spanID(_ value: JSONValue, at pointer: StaticString) throws(CallError) -> SpanID? {
        guard let utf8 = try hexDigits(value, count: 16, at: pointer) else { return nil }
        guard let bits = CallJSONReader.hex(utf8[...]) else {
            throw .expected("16 hex digits", found: value, at: pointer)
        }
        return SpanID(bits: bits)
    }

    private func hexDigits(
        _ value: JSONValue, count: Int, at pointer: StaticString
    ) throws(CallError) -> UnsafeBufferPointer<UInt8>? {
        guard let utf8 = value.utf8, utf8.isEmpty || utf8.count == count else {
            throw .expected("\(count) hex digits", found: value, at: pointer)
        }
        return utf8.isEmpty ? nil : utf8
    }

    private static func hex(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case 48...57: value = value << 4 | UInt64(digit - 48)
            case 97...102: value = value << 4 | UInt64(digit - 87)
            case 65...70: value = value << 4 | UInt64(digit - 55)
            default: return nil
            }
        }
        return value
    }
}
