/// A parameter in PostgreSQL's binary form: a type and its bytes, or null.
///
/// Made by the functions below, one a type; every scalar one takes an optional, so that a missing value is a typed
/// null. Arrays are one-dimensional, for `unnest($1::int8[], …)` and `= any($1)`.
///
/// PostgreSQL cannot hold U+0000 in text. It is replaced by U+FFFD here and in `CopyBuffer` alike, so that what was
/// stored is found again and one odd byte from outside does not fail a whole batch.
public struct PostgresValue: Sendable, Equatable {
    public let type: PostgresType
    /// Nil for null.
    public let bytes: [UInt8]?

    /// Any other type, whose binary form the caller knows.
    public init(type: PostgresType, bytes: [UInt8]?) {
        self.type = type
        self.bytes = bytes
    }

    public static let null = PostgresValue(type: .inferred, bytes: nil)
}

extension PostgresValue {
    public static func bool(_ value: Bool?) -> Self { scalar(.bool, value) }
    public static func int2(_ value: Int16?) -> Self { scalar(.int2, value) }
    public static func int4(_ value: Int32?) -> Self { scalar(.int4, value) }
    public static func int8(_ value: Int64?) -> Self { scalar(.int8, value) }
    public static func float8(_ value: Double?) -> Self { scalar(.float8, value) }
    public static func text(_ value: String?) -> Self { scalar(.text, value) }
    public static func bytea(_ value: [UInt8]?) -> Self { scalar(.bytea, value) }
    public static func uuid(_ value: PostgresUUID?) -> Self { scalar(.uuid, value) }
    /// Microseconds since 1970-01-01T00:00:00Z.
    public static func timestamptz(_ microseconds: Int64?) -> Self {
        scalar(.timestamptz, microseconds.map(TimestampEpoch.serverValue))
    }
    /// JSON text; the server checks it.
    public static func json(_ text: String?) -> Self { scalar(.json, text) }
    /// JSON text; the server checks it and stores it parsed. It refuses `\u0000` inside strings.
    public static func jsonb(_ text: String?) -> Self {
        PostgresValue(type: .jsonb, bytes: text.map { [jsonbVersion] + Array($0.utf8) })
    }

    public static func boolArray(_ values: [Bool]) -> Self { array(.boolArray, of: .bool, values) }
    public static func int2Array(_ values: [Int16]) -> Self { array(.int2Array, of: .int2, values) }
    public static func int2Array(_ values: [Int16?]) -> Self { array(.int2Array, of: .int2, optional: values) }
    public static func int4Array(_ values: [Int32]) -> Self { array(.int4Array, of: .int4, values) }
    public static func int4Array(_ values: [Int32?]) -> Self { array(.int4Array, of: .int4, optional: values) }
    public static func int8Array(_ values: [Int64]) -> Self { array(.int8Array, of: .int8, values) }
    public static func int8Array(_ values: [Int64?]) -> Self { array(.int8Array, of: .int8, optional: values) }
    public static func float8Array(_ values: [Double]) -> Self { array(.float8Array, of: .float8, values) }
    public static func float8Array(_ values: [Double?]) -> Self { array(.float8Array, of: .float8, optional: values) }
    public static func textArray(_ values: [String]) -> Self { array(.textArray, of: .text, values) }
    public static func textArray(_ values: [String?]) -> Self { array(.textArray, of: .text, optional: values) }
    public static func byteaArray(_ values: [[UInt8]]) -> Self { array(.byteaArray, of: .bytea, values) }
    public static func byteaArray(_ values: [[UInt8]?]) -> Self { array(.byteaArray, of: .bytea, optional: values) }
    public static func uuidArray(_ values: [PostgresUUID]) -> Self { array(.uuidArray, of: .uuid, values) }
    public static func uuidArray(_ values: [PostgresUUID?]) -> Self { array(.uuidArray, of: .uuid, optional: values) }
    /// Microseconds since 1970-01-01T00:00:00Z.
    public static func timestamptzArray(_ microseconds: [Int64]) -> Self {
        array(.timestamptzArray, of: .timestamptz, microseconds.map(TimestampEpoch.serverValue))
    }
    /// Microseconds since 1970-01-01T00:00:00Z.
    public static func timestamptzArray(_ microseconds: [Int64?]) -> Self {
        array(.timestamptzArray, of: .timestamptz, optional: microseconds.map { $0.map(TimestampEpoch.serverValue) })
    }
}

