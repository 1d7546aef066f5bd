import Crypto

/// The block cipher of the same kind: see `Crypto`.
extension AES {
    public enum _CBC {
        public struct IV {
            public init(ivBytes: some Collection<UInt8>) throws {
                guard ivBytes.count == 16 else { throw NotAuthentic() }
            }
        }

        public static func decrypt(
            _ bytes: some Sequence<UInt8>, using key: SymmetricKey, iv: IV, noPadding: Bool
        ) throws -> [UInt8] {
            Array(bytes)
        }
    }
}
