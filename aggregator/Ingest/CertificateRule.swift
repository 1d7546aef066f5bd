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
    /// Whether an agent's id must begin with its certificate's name and a hyphen, as it does where `host.name` is that name.
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
        guard names.isEmpty || names.contains(where: { Self.matches(name[...], $0[...]) }),
            !refused.contains(name)
        else { return .forbidden("certificates of \(certificate.name) are refused by ingest.client_certificates") }
        guard !ownAgentOnly || agentID?.lowercased().hasPrefix(name + "-") == true else {
            return .forbidden("the certificate of \(certificate.name) speaks for no agent but its own")
        }
        return .allowed
    }

    private static func matches(_ text: Substring, _ pattern: Substring) -> Bool {
        guard let star = pattern.firstIndex(of: "*") else { return text == pattern }
        let head = pattern[..<star]
        guard text.hasPrefix(head) else { return false }
        let tail = pattern[pattern.index(after: star)...]
        var rest = text.dropFirst(head.count)
        while true {
            if matches(rest, tail) { return true }
            guard !rest.isEmpty else { return false }
            rest = rest.dropFirst()
        }
    }
}
