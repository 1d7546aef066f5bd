import Alerting
import CallModel
import Transport

/// Mail, handed to one server: a company's relay or a provider's submission port.
public struct EmailChannel: Sendable {
    /// With `isTLS` where the security is `implicit`.
    public var server: Endpoint
    public var envelope: SMTPEnvelope

    public init(_ envelope: SMTPEnvelope, host: String, port: Int) {
        server = Endpoint(isTLS: envelope.security == .implicit, host: host, port: port)
        self.envelope = envelope
    }

    func deliver(_ message: Message, at now: Instant, _ client: DialogueClient) async -> Delivery {
        let mail = MailMessage(from: envelope.from, to: envelope.to).bytes(message, at: now)
        do throws(TransportError) {
            return try await client.hold(SMTPDialogue(envelope, mail: mail), with: server)
        } catch {
            return .failed(DeliveryFailure(error))
        }
    }
}
