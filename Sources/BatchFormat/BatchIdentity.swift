import CallModel

/// What makes a batch the same batch wherever and however often it arrives.
///
/// The spool's id is random and made with the spool, so that a reinstalled or cloned host never collides with itself.
public struct BatchIdentity: Hashable, Sendable {
    /// At most `agentIDByteCountMax` bytes of printable ASCII.
    public var agentID: String
    public var spoolID: SpoolID
    /// Counts up from 1 within the spool; never used twice.
    public var sequence: UInt64

    public static let agentIDByteCountMax = 128

    public init(agentID: String, spoolID: SpoolID, sequence: UInt64) {
        self.agentID = agentID
        self.spoolID = spoolID
        self.sequence = sequence
    }
}

/// 128 random bits that name one spool.
public struct SpoolID: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public init(using generator: inout some RandomNumberGenerator) {
        self.init(high: generator.next(), low: generator.next())
    }

    /// Exactly 32 hex digits.
    public init?(hex: String) {
        let digits = hex.utf8
        guard digits.count == 32, let high = parseHex(digits.prefix(16)), let low = parseHex(digits.dropFirst(16))
        else { return nil }
        self.init(high: high, low: low)
    }

    public var hex: String { hexText(high) + hexText(low) }
}
