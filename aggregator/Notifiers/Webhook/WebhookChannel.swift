import Alerting
import CallModel
import Documents
import Runtime
import Transport

/// The generic webhook: one POST a message, signed by Standard Webhooks 1.0, its body JSON for programs.
///
/// Any 2xx is success. 410 means that the receiver is gone and this message with it; everything else is tried again.
public struct WebhookChannel: Sendable {
    /// A larger body goes without the incident's document; receivers commonly take no more.
    static let bodyByteCountMax = 256 << 10

    public var address: WebAddress
    public var keys: [StandardWebhook.Key]
    /// The header `authorization`, for receivers that check no signatures.
    public var authorization: Secret?

    public init(_ address: WebAddress, keys: [StandardWebhook.Key] = [], authorization: Secret? = nil) {
        self.address = address
        self.keys = keys
        self.authorization = authorization
    }

    func deliver(_ message: Message, at now: Instant, _ send: WebSend) async -> Delivery {
        do throws(TransportError) {
            let response = try await send(request(message, at: now))
            guard 200..<300 ~= response.status else {
                return .failed(DeliveryFailure(response, refusedBy: [410], at: now))
            }
            return .delivered(said: "HTTP \(response.status) \(response.shownBody)")
        } catch {
            return .failed(DeliveryFailure(error))
        }
    }

    func request(_ message: Message, at now: Instant) -> WebRequest {
        let body = Self.body(message)
        var headers = StandardWebhook(keys).headers(id: message.id, timestamp: now.secondsSinceEpoch, body: body)
        headers.add("content-type", "application/json")
        if let authorization { headers.add("authorization", authorization.reveal) }
        return WebRequest(address, headers: headers, body: body)
    }

    /// `{"type","timestamp","data"}`, the same for the command channel.
    static func body(_ message: Message) -> [UInt8] {
        let whole = body(message, withDocument: true)
        return whole.count <= bodyByteCountMax ? whole : body(message, withDocument: false)
    }

    private static func body(_ message: Message, withDocument: Bool) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            let isIncident = message.kind != .test && message.kind != .notice
            writer.member("type", (isIncident ? "incident." : "") + message.kind.rawValue)
            writer.member("timestamp", message.at.rfc3339)
            writer.object("data") { message.write(to: &$0, withDocument: withDocument) }
        }
        return writer.bytes
    }
}
