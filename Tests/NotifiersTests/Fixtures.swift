import Alerting
import CallModel
import Documents
import NIOCore
import Synchronization
import Transport

@testable import Notifiers

let start = Instant(rfc3339: "2026-11-27T18:44:24Z")!

func message(
    _ kind: Message.Kind = .opened, sequence: Int32 = 1, severity: String = "major", channel: String = "ops",
    labels: [String: String] = ["partner": "stripe", "route": "POST /v1/charges", "cause": "partner", "scope": "fleet"]
) -> Message {
    Message(
        id: "42-\(channel)-\(sequence)", incident: 42, sequence: sequence, channel: channel, kind: kind, at: start,
        severity: severity, title: "Stripe fails", summary: "Stripe's fault (97 %). 3 of 4 calls <fail> & more.",
        text: "First line\nSecond line", reason: "it began", owner: "payments",
        incidentURL: "https://farwatch.example/incidents/42", acknowledgeURL: "https://farwatch.example/a/42",
        runbookURL: "https://wiki.example/stripe", labels: labels,
        document: Array(#"{"id":"42","started_at":"2026-11-27T18:40:00.000Z","cause":{"confidence":0.97}}"#.utf8))
}

/// A receiver that answers what it was told to, in order, the last one again and again, and keeps what it got.
final class Receiver: Sendable {
    private let answers: Mutex<[Result<ClientResponse, TransportError>]>
    private let got = Mutex<[WebRequest]>([])

    init(_ answers: Result<ClientResponse, TransportError>...) { self.answers = Mutex(answers) }

    var requests: [WebRequest] { got.withLock { $0 } }

    var send: WebSend {
        { request throws(TransportError) in
            self.got.withLock { $0.append(request) }
            return try self.answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }.get()
        }
    }
}

func answer(
    _ status: Int, _ body: String = "", _ headers: Headers = [:]
) -> Result<ClientResponse, TransportError> {
    .success(ClientResponse(status: status, headers: headers, body: ByteBuffer(string: body)))
}

let lost = TransportError(.connectionLost, operation: "POST", subject: "https://hooks.example:443", cause: "gone")

/// Reads members of a JSON object of the test's own.
func read<R>(_ bytes: [UInt8], _ body: (JSONValue) -> R) throws -> R { try JSONParser().parse(bytes, body) }

extension Delivery {
    var failure: DeliveryFailure? { if case .failed(let failure) = self { failure } else { nil } }
    var isDelivered: Bool { failure == nil }
}
