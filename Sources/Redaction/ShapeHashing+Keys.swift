import Documents

extension ShapeHashing {
    /// Hashes under the operator's key of all that is a code, except under keys that say a secret or somebody's person: the
    /// same keys whose values are masked in redacted bodies.
    public init(under key: KeyedHash) {
        self.init(
            excludes: { name in
                let last = Self.lastPart(of: name)
                return HeaderRules.isSecret(last) || HeaderRules.isPersonal(last)
            }, hash: { key.hash($0) })
    }

    /// Of `customer[email]` and `@email` the `email`, in small letters.
    private static func lastPart(of name: UnsafeBufferPointer<UInt8>) -> String {
        let part = name.split { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "]") || $0 == UInt8(ascii: "@") }.last
        return part.map { String(decoding: $0, as: UTF8.self).lowercased() } ?? ""
    }
}
