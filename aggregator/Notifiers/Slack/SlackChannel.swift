import Alerting
import CallModel
import Documents
import Runtime
import Transport

/// Slack, by an incoming webhook (a message an event) or by a bot's token (a message an incident, kept up to date, with
/// what happened in its thread).
///
/// The bot's reference is `<channel>:<ts>` of the incident's first message. What changes later is told as a reply in
/// its thread, in the channel, too, when it got worse; the message itself is then rewritten to what holds now. Where
/// that message was deleted a new first one is posted. Slack knows no idempotency: an answer lost on the way can cost a
/// second message, whose `metadata` has the same `message_id`.
public struct SlackChannel: Sendable {
    public static let usualAPI = "https://slack.com/api"

    public enum Access: Sendable {
        /// The URL is the secret.
        case webhook(WebAddress)
        /// `api` is Slack's, `channel` an id or a name.
        case bot(token: Secret, channel: String, api: WebAddress)
    }

    public var access: Access

    public init(_ access: Access) { self.access = access }

    func deliver(
        _ message: Message, reference: String?, at now: Instant, _ send: @escaping WebSend
    ) async -> Delivery {
        do throws(DeliveryFailure) {
            switch access {
            case .webhook(let address):
                let request = WebRequest(address, headers: Self.headers, body: Self.body(message))
                return .delivered(said: try await exchange(request, at: now, send).shownBody)
            case .bot(let token, let channel, let api):
                let bot = Bot(token: token, channel: channel, api: api, now: now, send: send)
                return try await bot.deliver(message, reference)
            }
        } catch {
            return .failed(error)
        }
    }

    static func body(_ message: Message) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { SlackMessage.write(message, to: &$0) }
        return writer.bytes
    }

    static let headers: Headers = ["content-type": "application/json; charset=utf-8"]
}

/// A 200, or the failure that Slack's word for it is.
private func exchange(
    _ request: WebRequest, at now: Instant, _ send: WebSend
) async throws(DeliveryFailure) -> ClientResponse {
    let response: ClientResponse
    do throws(TransportError) {
        response = try await send(request)
    } catch {
        throw DeliveryFailure(error)
    }
    guard response.status != 200 else { return response }
    // Incoming webhooks answer 4xx with one word of plain text.
    let word = response.shownBody
    guard (400..<500).contains(response.status), response.status != 429, let kind = SlackError.kind(word) else {
        throw DeliveryFailure(response, at: now)
    }
    throw DeliveryFailure(kind, "HTTP \(response.status): \(word)")
}

/// What Slack's words mean for a message.
enum SlackError {
    private static let refused: Set<String> = [
        "invalid_payload", "invalid_blocks", "invalid_blocks_format", "msg_too_long", "no_text", "too_many_attachments",
        "invalid_arguments", "invalid_json", "invalid_form_data",
    ]
    private static let settings: Set<String> = [
        "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
        "channel_not_found", "not_in_channel", "is_archived", "channel_is_archived", "no_service", "no_service_id",
        "no_team", "team_disabled", "team_access_not_granted", "action_prohibited", "restricted_action",
        "posting_to_general_channel_denied", "user_not_found", "org_login_required", "ekm_access_denied",
        "no_permission", "not_allowed_token_type", "access_denied", "invalid_token",
    ]

    /// Nil: it may pass.
    static func kind(_ word: String) -> DeliveryFailure.Kind? {
        refused.contains(word) ? .refused : settings.contains(word) ? .setting : nil
    }
}

/// One delivery with a bot's token.
private struct Bot {
    let token: Secret
    let channel: String
    let api: WebAddress
    let now: Instant
    let send: WebSend

    struct Answer {
        var error: String?
        var channel: String?
        var ts: String?
    }

    func deliver(_ message: Message, _ reference: String?) async throws(DeliveryFailure) -> Delivery {
        if message.kind != .test, let first = reference.flatMap(place) {
            if let said = try await follow(message, first) { return .delivered(said: said) }
        }
        let answer = try await call("chat.postMessage") { writer in
            writer.member("channel", channel)
            SlackMessage.write(message, to: &writer)
            writeMetadata(message, &writer)
        }
        guard let channel = answer.channel, let ts = answer.ts else {
            throw DeliveryFailure.temporary("chat.postMessage: the answer has no channel and ts")
        }
        return .delivered(said: "ok, \(channel) \(ts)", reference: "\(channel):\(ts)")
    }

    private func place(_ reference: String) -> (channel: String, ts: String)? {
        let parts = reference.split(separator: ":", maxSplits: 1)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }

    /// Rewrites the first message and replies to it; nil when it is not there any more.
    private func follow(
        _ message: Message, _ first: (channel: String, ts: String)
    ) async throws(DeliveryFailure) -> String? {
        let update = try await call("chat.update", tolerating: ["message_not_found", "cant_update_message"]) { writer in
            writer.member("channel", first.channel)
            writer.member("ts", first.ts)
            SlackMessage.write(message, to: &writer)
        }
        guard update.error == nil else { return nil }
        let reply = try await call("chat.postMessage") { writer in
            writer.member("channel", first.channel)
            writer.member("thread_ts", first.ts)
            if message.kind == .escalated { writer.member("reply_broadcast", true) }
            let text = SlackMessage.first(message) + "\n" + message.reason
            writer.member("text", shortened(SlackMessage.escaped(text), byteCountMax: SlackMessage.textMax))
            writeMetadata(message, &writer)
        }
        return "ok, \(first.channel) \(first.ts), reply \(reply.ts ?? "")"
    }

    private func writeMetadata(_ message: Message, _ writer: inout JSONWriter) {
        writer.object("metadata") { writer in
            writer.member("event_type", "farwatch_message")
            writer.object("event_payload") {
                $0.member("message_id", message.id)
                $0.member("incident", "\(message.incident)")
            }
        }
    }

    private func call(
        _ method: String, tolerating: Set<String> = [], _ members: (inout JSONWriter) -> Void
    ) async throws(DeliveryFailure) -> Answer {
        var writer = JSONWriter()
        writer.object(members)
        var headers = SlackChannel.headers
        headers.add("authorization", "Bearer \(token.reveal)")
        let request = WebRequest(api.appending("/" + method), headers: headers, body: writer.bytes)
        let response = try await exchange(request, at: now, send)
        guard let answer = Self.read(response.bodyBytes) else {
            throw DeliveryFailure.temporary("\(method): the answer is not Slack's: \(response.shownBody)")
        }
        if let error = answer.error, !tolerating.contains(error) {
            let wait = response.retryAfter(at: now)
            throw DeliveryFailure(SlackError.kind(error) ?? .temporary(retryAfter: wait), "\(method): \(error)")
        }
        return answer
    }

    /// `{"ok":true,"channel","ts"}` or `{"ok":false,"error"}`; nil for anything else.
    private static func read(_ bytes: [UInt8]) -> Answer? {
        // An error says that it is no JSON.
        let parsed = try? JSONParser().parse(bytes) { root -> Answer? in
            switch root.member("ok")?.bool {
            case true?: Answer(channel: root.member("channel")?.string, ts: root.member("ts")?.string)
            case false?: Answer(error: root.member("error")?.string ?? "unknown")
            case nil: nil
            }
        }
        return parsed ?? nil  // An error says that it is no JSON.
    }
}
