import CallModel
import Documents

extension Message {
    /// Beyond it a message is not read; the outbox holds what this program wrote.
    public static let jsonByteCountMax = 4 << 20

    /// As it lies in the outbox.
    public func json() -> [UInt8] {
        var writer = JSONWriter()
        writer.object { write(to: &$0) }
        return writer.bytes
    }

    /// The members alone, into an object that is open. The incident's number is text: it may be larger than what
    /// JavaScript's numbers hold.
    public func write(to writer: inout JSONWriter, withDocument: Bool = true) {
        writer.member("id", id)
        writer.member("incident", "\(incident)")
        writer.member("sequence", Int(sequence))
        writer.member("channel", channel)
        writer.member("kind", kind.rawValue)
        writer.member("at", at.text(fractionDigits: 9))
        writer.member("severity", severity)
        writer.member("title", title)
        writer.member("summary", summary)
        writer.member("text", text)
        writer.member("reason", reason)
        writer.member("owner", owner)
        writer.member("incident_url", incidentURL)
        writer.member("acknowledge_url", acknowledgeURL)
        writer.member("runbook_url", runbookURL)
        writer.object("labels") { writer in
            for name in labels.keys.sorted() { writer.member(name, labels[name]) }
        }
        if let toldWith { writer.member("told_with", toldWith) }
        writer.member("document", json: withDocument && !document.isEmpty ? document : Array("null".utf8))
    }

    /// Nil for bytes that are no message. Unknown members are let go: a later release may have written it.
    public init?(json bytes: [UInt8]) {
        let parser = JSONParser(byteCountMax: Self.jsonByteCountMax)
        // An error says that it is no JSON.
        guard let message = try? parser.parse(bytes, { Message($0) }) else { return nil }
        self = message
    }

    private init?(_ root: JSONValue) {
        guard let id = root.member("id")?.string, let incident = root.member("incident")?.string.flatMap(Int64.init),
            let sequence = root.member("sequence")?.int64.flatMap(Int32.init(exactly:)),
            let channel = root.member("channel")?.string,
            let kind = root.member("kind")?.string.flatMap(Kind.init(rawValue:)),
            let at = root.member("at")?.string.flatMap({ Instant(rfc3339: $0) }),
            let severity = root.member("severity")?.string, let title = root.member("title")?.string
        else { return nil }
        var labels: [String: String] = [:]
        root.member("labels")?.forEachMember { name, value in
            labels[String(decoding: name, as: UTF8.self)] = value.string
        }
        let document = root.member("document").flatMap { $0.kind == .object ? $0.serialized() : nil }
        self.init(
            id: id, incident: incident, sequence: sequence, channel: channel, kind: kind, at: at, severity: severity,
            title: title, summary: root.member("summary")?.string ?? "", text: root.member("text")?.string ?? "",
            reason: root.member("reason")?.string ?? "", owner: root.member("owner")?.string,
            incidentURL: root.member("incident_url")?.string, acknowledgeURL: root.member("acknowledge_url")?.string,
            runbookURL: root.member("runbook_url")?.string, labels: labels,
            toldWith: root.member("told_with")?.string, document: document ?? [])
    }
}
