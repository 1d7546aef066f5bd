import CLibcrypto
import Crypto
import CryptoExtras

/// Opens the records of one direction under one key.
///
/// Nothing is handed out that its authentication does not confirm, so a wrong secret or a lost record yields no bytes rather than
/// wrong ones. A record lost shifts the number that later ones are authenticated with: `openSearching` finds it again.
struct RecordCipher {
    private enum Keys {
        case aesGCM(SymmetricKey, salt: [UInt8])
        case aesCCM([UInt8], salt: [UInt8], tagByteCount: Int)
        case chaCha20Poly1305(SymmetricKey, salt: [UInt8])
        case aesCBC(SymmetricKey, mac: SymmetricKey, CipherSuite.Digest, encryptThenMAC: Bool, chainedIV: [UInt8]?)
    }

    private var keys: Keys
    private let isTLS13: Bool
    private(set) var sequence: UInt64 = 0

    /// TLS 1.3 (RFC 8446, section 7.3).
    init?(secret: [UInt8], _ suite: CipherSuite) {
        isTLS13 = true
        let bytes = KeySchedule.expand(secret, label: "key", byteCount: suite.keyByteCount, suite.schedule)
        let key = SymmetricKey(data: bytes)
        let salt = KeySchedule.expand(secret, label: "iv", byteCount: 12, suite.schedule)
        switch suite.cipher {
        case .aesGCM: keys = .aesGCM(key, salt: salt)
        case .aesCCM(let tagByteCount): keys = .aesCCM(bytes, salt: salt, tagByteCount: tagByteCount)
        case .chaCha20Poly1305: keys = .chaCha20Poly1305(key, salt: salt)
        case .aesCBC: return nil
        }
    }

    /// TLS 1.2 and older: both directions' keys come out of one block (RFC 5246, section 6.3).
    static func pair(
        master: [UInt8], clientRandom: [UInt8], serverRandom: [UInt8], version: UInt16, encryptThenMAC: Bool,
        _ suite: CipherSuite
    ) -> (client: RecordCipher, server: RecordCipher) {
        let (macByteCount, ivByteCount) =
            switch suite.cipher {
            case .aesGCM, .aesCCM: (0, 4)
            case .chaCha20Poly1305: (0, 12)
            // Only TLS 1.0 takes its first IV from the block; later versions send one with each record.
            case .aesCBC(let digest): (digest.byteCount, version <= 0x0301 ? 16 : 0)
            }
        let sizes = [macByteCount, macByteCount, suite.keyByteCount, suite.keyByteCount, ivByteCount, ivByteCount]
        let block = KeySchedule.keyBlock(
            master: master, clientRandom: clientRandom, serverRandom: serverRandom, byteCount: sizes.reduce(0, +),
            version: version, suite.schedule)
        var parts: [[UInt8]] = []
        var offset = 0
        for size in sizes {
            parts.append(Array(block[offset..<offset + size]))
            offset += size
        }
        func make(_ index: Int) -> RecordCipher {
            RecordCipher(mac: parts[index], key: parts[2 + index], iv: parts[4 + index], encryptThenMAC, suite)
        }
        return (make(0), make(1))
    }

    private init(mac: [UInt8], key: [UInt8], iv: [UInt8], _ encryptThenMAC: Bool, _ suite: CipherSuite) {
        isTLS13 = false
        let bytes = key
        let key = SymmetricKey(data: bytes)
        keys =
            switch suite.cipher {
            case .aesGCM: .aesGCM(key, salt: iv)
            case .aesCCM(let tagByteCount): .aesCCM(bytes, salt: iv, tagByteCount: tagByteCount)
            case .chaCha20Poly1305: .chaCha20Poly1305(key, salt: iv)
            case .aesCBC(let digest):
                .aesCBC(
                    key, mac: SymmetricKey(data: mac), digest, encryptThenMAC: encryptThenMAC,
                    chainedIV: iv.isEmpty ? nil : iv)
            }
    }

