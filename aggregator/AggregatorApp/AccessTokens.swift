import CallModel
import Crypto
import Postgres
import Storage
import Synchronization

/// The tokens there are, in memory, so that a request costs one hash and one look-up and needs no database.
final class AccessTokens: Sendable {
    private let byHash = Mutex<[[UInt8]: TokenRecord]>([:])

    /// `fw_` and 256 random bits: the prefix lets scanners of leaked secrets know one when they see it.
    static func make() -> (token: String, hash: [UInt8]) {
        var generator = SystemRandomNumberGenerator()
        let token = "fw_" + (0..<4).map { _ in hexText(generator.next()) }.joined()
        return (token, hash(of: token))
    }

    static func hash(of token: String) -> [UInt8] { Array(SHA256.hash(data: Array(token.utf8))) }

    func refresh(_ records: [TokenRecord]) {
        byHash.withLock { table in
            table = Dictionary(records.map { ($0.hash, $0) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// The record of a token that is valid now.
    func record(of token: String, at now: Instant) -> TokenRecord? {
        guard token.utf8.count <= 256 else { return nil }
        let hash = Self.hash(of: token)
        return byHash.withLock { $0[hash] }.flatMap { $0.isValid(at: now) ? $0 : nil }
    }
}
