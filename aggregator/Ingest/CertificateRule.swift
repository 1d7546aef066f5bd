import CallModel
import Transport

/// Which client certificates stand for an agent's token: a value, judged for each request.
///
/// That a certificate is one of the authorities' and the client's own the handshake has verified. One authority may sign for many
/// purposes, so the names can be narrowed; and there is no other way here to take a single certificate back, so names can be refused.
public struct CertificateRule: Sendable, Equatable {
    /// Any of them may match; a `*` is any text. None: every name. In lower case, as all names here.
    public var names: [String] = []
    /// Refused although they match.
    public var refused: Set<String> = []
    /// Whether an agent's id must be its certificate's name with a hyphen and eight hexadecimal digits, as agents make theirs where
    /// `host.name` is that name.
    public var ownAgentOnly = false

    /// Of a pattern.
    public static let starsMax = 4

    public init() {}

    /// - Parameter agentID: whom the request says that it comes from; nil when it does not say.
    public func judge(
        _ certificate: ClientCertificate, agentID: String?, at now: Instant
    ) -> IngestHandler.Authorization {
        let name = certificate.name.lowercased()
        guard certificate.endsAt > now.secondsSinceEpoch else {
            return .unknown("the certificate of \(certificate.name) has expired")
        }
        guard names.isEmpty || names.contains(where: { Self.matches(name, $0) }),
            !refused.contains(name)
        else { return .forbidden("certificates of \(certificate.name) are refused by ingest.client_certificates") }
        guard !ownAgentOnly || agentID.map({ Self.isOwn($0.lowercased(), name) }) == true else {
            return .forbidden("the certificate of \(certificate.name) speaks for no agent but its own")
        }
        return .allowed
    }

    /// The digits are counted, so that a certificate of `app` does not speak for the agent of `app-1`.
    private static func isOwn(_ agentID: String, _ name: String) -> Bool {
        guard agentID.hasPrefix(name + "-") else { return false }
        let digits = agentID.utf8.dropFirst(name.utf8.count + 1)
        return digits.count == 8 && digits.allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
    }

    /// Each text between two stars is looked for behind the one before, where it first occurs: no later place lets more follow.
    private static func matches(_ text: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = parts.first, let last = parts.last, parts.count > 1 else { return text == pattern }
        guard text.hasPrefix(first) else { return false }
        var rest = text.dropFirst(first.count)
        for part in parts.dropFirst().dropLast() {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}