    /// - Parameter record: header and fragment.
    /// - Returns: the content (in TLS 1.3 with its type and padding behind), nil if it does not authenticate.
    mutating func open(_ record: [UInt8]) -> [UInt8]? {
        guard let content = open(record, sequence) else { return nil }
        recordPassed(record)
        return content
    }

    /// Tries the numbers that up to `lostMax` lost records would have left.
    mutating func openSearching(_ record: [UInt8], lostMax: Int) -> [UInt8]? {
        for lost in 0...UInt64(max(0, lostMax)) {
            guard let content = open(record, sequence &+ lost) else { continue }
            sequence &+= lost
            recordPassed(record)
            return content
        }
        return nil
    }

    /// A record went by that could not be opened, because bytes of it are missing.
    mutating func recordLost() { sequence &+= 1 }

    private mutating func recordPassed(_ record: [UInt8]) {
        sequence &+= 1
        if case .aesCBC(let key, let mac, let digest, let encryptThenMAC, .some) = keys {
            keys = .aesCBC(
                key, mac: mac, digest, encryptThenMAC: encryptThenMAC,
                chainedIV: Array(record.dropLast(encryptThenMAC ? digest.byteCount : 0).suffix(16)))
        }
    }

    private func open(_ record: [UInt8], _ sequence: UInt64) -> [UInt8]? {
        switch keys {
        case .aesGCM(let key, let salt):
            let explicit = isTLS13 ? 0 : 8
            guard record.count >= 5 + explicit + 16 else { return nil }
            let nonce = isTLS13 ? xored(salt, sequence) : salt + record[5..<13]
            let content = record[(5 + explicit)..<(record.count - 16)]
            // An error here means that the record is not what these keys made, which is an answer and no failure.
            guard let nonce = try? AES.GCM.Nonce(data: nonce),
                let box = try? AES.GCM.SealedBox(nonce: nonce, ciphertext: content, tag: record.suffix(16)),
                let opened = try? AES.GCM.open(
                    box, using: key, authenticating: authenticated(record, content.count, sequence))
            else { return nil }
            return Array(opened)
        case .aesCCM(let key, let salt, let tagByteCount):
            return openCounted(record, key, salt, tagByteCount, sequence)
        case .chaCha20Poly1305(let key, let salt):
            guard record.count >= 5 + 16 else { return nil }
            let content = record[5..<(record.count - 16)]
            guard let nonce = try? ChaChaPoly.Nonce(data: xored(salt, sequence)),
                let box = try? ChaChaPoly.SealedBox(nonce: nonce, ciphertext: content, tag: record.suffix(16)),
                let opened = try? ChaChaPoly.open(
                    box, using: key, authenticating: authenticated(record, content.count, sequence))
            else { return nil }
            return Array(opened)
        case .aesCBC(let key, let mac, let digest, let encryptThenMAC, let chainedIV):
            return BlockRecord(record: record, key: key, mac: mac, digest: digest, chainedIV: chainedIV)
                .open(sequence, encryptThenMAC: encryptThenMAC)
        }
    }

    /// AES-CCM; its nonces are those of AES-GCM (RFC 6655, section 3; RFC 8446, section 5.3).
    private func openCounted(
        _ record: [UInt8], _ key: [UInt8], _ salt: [UInt8], _ tagByteCount: Int, _ sequence: UInt64
    ) -> [UInt8]? {
        let start = 5 + (isTLS13 ? 0 : 8)
        let byteCount = record.count - start - tagByteCount
        guard byteCount >= 0 else { return nil }
        let nonce = isTLS13 ? xored(salt, sequence) : salt + record[5..<13]
        let additional = authenticated(record, byteCount, sequence)
        var isAuthentic = false
        let content = [UInt8](unsafeUninitializedCapacity: byteCount) { opened, count in
            record.withUnsafeBufferPointer { record in
                // Behind `start` stand content and tag, as was just found, and there is room for the content. The pointers are
                // used within the call alone.
                guard let sealed = record.baseAddress.map({ $0 + start }) else { return }
                isAuthentic =
                    farwatch_ccm_open(
                        key, key.count, nonce, additional, additional.count, sealed, byteCount, tagByteCount,
                        opened.baseAddress) == 1
            }
            count = isAuthentic ? byteCount : 0
        }
        return isAuthentic ? content : nil
    }