/// `jsonb_recv` knows one version of its input.
let jsonbVersion: UInt8 = 1

/// What can be appended in binary form: the scalars above.
protocol BinaryScalar {
    static var byteCountHint: Int { get }
    func appendBinary(to bytes: inout [UInt8])
}

extension PostgresValue {
    private static func scalar(_ type: PostgresType, _ value: (some BinaryScalar)?) -> PostgresValue {
        guard let value else { return PostgresValue(type: type, bytes: nil) }
        var bytes: [UInt8] = []
        value.appendBinary(to: &bytes)
        return PostgresValue(type: type, bytes: bytes)
    }

    private static func array<S: BinaryScalar>(
        _ type: PostgresType, of element: PostgresType, _ values: [S]
    ) -> PostgresValue {
        var bytes = arrayHeader(count: values.count, hasNull: false, element, byteCountHint: S.byteCountHint)
        for value in values { appendElement(value, to: &bytes) }
        return PostgresValue(type: type, bytes: bytes)
    }

    private static func array<S: BinaryScalar>(
        _ type: PostgresType, of element: PostgresType, optional values: [S?]
    ) -> PostgresValue {
        let hasNull = values.contains { $0 == nil }
        var bytes = arrayHeader(count: values.count, hasNull: hasNull, element, byteCountHint: S.byteCountHint)
        for value in values {
            if let value { appendElement(value, to: &bytes) } else { bytes.appendBigEndian(Int32(-1)) }
        }
        return PostgresValue(type: type, bytes: bytes)
    }

    /// Number of dimensions, whether there are nulls, the element's type; then length and lower bound of the one
    /// dimension. An empty array has no dimension at all (`array_send` in PostgreSQL's arrayfuncs.c).
    private static func arrayHeader(
        count: Int, hasNull: Bool, _ element: PostgresType, byteCountHint: Int
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + count * (4 + byteCountHint))
        bytes.appendBigEndian(Int32(count == 0 ? 0 : 1))
        bytes.appendBigEndian(Int32(hasNull ? 1 : 0))
        bytes.appendBigEndian(element.rawValue)
        if count > 0 {
            bytes.appendBigEndian(Int32(clamping: count))
            bytes.appendBigEndian(Int32(1))
        }
        return bytes
    }

    private static func appendElement(_ value: some BinaryScalar, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.appendBigEndian(Int32(0))
        value.appendBinary(to: &bytes)
        let byteCount = UInt32(clamping: bytes.count - start - 4)
        for offset in 0..<4 { bytes[start + offset] = UInt8(truncatingIfNeeded: byteCount >> (24 - 8 * offset)) }
    }
}

extension [UInt8] {
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}

extension BinaryScalar where Self: FixedWidthInteger {
    static var byteCountHint: Int { bitWidth / 8 }
    func appendBinary(to bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
}
extension Int16: BinaryScalar {}
extension Int32: BinaryScalar {}
extension Int64: BinaryScalar {}

extension Bool: BinaryScalar {
    static var byteCountHint: Int { 1 }
    func appendBinary(to bytes: inout [UInt8]) { bytes.append(self ? 1 : 0) }
}

extension Double: BinaryScalar {
    static var byteCountHint: Int { 8 }
    func appendBinary(to bytes: inout [UInt8]) { bytes.appendBigEndian(bitPattern) }
}

extension PostgresUUID: BinaryScalar {
    static var byteCountHint: Int { 16 }
    func appendBinary(to bytes: inout [UInt8]) {
        bytes.appendBigEndian(high)
        bytes.appendBigEndian(low)
    }
}

extension [UInt8]: BinaryScalar {
    static var byteCountHint: Int { 32 }
    func appendBinary(to bytes: inout [UInt8]) { bytes.append(contentsOf: self) }
}

extension String: BinaryScalar {
    static var byteCountHint: Int { 16 }
    func appendBinary(to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: utf8)
        guard bytes[start...].contains(0) else { return }
        bytes.removeSubrange(start...)
        for byte in utf8 { byte == 0 ? bytes.append(contentsOf: replacementCharacter) : bytes.append(byte) }
    }
}

/// U+FFFD in UTF-8.
let replacementCharacter: [UInt8] = [0xEF, 0xBF, 0xBD]
