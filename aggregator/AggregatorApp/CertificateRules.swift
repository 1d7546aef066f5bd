import CallModel
import Ingest
import Synchronization
import Transport

/// The rule for client certificates in force: its names change with the settings, while whether there is one at all is the listener's
/// and waits for the next start.
final class CertificateRules: Sendable {
    private let rule: Mutex<CertificateRule?>

    init(_ rule: CertificateRule?) { self.rule = Mutex(rule) }

    /// Nil where the listener asks nobody for a certificate.
    var judge: (@Sendable (_ certificate: ClientCertificate, _ agentID: String?) -> IngestHandler.Authorization)? {
        guard rule.withLock({ $0 }) != nil else { return nil }
        return { [self] certificate, agentID in
            guard let rule = rule.withLock({ $0 }) else {
                return .unknown("client certificates are taken no more, and a bearer token is needed")
            }
            return rule.judge(certificate, agentID: agentID, at: currentInstant())
        }
    }

    func use(_ new: CertificateRule?) { rule.withLock { $0 = new } }
}
