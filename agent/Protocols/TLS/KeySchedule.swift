import Crypto

/// Keys from secrets: the expansions of TLS 1.3 and of its predecessors, made of the library's HKDF and HMAC.
enum KeySchedule {
    /// HKDF-Expand-Label with an empty context (RFC 8446, section 7.1).
    static func expand(_ secret: [UInt8], label: String, byteCount: Int, _ digest: CipherSuite.Digest) -> [UInt8] {
        let label = Array("tls13 \(label)".utf8)
        let info =
            [UInt8(truncatingIfNeeded: byteCount >> 8), UInt8(truncatingIfNeeded: byteCount), UInt8(label.count)]
            + label + [0]
        let key =
            switch digest {
            case .sha1, .sha256: HKDF<SHA256>.expand(pseudoRandomKey: secret, info: info, outputByteCount: byteCount)
            case .sha384: HKDF<SHA384>.expand(pseudoRandomKey: secret, info: info, outputByteCount: byteCount)
            }
        return key.withUnsafeBytes { Array($0) }
    }

    /// The traffic secret after a key update (RFC 8446, section 7.2).
    static func updated(_ secret: [UInt8], _ digest: CipherSuite.Digest) -> [UInt8] {
        expand(secret, label: "traffic upd", byteCount: secret.count, digest)
    }

    /// The master secret of a handshake without RFC 7627 (RFC 5246, section 8.1).
    static func master(
        premaster: [UInt8], clientRandom: [UInt8], serverRandom: [UInt8], version: UInt16, _ digest: CipherSuite.Digest
    ) -> [UInt8] {
        pseudorandom(
            premaster, Array("master secret".utf8) + clientRandom + serverRandom, 48, version: version, digest)
    }

    /// The key block of TLS 1.2 (RFC 5246, section 6.3) and of 1.0 and 1.1 (RFC 2246, section 6.3).
    static func keyBlock(
        master: [UInt8], clientRandom: [UInt8], serverRandom: [UInt8], byteCount: Int, version: UInt16,
        _ digest: CipherSuite.Digest
    ) -> [UInt8] {
        pseudorandom(
            master, Array("key expansion".utf8) + serverRandom + clientRandom, byteCount, version: version, digest)
    }

    private static func pseudorandom(
        _ secret: [UInt8], _ seed: [UInt8], _ byteCount: Int, version: UInt16, _ digest: CipherSuite.Digest
    ) -> [UInt8] {
        guard version < 0x0303 else {
            return digest == .sha384
                ? stretch(secret, seed, byteCount, SHA384.self) : stretch(secret, seed, byteCount, SHA256.self)
        }
        // The two halves of the secret share a byte if their number is odd (RFC 2246, section 5).
        let half = (secret.count + 1) / 2
        let left = stretch(Array(secret.prefix(half)), seed, byteCount, Insecure.MD5.self)
        let right = stretch(Array(secret.suffix(half)), seed, byteCount, Insecure.SHA1.self)
        return zip(left, right).map { $0 ^ $1 }
    }

    /// P_hash (RFC 5246, section 5).
    private static func stretch<Hash: HashFunction>(
        _ secret: [UInt8], _ seed: [UInt8], _ byteCount: Int, _: Hash.Type
    ) -> [UInt8] {
        let key = SymmetricKey(data: secret)
        var result: [UInt8] = []
        var chain = seed
        while result.count < byteCount {
            chain = Array(HMAC<Hash>.authenticationCode(for: chain, using: key))
            result += HMAC<Hash>.authenticationCode(for: chain + seed, using: key)
        }
        return Array(result.prefix(byteCount))
    }
}
