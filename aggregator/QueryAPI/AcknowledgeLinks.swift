import Crypto

/// Links that acknowledge one incident, for messages: whoever got the message may, without a token.
///
/// A link is short, because it stands within the first 300 characters of a message: `/a/` and a token, the incident's
/// number in base 36, a hyphen, and 20 characters of base 32 that are the first 100 bits of HMAC-SHA256 of it under a
/// key that all aggregators of one database share. Guesses are possible online only, each against one incident: 100
/// bits are more than anybody can try, and more than the 80 that RFC 2104, section 5, asks for. A link is good for
/// its incident alone, for as long as the key is; it reads that incident and acknowledges it, nothing else. Following
/// it only shows a page: programs that look into mail follow links, so that a GET never changes anything.
public struct AcknowledgeLinks: Sendable {
    public static let keyByteCount = 32

    private let key: SymmetricKey
    /// Without a slash at its end; nil: no address to give out is set.
    private let publicURL: String?

    /// - Parameters:
    ///   - key: `keyByteCount` random bytes, made once.
    ///   - publicURL: where people reach the API, such as `https://farwatch.example`.
    public init(key: [UInt8], publicURL: String?) {
        self.key = SymmetricKey(data: key)
        self.publicURL = publicURL.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    }

    /// The incident's page; nil without a public address.
    public func incidentURL(_ incident: Int64) -> String? { publicURL.map { "\($0)/incidents/\(incident)" } }

    /// The page that acknowledges it with one press; nil without a public address.
    public func acknowledgeURL(_ incident: Int64) -> String? { publicURL.map { "\($0)/a/\(token(of: incident))" } }

    /// What such a link ends with.
    public func token(of incident: Int64) -> String {
        "\(String(incident, radix: 36))-\(base32(authenticationCode(of: incident)))"
    }

    /// Whose link it is; nil for one that was never given out.
    public func incident(of token: String) -> Int64? {
        let parts = token.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let incident = Int64(parts[0], radix: 36), incident > 0 else { return nil }
        return isEqual(Array(token.utf8), Array(self.token(of: incident).utf8)) ? incident : nil
    }

    /// Says what for, so that no other use of the key can be taken for this one.
    private func authenticationCode(of incident: Int64) -> [UInt8] {
        Array(
            HMAC<SHA256>.authenticationCode(for: Array("acknowledge incident \(incident)".utf8), using: key)
                .prefix(Self.codeByteCount))
    }

    /// 100 bits need twelve and a half.
    private static let codeByteCount = 13
}

/// RFC 4648, section 6, in lower case; the last bits, which fill no character, are let go.
private func base32(_ bytes: [UInt8]) -> String {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
    var (held, heldCount, text) = (UInt32(0), 0, "")
    for byte in bytes {
        held = held << 8 | UInt32(byte)
        heldCount += 8
        while heldCount >= 5 {
            heldCount -= 5
            text.append(alphabet[Int(held >> UInt32(heldCount) & 31)])
        }
        held &= 1 << UInt32(heldCount) - 1
    }
    return text
}

/// In a time that tells nothing of where they differ.
private func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
}
