/// Stands in for swift-crypto with ciphers that leave the bytes as they are: a fuzzer cannot forge records of true ones, so that nothing
/// behind them would be reached, and building BoringSSL with the fuzzer's instrumentation would take longer than the fuzzing.
///
/// A record authenticates unless the last byte of its tag is 0xff.
public struct SymmetricKey: Sendable {
    private let bytes: [UInt8]

    public init(data: some Sequence<UInt8>) { bytes = Array(data) }

    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes(body)
    }
}

public struct NotAuthentic: Error {
    public init() {}
}

/// Additional data is taken and not looked at.
public struct StubSealedBox {
    let content: [UInt8]
    let tag: [UInt8]

    fileprivate func opened() throws -> [UInt8] {
        guard tag.last != 0xff else { throw NotAuthentic() }
        return content
    }
}

public struct StubNonce {
    public init(data: some Collection<UInt8>) throws { guard data.count == 12 else { throw NotAuthentic() } }
}

public enum AES {
    public enum GCM {
        public typealias Nonce = StubNonce

        public struct SealedBox {
            fileprivate let box: StubSealedBox

            public init(nonce: Nonce, ciphertext: some Sequence<UInt8>, tag: some Sequence<UInt8>) throws {
                box = StubSealedBox(content: Array(ciphertext), tag: Array(tag))
            }
        }

        public static func open(
            _ box: SealedBox, using key: SymmetricKey, authenticating additional: some Sequence<UInt8>
        ) throws -> [UInt8] {
            try box.box.opened()
        }
    }
}

public enum ChaChaPoly {
    public typealias Nonce = StubNonce
    public typealias SealedBox = AES.GCM.SealedBox

    public static func open(
        _ box: SealedBox, using key: SymmetricKey, authenticating additional: some Sequence<UInt8>
    ) throws -> [UInt8] {
        try box.box.opened()
    }
}

public protocol HashFunction { static var byteCount: Int { get } }

public enum SHA256: HashFunction { public static var byteCount: Int { 32 } }
public enum SHA384: HashFunction { public static var byteCount: Int { 48 } }
public enum Insecure {
    public enum SHA1: HashFunction { public static var byteCount: Int { 20 } }
    public enum MD5: HashFunction { public static var byteCount: Int { 16 } }
}

public enum HMAC<Hash: HashFunction> {
    public static func authenticationCode(for bytes: some Sequence<UInt8>, using key: SymmetricKey) -> [UInt8] {
        [UInt8](repeating: 0, count: Hash.byteCount)
    }

    public static func isValidAuthenticationCode(
        _ code: some Sequence<UInt8>, authenticating bytes: some Sequence<UInt8>, using key: SymmetricKey
    ) -> Bool {
        Array(code).last != 0xff
    }
}

public enum HKDF<Hash: HashFunction> {
    public static func expand(
        pseudoRandomKey: some Sequence<UInt8>, info: some Sequence<UInt8>, outputByteCount: Int
    ) -> SymmetricKey {
        SymmetricKey(data: [UInt8](repeating: 0, count: outputByteCount))
    }
}
