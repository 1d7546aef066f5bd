import Crypto

/// Links that acknowledge one incident, for messages: whoever got the message may, without a token.
///
/// A link carries HMAC-SHA256 of the incident's id under a key that all aggregators of one database share. It is good for
/// that incident alone, for as long as the key is; it reads that incident and acknowledges it, nothing else. Following it only
/// shows a page: programs that look into mail follow links, so that a GET never changes anything.
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
    public func acknowledgeURL(_ incident: Int64) -> String? {
        incidentURL(incident).map { "\($0)/acknowledge?key=\(linkKey(incident))" }
    }

    /// What such a link carries: 64 hex digits.
    public func linkKey(_ incident: Int64) -> String {
        HMAC<SHA256>.authenticationCode(for: Self.message(incident), using: key).map { hexByte($0) }.joined()
    }

    /// Compares in constant time: how long it takes tells nothing of the right one.
    public func isRight(_ linkKey: String, _ incident: Int64) -> Bool {
        guard let code = bytes(hex: linkKey) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Self.message(incident), using: key)
    }

    /// Says what for, so that no other use of the key can be taken for this one.
    private static func message(_ incident: Int64) -> [UInt8] { Array("acknowledge incident \(incident)".utf8) }
}

private func hexByte(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

private func bytes(hex: String) -> [UInt8]? {
    let digits = Array(hex.utf8)
    guard digits.count == 2 * SHA256.byteCount else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
        guard let byte = UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) else {
            return nil
        }
        bytes.append(byte)
    }
    return bytes
}