    /// Additional data: the record's header (RFC 8446, section 5.2), or number, type, version, length (RFC 5246, section 6.2.3.3).
    private func authenticated(_ record: [UInt8], _ byteCount: Int, _ sequence: UInt64) -> [UInt8] {
        isTLS13 ? Array(record[0..<5]) : pseudoHeader(record, byteCount, sequence)
    }

    private func xored(_ salt: [UInt8], _ sequence: UInt64) -> [UInt8] {
        var nonce = salt
        for index in 0..<8 { nonce[11 - index] ^= UInt8(truncatingIfNeeded: sequence >> (8 * UInt64(index))) }
        return nonce
    }
}

func pseudoHeader(_ record: [UInt8], _ byteCount: Int, _ sequence: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: sequence >> (56 - 8 * UInt64($0))) } + record[0..<3]
        + [UInt8(truncatingIfNeeded: byteCount >> 8), UInt8(truncatingIfNeeded: byteCount)]
}

/// A record of a CBC suite: MAC, then padding, then encryption (RFC 5246, section 6.2.3.2), or encryption, then MAC (RFC 7366).
private struct BlockRecord {
    var record: [UInt8]
    var key: SymmetricKey
    var mac: SymmetricKey
    var digest: CipherSuite.Digest
    /// TLS 1.0: the last block of the record before.
    var chainedIV: [UInt8]?

    func open(_ sequence: UInt64, encryptThenMAC: Bool) -> [UInt8]? {
        var fragment = record[5...]
        if encryptThenMAC {
            guard fragment.count > digest.byteCount else { return nil }
            let tag = fragment.suffix(digest.byteCount)
            fragment = fragment.dropLast(digest.byteCount)
            guard isValid(tag, pseudoHeader(record, fragment.count, sequence) + fragment) else { return nil }
        }
        let iv: [UInt8]
        if let chainedIV {
            iv = chainedIV
        } else {
            iv = Array(fragment.prefix(16))
            fragment = fragment.dropFirst(16)
        }
        guard !fragment.isEmpty, fragment.count % 16 == 0, let iv = try? AES._CBC.IV(ivBytes: iv),
            let opened = try? AES._CBC.decrypt(fragment, using: key, iv: iv, noPadding: true)
        else { return nil }
        return withoutPadding(Array(opened), sequence, encryptThenMAC)
    }

    /// Every byte of the padding holds its length, which does not count itself.
    private func withoutPadding(_ opened: [UInt8], _ sequence: UInt64, _ encryptThenMAC: Bool) -> [UInt8]? {
        guard let last = opened.last, opened.count > Int(last),
            opened.suffix(Int(last) + 1).allSatisfy({ $0 == last })
        else { return nil }
        let content = opened.dropLast(Int(last) + 1)
        if encryptThenMAC { return Array(content) }
        guard content.count >= digest.byteCount else { return nil }
        let plain = content.dropLast(digest.byteCount)
        let isRight = isValid(content.suffix(digest.byteCount), pseudoHeader(record, plain.count, sequence) + plain)
        return isRight ? Array(plain) : nil
    }

    private func isValid(_ tag: ArraySlice<UInt8>, _ bytes: [UInt8]) -> Bool {
        switch digest {
        case .sha1: HMAC<Insecure.SHA1>.isValidAuthenticationCode(Array(tag), authenticating: bytes, using: mac)
        case .sha256: HMAC<SHA256>.isValidAuthenticationCode(Array(tag), authenticating: bytes, using: mac)
        case .sha384: HMAC<SHA384>.isValidAuthenticationCode(Array(tag), authenticating: bytes, using: mac)
        }
    }
}
