/// How large a batch may be, for whoever writes or reads one.
public struct BatchLimits: Sendable {
    /// Bytes of the whole, as sent.
    public var byteCountMax = 32 << 20
    /// Bytes of all its parts together, decompressed.
    public var uncompressedByteCountMax = 128 << 20
    public var callCountMax = 65_536
    /// Entries of one string table.
    public var stringCountMax = 131_072
    /// Calls in one payload block: what is decompressed to show one call.
    public static let payloadCallCountMax = 1_000

    public init() {}
}

/// Why bytes are no batch that can be read here.
public enum BatchError: Error, Equatable, CustomStringConvertible {
    /// Written in a version of the format that this program does not know: keep it, a newer one may.
    case unknownVersion(UInt64)
    case malformed(String)
    case tooLarge(String)

    public var description: String {
        switch self {
        case .unknownVersion(let version): "batch version \(version) is not read here"
        case .malformed(let detail): "malformed batch: \(detail)"
        case .tooLarge(let detail): "batch too large: \(detail)"
        }
    }
}
