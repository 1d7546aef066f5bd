import Alerting
import Documents

/// A message as Slack shows it: a text for notifications, and blocks within Slack's limits.
enum SlackMessage {
    static let sectionMax = 3_000
    static let textMax = 3_900

    /// Adds `text` and `blocks` to an object that is open.
    static func write(_ message: Message, to writer: inout JSONWriter) {
        writer.member("text", shortened(escaped(first(message)), byteCountMax: textMax))
        writer.array("blocks") { writer in
            section(escaped(first(message)), &writer)
            if !message.text.isEmpty { section(escaped(message.text), &writer) }
            actions(message, &writer)
            context(message, &writer)
        }
    }

    /// Telephones show the beginning: whose fault, since when, what to do, and nothing before that but the mark.
    static func first(_ message: Message) -> String {
        message.summary.isEmpty ? headline(message) : "\(mark(message.kind)) \(message.summary)"
    }

    private static func headline(_ message: Message) -> String {
        let word = message.kind == .test ? "test" : "\(message.severity), \(message.kind.rawValue)"
        return oneLine("\(mark(message.kind)) \(message.title) (\(word))", byteCountMax: 1_000)
    }

    private static func mark(_ kind: Message.Kind) -> String {
        switch kind {
        case .opened: "🔴"
        case .escalated: "🔺"
        case .updated: "🟠"
        case .acknowledged: "👀"
        case .resolved: "✅"
        case .notice: "ℹ️"
        case .test: "🧪"
        }
    }

    /// Slack's three characters; nothing else is special to it that a message could not carry.
    static func escaped(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            default: out.append(character)
            }
        }
        return out
    }

    private static func section(_ text: String, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("type", "section")
            writer.object("text") {
                $0.member("type", "mrkdwn")
                $0.member("text", shortenedByCharacters(text, sectionMax))
            }
        }
    }

    private static func actions(_ message: Message, _ writer: inout JSONWriter) {
        var buttons: [(text: String, url: String)] = []
        if let url = message.acknowledgeURL, message.kind != .resolved, message.kind != .acknowledged {
            buttons.append(("Acknowledge", url))
        }
        if let url = message.incidentURL { buttons.append(("Incident", url)) }
        if let url = message.runbookURL { buttons.append(("Runbook", url)) }
        // Slack refuses longer ones, and with them the whole message.
        buttons.removeAll { $0.url.utf8.count > 3_000 }
        guard !buttons.isEmpty else { return }
        writer.object { writer in
            writer.member("type", "actions")
            writer.array("elements") { writer in
                for button in buttons {
                    writer.object { writer in
                        writer.member("type", "button")
                        writer.object("text") {
                            $0.member("type", "plain_text")
                            $0.member("text", button.text)
                        }
                        writer.member("url", button.url)
                    }
                }
            }
        }
    }

    private static func context(_ message: Message, _ writer: inout JSONWriter) {
        let owner = message.owner.map { "owner \($0)" } ?? "unowned"
        let isIncident = message.kind != .test && message.kind != .notice
        let number =
            isIncident
            ? "incident \(message.incident), \(message.severity), \(message.kind.rawValue)" : message.kind.rawValue
        let text = oneLine(
            "\(number) · \(owner) · \(message.reason) · \(message.at.text(fractionDigits: 0))", byteCountMax: 1_900)
        writer.object { writer in
            writer.member("type", "context")
            writer.array("elements") { writer in
                writer.object {
                    $0.member("type", "mrkdwn")
                    $0.member("text", shortened(escaped(text), byteCountMax: 2_000))
                }
            }
        }
    }
}

/// Slack counts characters. Cut where an escape could be cut in two, the rest of it goes, too.
private func shortenedByCharacters(_ text: String, _ max: Int) -> String {
    guard text.unicodeScalars.count > max else { return text }
    var scalars = Array(text.unicodeScalars.prefix(max - 1))
    if let ampersand = scalars.lastIndex(of: "&"), scalars.count - ampersand < 5, !scalars[ampersand...].contains(";") {
        scalars.removeSubrange(ampersand...)
    }
    var out = String.UnicodeScalarView()
    out.append(contentsOf: scalars)
    return String(out) + "…"
}
