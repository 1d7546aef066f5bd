import Crypto
import CryptoExtras
import Testing

/// The writing side of TLS records, made for tests from the RFCs and not from the code under test.
///
/// Handshakes are not negotiated: a test chooses the secrets, writes them into a key log and seals with what follows from them.
enum Hash {
    case sha1, sha256, sha384

    func hmac(_ key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
        let key = SymmetricKey(data: key)
        return switch self {
        case .sha1: Array(HMAC<Insecure.SHA1>.authenticationCode(for: bytes, using: key))
        case .sha256: Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key))
        case .sha384: Array(HMAC<SHA384>.authenticationCode(for: bytes, using: key))
        }
    }

    var byteCount: Int { self == .sha1 ? 20 : self == .sha256 ? 32 : 48 }
}

enum Aead: Equatable {
    case gcm, chaCha
    case ccm(tagByteCount: Int)

    var tagByteCount: Int { if case .ccm(let count) = self { count } else { 16 } }
    /// Whether each record of TLS 1.2 carries a part of its nonce.
    var hasExplicitNonce: Bool { self != .chaCha }
}

struct Suite: Sendable, CustomTestStringConvertible {
    var number: UInt16
    var version: UInt16
    var hash: Hash
    var aead: Aead?
    var keyByteCount: Int
    /// Of a CBC suite.
    var mac: Hash?
    var encryptThenMAC = false

    var testDescription: String { "0x\(String(number, radix: 16)) of 0x\(String(version, radix: 16))" }

    static let modern = [
        Suite(number: 0x1301, version: 0x0304, hash: .sha256, aead: .gcm, keyByteCount: 16),
        Suite(number: 0x1302, version: 0x0304, hash: .sha384, aead: .gcm, keyByteCount: 32),
        Suite(number: 0x1303, version: 0x0304, hash: .sha256, aead: .chaCha, keyByteCount: 32),
        Suite(number: 0x1304, version: 0x0304, hash: .sha256, aead: .ccm(tagByteCount: 16), keyByteCount: 16),
        Suite(number: 0x1305, version: 0x0304, hash: .sha256, aead: .ccm(tagByteCount: 8), keyByteCount: 16),
    ]

    static let legacy = [
        Suite(number: 0xc02f, version: 0x0303, hash: .sha256, aead: .gcm, keyByteCount: 16),
        Suite(number: 0x009d, version: 0x0303, hash: .sha384, aead: .gcm, keyByteCount: 32),
        Suite(number: 0xcca8, version: 0x0303, hash: .sha256, aead: .chaCha, keyByteCount: 32),
        Suite(number: 0xc0ac, version: 0x0303, hash: .sha256, aead: .ccm(tagByteCount: 16), keyByteCount: 16),
        Suite(number: 0xc0a1, version: 0x0303, hash: .sha256, aead: .ccm(tagByteCount: 8), keyByteCount: 32),
        Suite(number: 0x002f, version: 0x0303, hash: .sha256, keyByteCount: 16, mac: .sha1),
        Suite(number: 0xc027, version: 0x0303, hash: .sha256, keyByteCount: 16, mac: .sha256),
        Suite(number: 0x003d, version: 0x0303, hash: .sha256, keyByteCount: 32, mac: .sha256, encryptThenMAC: true),
        Suite(number: 0xc028, version: 0x0303, hash: .sha384, keyByteCount: 32, mac: .sha384),
        Suite(number: 0xc014, version: 0x0302, hash: .sha256, keyByteCount: 32, mac: .sha1),
        Suite(number: 0x002f, version: 0x0301, hash: .sha256, keyByteCount: 16, mac: .sha1),
        Suite(number: 0x002f, version: 0x0301, hash: .sha256, keyByteCount: 16, mac: .sha1, encryptThenMAC: true),
    ]
}

func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.bigEndian, Array.init) }

func record(_ type: UInt8, _ fragment: [UInt8], version: UInt16 = 0x0303) -> [UInt8] {
    [type] + bigEndian(version) + bigEndian(UInt16(fragment.count)) + fragment
}

