import CLibcrypto

/// What a cipher suite means for its records (IANA's TLS Cipher Suites registry).
///
/// How the keys were agreed does not matter to a reader of key logs. Suites whose cipher the cryptographic libraries do not have
/// (3DES, RC4, Camellia, ARIA; CCM too where OpenSSL's is not installed) are none: their connections are reported as unreadable.
struct CipherSuite: Equatable {
    enum Cipher: Equatable {
        case aesGCM
        case aesCCM(tagByteCount: Int)
        case chaCha20Poly1305
        /// Cipher block chaining with a MAC of its own.
        case aesCBC(mac: Digest)
    }

    enum Digest: Equatable {
        case sha1, sha256, sha384

        var byteCount: Int {
            switch self {
            case .sha1: 20
            case .sha256: 32
            case .sha384: 48
            }
        }
    }

    var cipher: Cipher
    var keyByteCount: Int
    /// The hash of the key schedule: TLS 1.3's HKDF, TLS 1.2's PRF.
    var schedule: Digest

    init?(_ number: UInt16) {
        switch number {
        // TLS 1.3.
        case 0x1301: self.init(.aesGCM, 16, .sha256)
        case 0x1302: self.init(.aesGCM, 32, .sha384)
        case 0x1303: self.init(.chaCha20Poly1305, 32, .sha256)
        // AES-GCM (RFC 5288, 5289, 5487, 8442).
        case 0x009c, 0x009e, 0x00a0, 0x00a2, 0x00a4, 0x00a6, 0x00a8, 0x00aa, 0x00ac, 0xc02b, 0xc02d, 0xc02f, 0xc031,
            0xd001:
            self.init(.aesGCM, 16, .sha256)
        case 0x009d, 0x009f, 0x00a1, 0x00a3, 0x00a5, 0x00a7, 0x00a9, 0x00ab, 0x00ad, 0xc02c, 0xc02e, 0xc030, 0xc032,
            0xd002:
            self.init(.aesGCM, 32, .sha384)
        // AES-CCM (RFC 8446, 6655, 7251, 8442).
        case 0x1304, 0xc09c, 0xc09e, 0xc0a4, 0xc0a6, 0xc0ac, 0xd005: self.init(counted: 16, 16)
        case 0x1305, 0xc0a0, 0xc0a2, 0xc0a8, 0xc0aa, 0xc0ae, 0xd003: self.init(counted: 16, 8)
        case 0xc09d, 0xc09f, 0xc0a5, 0xc0a7, 0xc0ad: self.init(counted: 32, 16)
        case 0xc0a1, 0xc0a3, 0xc0a9, 0xc0ab, 0xc0af: self.init(counted: 32, 8)
        // ChaCha20-Poly1305 (RFC 7905).
        case 0xcca8...0xccae: self.init(.chaCha20Poly1305, 32, .sha256)
        // AES-CBC with SHA-1 (RFC 5246, 4279, 8422, 5489).
        case 0x002f...0x0034, 0x008c, 0x0090, 0x0094, 0xc004, 0xc009, 0xc00e, 0xc013, 0xc018, 0xc01d...0xc01f, 0xc035:
            self.init(.aesCBC(mac: .sha1), 16, .sha256)
        case 0x0035...0x003a, 0x008d, 0x0091, 0x0095, 0xc005, 0xc00a, 0xc00f, 0xc014, 0xc019, 0xc020...0xc022, 0xc036:
            self.init(.aesCBC(mac: .sha1), 32, .sha256)
        // AES-CBC with SHA-2 (RFC 5246, 5289, 5487).
        case 0x003c, 0x003e...0x0040, 0x0067, 0x006c, 0x00ae, 0x00b2, 0x00b6, 0xc023, 0xc025, 0xc027, 0xc029, 0xc037:
            self.init(.aesCBC(mac: .sha256), 16, .sha256)
        case 0x003d, 0x0068...0x006b, 0x006d: self.init(.aesCBC(mac: .sha256), 32, .sha256)
        case 0x00af, 0x00b3, 0x00b7, 0xc024, 0xc026, 0xc028, 0xc02a, 0xc038:
            self.init(.aesCBC(mac: .sha384), 32, .sha384)
        default: return nil
        }
    }

    /// AES-CCM, where the library is there.
    private init?(counted keyByteCount: Int, _ tagByteCount: Int) {
        guard farwatch_ccm_is_available() != 0 else { return nil }
        self.init(.aesCCM(tagByteCount: tagByteCount), keyByteCount, .sha256)
    }

    private init(_ cipher: Cipher, _ keyByteCount: Int, _ schedule: Digest) {
        self.cipher = cipher
        self.keyByteCount = keyByteCount
        self.schedule = schedule
    }
}
