/// A type by the number PostgreSQL gives it (`pg_type.oid`); those below are fixed for good.
public struct PostgresType: RawRepresentable, Sendable, Hashable {
    public var rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }
    init(_ rawValue: UInt32) { self.rawValue = rawValue }

    /// Lets the server choose by the place the value stands in.
    public static let inferred = PostgresType(0)
    public static let bool = PostgresType(16)
    public static let bytea = PostgresType(17)
    public static let name = PostgresType(19)
    public static let int8 = PostgresType(20)
    public static let int2 = PostgresType(21)
    public static let int4 = PostgresType(23)
    public static let text = PostgresType(25)
    public static let oid = PostgresType(26)
    public static let json = PostgresType(114)
    public static let float4 = PostgresType(700)
    public static let float8 = PostgresType(701)
    public static let unknown = PostgresType(705)
    public static let bpchar = PostgresType(1042)
    public static let varchar = PostgresType(1043)
    public static let timestamptz = PostgresType(1184)
    public static let numeric = PostgresType(1700)
    public static let uuid = PostgresType(2950)
    public static let jsonb = PostgresType(3802)

    public static let boolArray = PostgresType(1000)
    public static let byteaArray = PostgresType(1001)
    public static let int2Array = PostgresType(1005)
    public static let int4Array = PostgresType(1007)
    public static let textArray = PostgresType(1009)
    public static let int8Array = PostgresType(1016)
    public static let float8Array = PostgresType(1022)
    public static let timestamptzArray = PostgresType(1185)
    public static let uuidArray = PostgresType(2951)

    /// Types made by users and extensions have numbers from here on (`FirstNormalObjectId`). Enumerations are among
    /// them, and their binary form is text.
    var isUserDefined: Bool { rawValue >= 16_384 }
}

/// A UUID as PostgreSQL sends it: sixteen bytes, most significant first.
public struct PostgresUUID: Sendable, Hashable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

extension PostgresUUID: LosslessStringConvertible {
    /// 32 hexadecimal digits, with or without hyphens.
    public init?(_ description: String) {
        var digits = description.utf8.filter { $0 != UInt8(ascii: "-") }[...]
        guard digits.count == 32, digits.allSatisfy({ $0 != UInt8(ascii: "+") }) else { return nil }
        guard let high = UInt64(String(decoding: digits.prefix(16), as: UTF8.self), radix: 16) else { return nil }
        digits = digits.dropFirst(16)
        guard let low = UInt64(String(decoding: digits, as: UTF8.self), radix: 16) else { return nil }
        self.init(high: high, low: low)
    }

    public var description: String {
        let digits = Array((hexadecimal(high) + hexadecimal(low)).utf8)
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return groups.map { String(decoding: digits[$0], as: UTF8.self) }.joined(separator: "-")
    }
}

private func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}

/// PostgreSQL counts microseconds from 2000-01-01; callers count them from 1970-01-01. `Int64.min` and `.max` stand for
/// `-infinity` and `infinity` on both sides; what does not fit becomes one of them instead of wrapping around.
@usableFromInline
enum TimestampEpoch {
    @usableFromInline static let offset: Int64 = 946_684_800_000_000

    @inlinable
    static func serverValue(fromUnix microseconds: Int64) -> Int64 {
        if microseconds == .max { return .max }
        let (value, overflow) = microseconds.subtractingReportingOverflow(offset)
        return overflow ? .min : value
    }

    static func unixValue(fromServer microseconds: Int64) -> Int64 {
        if microseconds == .min { return .min }
        let (value, overflow) = microseconds.addingReportingOverflow(offset)
        return overflow ? .max : value
    }
}