/// HKDF-Expand of RFC 5869, section 2.3, with the label of RFC 8446, section 7.1.
func expandLabel(_ secret: [UInt8], _ label: String, _ byteCount: Int, _ hash: Hash) -> [UInt8] {
    let name = Array("tls13 \(label)".utf8)
    let info = bigEndian(UInt16(byteCount)) + [UInt8(name.count)] + name + [0]
    var (result, block): ([UInt8], [UInt8]) = ([], [])
    for counter: UInt8 in 1... where result.count < byteCount {
        block = hash.hmac(secret, block + info + [counter])
        result += block
        if result.count >= byteCount { break }
    }
    return Array(result.prefix(byteCount))
}

/// AES-CCM from RFC 3610, of nothing but single blocks of AES.
struct CCM {
    var key: [UInt8]
    var nonce: [UInt8]
    var tagByteCount: Int

    func seal(_ content: [UInt8], _ additional: [UInt8]) -> [UInt8] {
        // Section 2.2: flags, nonce and length, then the additional data behind its own length, then the content.
        let flags = UInt8(64 + (tagByteCount - 2) / 2 * 8 + 2)
        let first = [flags] + nonce + bigEndian(UInt32(content.count)).dropFirst()
        let counted = first + padded(bigEndian(UInt16(additional.count)) + additional) + padded(content)
        var mac = [UInt8](repeating: 0, count: 16)
        for start in stride(from: 0, to: counted.count, by: 16) {
            mac = encrypt(zip(mac, counted[start..<start + 16]).map { $0 ^ $1 })
        }
        // Section 2.3: block 0 of the key stream is the tag's, the others are the content's.
        let stream = (1..<content.count / 16 + 2).flatMap(block)
        return zip(content, stream).map { $0 ^ $1 } + zip(mac, block(0)).map { $0 ^ $1 }.prefix(tagByteCount)
    }

    private func padded(_ bytes: [UInt8]) -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: (16 - bytes.count % 16) % 16)
    }

    private func block(_ number: Int) -> [UInt8] { encrypt([2] + nonce + bigEndian(UInt32(number)).dropFirst()) }

    private func encrypt(_ block: [UInt8]) -> [UInt8] {
        // One block without a vector is the cipher itself; key and vector have the right lengths.
        Array(
            try! AES._CBC.encrypt(
                block, using: SymmetricKey(data: key),
                iv: AES._CBC.IV(ivBytes: [UInt8](repeating: 0, count: 16)), noPadding: true))
    }
}

/// Seals records of one direction.
struct Sealer {
    var suite: Suite
    var key: [UInt8]
    var iv: [UInt8]
    var macKey: [UInt8] = []
    var sequence: UInt64 = 0

    /// TLS 1.3.
    init(secret: [UInt8], _ suite: Suite) {
        self.suite = suite
        key = expandLabel(secret, "key", suite.keyByteCount, suite.hash)
        iv = expandLabel(secret, "iv", 12, suite.hash)
    }

    /// The PRF of RFC 5246, section 5, and of RFC 2246, section 5, for a secret of 48 bytes.
    static func pseudorandom(_ secret: [UInt8], _ seed: [UInt8], _ byteCount: Int, _ suite: Suite) -> [UInt8] {
        guard suite.version < 0x0303 else { return stretch(secret, seed, byteCount) { suite.hash.hmac($0, $1) } }
        let left = stretch(Array(secret[..<24]), seed, byteCount) {
            Array(HMAC<Insecure.MD5>.authenticationCode(for: $1, using: SymmetricKey(data: $0)))
        }
        let right = stretch(Array(secret[24...]), seed, byteCount) { Hash.sha1.hmac($0, $1) }
        return zip(left, right).map { $0 ^ $1 }
    }

    /// TLS 1.2 and older: the client's and the server's.
    static func pair(master: [UInt8], _ clientRandom: [UInt8], _ serverRandom: [UInt8], _ suite: Suite) -> (
        Sealer, Sealer
    ) {
        let macBytes = suite.mac?.byteCount ?? 0
        let ivBytes = suite.aead.map { $0.hasExplicitNonce ? 4 : 12 } ?? (suite.version == 0x0301 ? 16 : 0)
        let total = 2 * (macBytes + suite.keyByteCount + ivBytes)
        let block = pseudorandom(master, Array("key expansion".utf8) + serverRandom + clientRandom, total, suite)
        func make(_ side: Int) -> Sealer {
            let keys = 2 * macBytes
            let ivs = keys + 2 * suite.keyByteCount
            return Sealer(
                suite, key: Array(block[(keys + side * suite.keyByteCount)...].prefix(suite.keyByteCount)),
                iv: Array(block[(ivs + side * ivBytes)...].prefix(ivBytes)),
                mac: Array(block[(side * macBytes)...].prefix(macBytes)))
        }
        return (make(0), make(1))
    }

