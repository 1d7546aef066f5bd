import Alerting
import CallModel

/// A message as mail (RFC 5322, MIME): plain text in UTF-8, one thread an incident.
///
/// All mails of an incident through a channel refer to the first one's `Message-ID`, which is made from the incident's
/// number and known without having been kept: mail programs put them into one thread. An attempt that is repeated has
/// the same id, by which most servers and programs know a repetition.
struct MailMessage {
    var from: String
    var to: [String]

    func bytes(_ message: Message, at now: Instant) -> [UInt8] {
        let domain = from.split(separator: "@").last.map(String.init) ?? "localhost"
        let root = "<farwatch-\(message.incident)-\(message.channel)@\(domain)>"
        let isFirst = message.sequence == 1 && message.kind != .test
        var fields = [
            ("Date", now.internetDate), ("From", "Farwatch <\(from)>"),
            ("To", to.joined(separator: ",\r\n ")), ("Subject", MailText.header(subject(message))),
            ("Message-ID", isFirst ? root : "<farwatch-\(Self.idPart(message.id))@\(domain)>"),
        ]
        if !isFirst, message.kind != .test { fields += [("In-Reply-To", root), ("References", root)] }
        fields += [
            ("Auto-Submitted", "auto-generated"), ("X-Farwatch-Message", Self.idPart(message.id)),
            ("X-Farwatch-Incident", "\(message.incident)"), ("X-Farwatch-Kind", message.kind.rawValue),
            ("MIME-Version", "1.0"), ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "quoted-printable"),
        ]
        if message.kind == .opened || message.kind == .escalated, message.severity == "critical" {
            fields.append(("Importance", "high"))
        }
        let head = fields.map { "\($0.0): \($0.1)\r\n" }.joined()
        return Array((head + "\r\n").utf8) + MailText.quotedPrintable(body(message))
    }

    /// The same for all of an incident but for what happened, which mail programs leave out when they thread by
    /// subject.
    private func subject(_ message: Message) -> String {
        let word = message.kind == .test ? "test" : "\(message.severity) \(message.kind.rawValue)"
        return oneLine("[farwatch] [\(word)] \(message.title)", byteCountMax: 400)
    }

    private func body(_ message: Message) -> String {
        var parts = [message.summary, message.text].filter { !$0.isEmpty }
        let links = [
            ("Acknowledge", message.acknowledgeURL), ("Incident", message.incidentURL), ("Runbook", message.runbookURL),
        ]
        let lines = links.compactMap { name, url in url.map { "\(name): \($0)" } }
        if !lines.isEmpty { parts.append(lines.joined(separator: "\n")) }
        parts.append("Owner: \(message.owner ?? "nobody")\nSent because: \(message.reason)")
        return parts.joined(separator: "\n\n") + "\n"
    }

    /// What may stand in an id (RFC 5322, section 3.2.3) and in a header without encoding.
    private static func idPart(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "_" })
    }
}
