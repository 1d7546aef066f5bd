import Crypto
import Transport

/// Signs bodies by the Standard Webhooks specification 1.0: receivers check them with ready libraries.
public struct StandardWebhook: Sendable {
    /// The bytes behind `whsec_…`.
    public struct Key: Sendable {
        let bytes: [UInt8]

        /// `whsec_` and 24 to 64 bytes in base64, as the specification writes secrets; the prefix may be left out.
        public init?(_ text: String) {
            let digits = text.hasPrefix("whsec_") ? text.dropFirst(6) : text[...]
            guard let bytes = base64Decoded(digits), (24...64).contains(bytes.count) else { return nil }
            self.bytes = bytes
        }
    }

    /// Several while a secret is being replaced: the receiver accepts a message when one of the signatures is right.
    private let keys: [Key]

    public init(_ keys: [Key]) { self.keys = keys }

    /// - Parameters:
    ///   - id: the same for every attempt.
    ///   - timestamp: of this attempt, in seconds since the epoch.
    public func headers(id: String, timestamp: Int64, body: [UInt8]) -> Headers {
        var headers: Headers = ["webhook-id": id, "webhook-timestamp": "\(timestamp)"]
        let signatures = keys.map { key in
            let content = Array("\(id).\(timestamp).".utf8) + body
            let code = HMAC<SHA256>.authenticationCode(for: content, using: SymmetricKey(data: key.bytes))
            return "v1," + base64(Array(code))
        }
        if !signatures.isEmpty { headers.add("webhook-signature", signatures.joined(separator: " ")) }
        return headers
    }
}

/// RFC 4648, section 4, with its padding or without; nil for anything else.
func base64Decoded(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var (bits, bitCount): (UInt32, Int) = (0, 0)
    let digits = text.utf8.reversed().drop { $0 == UInt8(ascii: "=") }.reversed()
    guard text.utf8.count - digits.count <= 2, digits.count % 4 != 1 else { return nil }
    for digit in digits {
        let value: UInt8
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = digit - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): value = digit - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): value = 62
        case UInt8(ascii: "/"): value = 63
        default: return nil
        }
        bits = bits << 6 | UInt32(value)
        bitCount += 6
        if bitCount >= 8 {
            bitCount -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
        }
    }
    return bytes
}