    private init(_ suite: Suite, key: [UInt8], iv: [UInt8], mac: [UInt8]) {
        (self.suite, self.key, self.iv, macKey) = (suite, key, iv, mac)
    }

    private static func stretch(
        _ secret: [UInt8], _ seed: [UInt8], _ byteCount: Int, _ hmac: ([UInt8], [UInt8]) -> [UInt8]
    ) -> [UInt8] {
        var (result, chain): ([UInt8], [UInt8]) = ([], seed)
        while result.count < byteCount {
            chain = hmac(secret, chain)
            result += hmac(secret, chain + seed)
        }
        return Array(result.prefix(byteCount))
    }

    mutating func seal(_ type: UInt8, _ content: [UInt8], padding: Int = 0) -> [UInt8] {
        defer { sequence += 1 }
        if suite.version == 0x0304 {
            let inner = content + [type] + [UInt8](repeating: 0, count: padding)
            let header: [UInt8] = [23, 3, 3] + bigEndian(UInt16(inner.count + (suite.aead?.tagByteCount ?? 0)))
            return header + aead(inner, nonce: xored, header)
        }
        let header: [UInt8] = [type] + bigEndian(suite.version)
        let counted = bigEndian(sequence) + header
        if let mode = suite.aead {
            let explicit = mode.hasExplicitNonce ? bigEndian(sequence) : []
            let sealed = aead(
                content, nonce: mode.hasExplicitNonce ? iv + explicit : xored,
                counted + bigEndian(UInt16(content.count)))
            return record(type, explicit + sealed, version: suite.version)
        }
        return record(type, block(content, counted), version: suite.version)
    }

    private var xored: [UInt8] {
        zip(iv, [0, 0, 0, 0] + bigEndian(sequence)).map { $0 ^ $1 }
    }

    private func aead(_ content: [UInt8], nonce: [UInt8], _ additional: [UInt8]) -> [UInt8] {
        if case .ccm(let tagByteCount) = suite.aead {
            return CCM(key: key, nonce: nonce, tagByteCount: tagByteCount).seal(content, additional)
        }
        let key = SymmetricKey(data: key)
        // A test's own keys and nonces have the right lengths.
        if suite.aead == .gcm {
            let box = try! AES.GCM.seal(
                content, using: key, nonce: AES.GCM.Nonce(data: nonce), authenticating: additional)
            return Array(box.ciphertext) + Array(box.tag)
        }
        let box = try! ChaChaPoly.seal(
            content, using: key, nonce: ChaChaPoly.Nonce(data: nonce), authenticating: additional)
        return Array(box.ciphertext) + Array(box.tag)
    }

    private mutating func block(_ content: [UInt8], _ counted: [UInt8]) -> [UInt8] {
        let mac = suite.mac!
        var plain = content
        if !suite.encryptThenMAC { plain += mac.hmac(macKey, counted + bigEndian(UInt16(content.count)) + content) }
        let padding = UInt8(15 - plain.count % 16)
        plain += [UInt8](repeating: padding, count: Int(padding) + 1)
        let isChained = suite.version == 0x0301
        let vector = isChained ? iv : (0..<16).map { UInt8(truncatingIfNeeded: $0 &* 17 &+ Int(sequence)) }
        let sealed = Array(
            try! AES._CBC.encrypt(
                plain, using: SymmetricKey(data: key), iv: AES._CBC.IV(ivBytes: vector), noPadding: true))
        if isChained { iv = Array(sealed.suffix(16)) }
        let fragment = (isChained ? [] : vector) + sealed
        guard suite.encryptThenMAC else { return fragment }
        return fragment + mac.hmac(macKey, counted + bigEndian(UInt16(fragment.count)) + fragment)
    }
}
