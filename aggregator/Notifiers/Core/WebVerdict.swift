import CallModel
import NIOCore
import Transport

/// How a channel sends a request: `WebClient.send`, or a test's receiver.
public typealias WebSend = @Sendable (WebRequest) async throws(TransportError) -> ClientResponse

extension DeliveryFailure {
    init(_ error: TransportError) {
        switch error.kind {
        case .addressRefused, .tlsConfiguration: self.init(.setting, "\(error)")
        default: self.init(.temporary(retryAfter: nil), "\(error)")
        }
    }

    /// An answer that is no success. 401, 403, 404 and 405 are somebody's setting; everything else may pass, unless the
    /// channel knows that it will not.
    init(_ response: ClientResponse, refusedBy: Set<Int> = [], at now: Instant) {
        let text = "HTTP \(response.status)" + (300..<400 ~= response.status ? " (redirects are not followed)" : "")
        let said = response.shownBody
        let kind: Kind =
            if refusedBy.contains(response.status) {
                .refused
            } else if [401, 403, 404, 405].contains(response.status) {
                .setting
            } else {
                .temporary(retryAfter: response.retryAfter(at: now))
            }
        self.init(kind, said.isEmpty ? text : "\(text): \(said)")
    }
}

extension ClientResponse {
    /// The beginning of the body, for people.
    var shownBody: String {
        oneLine(String(decoding: body.readableBytesView.prefix(600), as: UTF8.self), byteCountMax: 200)
    }

    var bodyBytes: [UInt8] { Array(body.readableBytesView) }

    /// In seconds or as a date (RFC 9110, section 10.2.3).
    func retryAfter(at now: Instant) -> Duration? {
        guard let text = headers[first: "retry-after"] else { return nil }
        if let seconds = Int64(text) { return seconds >= 0 ? .seconds(min(seconds, 86_400)) : nil }
        guard let date = Instant(internetDate: text) else { return nil }
        return max(.zero, min(date - now, .seconds(86_400)))
    }
}
