import Alerting
import CallModel
import Documents
import Runtime
import Transport

/// Prometheus' Alertmanager, API v2: an incident is an alert that fires until it is resolved.
///
/// Alertmanager knows an alert by its labels, and forgets one that nobody repeats: an open one is sent again every
/// `renewalInterval`, with an end four intervals ahead, as Prometheus does. Where the labels change (a severity rises),
/// the alert with the former ones is ended in the same request; the reference keeps what they were. `scope` is `fleet`
/// or `host`, so that a rule can inhibit the alerts of single hosts while the fleet's is firing.
public struct AlertmanagerChannel: Sendable {
    /// Each gets every alert: members of a cluster share what they notified, not what they were told.
    public var addresses: [WebAddress]
    public var authorization: Secret?
    public var renewalInterval: Duration = .seconds(60)

    /// - Parameter addresses: such as `http://alertmanager:9093`, with a path where Alertmanager's has a prefix.
    public init(_ addresses: [WebAddress], authorization: Secret? = nil) {
        self.addresses = addresses
        self.authorization = authorization
    }

    /// Delivered when one of them took it.
    func deliver(_ message: Message, reference: String?, at now: Instant, _ send: WebSend) async -> Delivery {
        let labels = Self.labels(message)
        let body = alerts(message, labels, former: reference, at: now)
        var (said, failure): ([String], DeliveryFailure?) = ([], nil)
        for address in addresses {
            do throws(TransportError) {
                let response = try await send(request(address, body))
                if 200..<300 ~= response.status {
                    said.append("\(address): HTTP \(response.status)")
                } else {
                    failure = DeliveryFailure(response, refusedBy: [400], at: now)
                }
            } catch {
                failure = DeliveryFailure(error)
            }
        }
        guard !said.isEmpty else { return .failed(failure ?? DeliveryFailure(.setting, "it has no address")) }
        if let failure { said.append(failure.text) }
        return .delivered(said: said.joined(separator: "; "), reference: Self.text(of: labels))
    }

    func request(_ address: WebAddress, _ body: [UInt8]) -> WebRequest {
        var headers: Headers = ["content-type": "application/json"]
        if let authorization { headers.add("authorization", authorization.reveal) }
        return WebRequest(address.appending("/api/v2/alerts"), headers: headers, body: body)
    }

    /// - Parameter former: the labels this incident's alert had before, as `text(of:)` wrote them.
    func alerts(_ message: Message, _ labels: [String: String], former: String?, at now: Instant) -> [UInt8] {
        let endsAt =
            switch message.kind {
            case .resolved: now
            case .opened, .escalated, .updated, .acknowledged, .notice, .test: now + renewalInterval * 4
            }
        var writer = JSONWriter()
        writer.array { writer in
            if message.kind != .test, let former, former != Self.text(of: labels), let old = Self.labels(from: former) {
                write(message, old, endsAt: now, &writer)
            }
            write(message, labels, endsAt: endsAt, &writer)
        }
        return writer.bytes
    }

    private func write(_ message: Message, _ labels: [String: String], endsAt: Instant, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("labels", json: Array(Self.text(of: labels).utf8))
            writer.object("annotations") { writer in
                writer.member("summary", message.title)
                writer.member("description", message.summary + (message.text.isEmpty ? "" : "\n\n" + message.text))
                writer.member("reason", message.reason)
                writer.member("owner", message.owner ?? "unowned")
                if let url = message.acknowledgeURL { writer.member("acknowledge_url", url) }
                if let url = message.runbookURL { writer.member("runbook_url", url) }
            }
            // An alert that ends where it begins is refused.
            writer.member("startsAt", min(Self.startedAt(message), endsAt - .seconds(1)).rfc3339)
            writer.member("endsAt", endsAt.rfc3339)
            if let url = message.incidentURL { writer.member("generatorURL", url) }
        }
    }

    /// The alert's identity. Names that Prometheus does not allow are made so; empty values would be dropped there.
    static func labels(_ message: Message) -> [String: String] {
        var labels: [String: String] = [:]
        for (name, value) in message.labels where !value.isEmpty { labels[labelName(name)] = value }
        labels["alertname"] = message.kind == .test ? "FarwatchTest" : "FarwatchIncident"
        labels["incident"] = "\(message.incident)"
        labels["severity"] = message.severity
        labels["scope"] = labels["scope"] ?? (labels["host"] == nil ? "fleet" : "host")
        return labels
    }

    private static func labelName(_ name: String) -> String {
        let letters = name.unicodeScalars.map { scalar -> Character in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_": Character(scalar)
            default: "_"
            }
        }
        return letters.first?.isNumber ?? true ? "_" + String(letters) : String(letters)
    }

    /// JSON, its names in order.
    static func text(of labels: [String: String]) -> String {
        var writer = JSONWriter()
        writer.object { for name in labels.keys.sorted() { $0.member(name, labels[name]) } }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func labels(from text: String) -> [String: String]? {
        try? JSONParser().parse(Array(text.utf8)) { root in  // An error says that it is no JSON.
            var labels: [String: String] = [:]
            root.forEachMember { name, value in labels[String(decoding: name, as: UTF8.self)] = value.string }
            return labels
        }
    }

    /// When the incident began, by its document.
    private static func startedAt(_ message: Message) -> Instant {
        let text = try? JSONParser().parse(message.document) { $0.member("started_at")?.string }
        return (text ?? nil).flatMap { Instant(rfc3339: $0) } ?? message.at  // An error says that there is no document.
    }
}
