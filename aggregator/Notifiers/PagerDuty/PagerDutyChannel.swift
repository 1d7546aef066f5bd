import Alerting
import CallModel
import Documents
import Runtime
import Transport

/// PagerDuty's Events API v2: trigger, acknowledge and resolve, one deduplication key an incident.
///
/// Repeating an event changes nothing there, so that attempts may repeat. 400 means that the event itself is wrong and
/// is never tried again; 429, 5xx and a lost connection are.
public struct PagerDutyChannel: Sendable {
    public static let usualAddress = "https://events.pagerduty.com/v2/enqueue"
    /// PagerDuty takes 512 KB.
    static let bodyByteCountMax = 500_000
    static let summaryByteCountMax = 1_024

    public var address: WebAddress
    /// Of the integration, 32 characters.
    public var routingKey: Secret
    /// Parts the keys of several installations that share an integration.
    public var keyPrefix = "farwatch"

    public init(_ address: WebAddress, routingKey: Secret) {
        self.address = address
        self.routingKey = routingKey
    }

    func deliver(_ message: Message, at now: Instant, _ send: WebSend) async -> Delivery {
        // Whoever is on call is not woken for what can wait until morning, and never ends.
        if message.kind == .notice { return .delivered(said: "not sent: a notice pages nobody") }
        // A test leaves nothing open.
        let actions = message.kind == .test ? ["trigger", "resolve"] : [Self.action(message.kind)]
        var said = ""
        do throws(TransportError) {
            for action in actions {
                let response = try await send(request(message, action))
                guard response.status == 202 else {
                    return .failed(DeliveryFailure(response, refusedBy: [400, 413], at: now))
                }
                said += (said.isEmpty ? "" : "; ") + "\(action): HTTP 202 \(response.shownBody)"
            }
        } catch {
            return .failed(DeliveryFailure(error))
        }
        return .delivered(said: said)
    }

    func request(_ message: Message, _ action: String) -> WebRequest {
        var body = event(message, action, withDetails: true)
        if body.count > Self.bodyByteCountMax { body = event(message, action, withDetails: false) }
        return WebRequest(address, headers: ["content-type": "application/json"], body: body)
    }

    static func action(_ kind: Message.Kind) -> String {
        switch kind {
        case .opened, .escalated, .updated, .notice, .test: "trigger"
        case .acknowledged: "acknowledge"
        case .resolved: "resolve"
        }
    }

    static func severity(_ message: Message) -> String {
        if message.kind == .test { return "info" }
        switch message.severity {
        case "critical": return "critical"
        case "major": return "error"
        default: return "warning"
        }
    }

    private func event(_ message: Message, _ action: String, withDetails: Bool) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("routing_key", routingKey.reveal)
            writer.member("event_action", action)
            writer.member("dedup_key", dedupKey(message))
            guard action == "trigger" else { return }
            writer.object("payload") { Self.writePayload(message, &$0, withDetails: withDetails) }
            let links = [
                ("Incident", message.incidentURL), ("Acknowledge", message.acknowledgeURL),
                ("Runbook", message.runbookURL),
            ]
            writer.array("links") { writer in
                for case (let text, let href?) in links {
                    writer.object {
                        $0.member("href", href)
                        $0.member("text", text)
                    }
                }
            }
            writer.member("client", "Farwatch")
            if let url = message.incidentURL { writer.member("client_url", url) }
        }
        return writer.bytes
    }

    /// At most 255 characters there; a test has a key of its own.
    func dedupKey(_ message: Message) -> String {
        message.kind == .test ? "\(keyPrefix):\(message.id)" : "\(keyPrefix):\(message.incident)"
    }

    private static func writePayload(_ message: Message, _ writer: inout JSONWriter, withDetails: Bool) {
        // Telephones show its beginning alone: whose fault, since when, what to do.
        let summary = message.summary.isEmpty ? message.title : message.summary
        writer.member("summary", oneLine(summary, byteCountMax: summaryByteCountMax))
        writer.member("source", message.labels["host"] ?? message.labels["partner"] ?? "farwatch")
        writer.member("severity", severity(message))
        writer.member("timestamp", message.at.rfc3339)
        if let route = message.labels["route"] { writer.member("component", route) }
        if let partner = message.labels["partner"] { writer.member("group", partner) }
        if let cause = message.labels["cause"] { writer.member("class", cause) }
        writer.object("custom_details") { writer in
            writer.member("title", message.title)
            writer.member("reason", message.reason)
            writer.member("text", withDetails ? message.text : shortened(message.text, byteCountMax: 10_000))
            writer.member("owner", message.owner ?? "unowned")
            if withDetails, !message.document.isEmpty { writer.member("incident", json: message.document) }
        }
    }
}
