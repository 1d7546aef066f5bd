import Alerting
import CallModel
import Documents
import Storage

extension Quiet {
    /// Nil for what this release cannot read: a newer one wrote it.
    init?(_ record: QuietRecord) {
        guard let kind = Kind(kind: record.kind.rawValue, side: record.side),
            let matchers = parsed(record.matchers, { try? [Matcher]($0) })
        else { return nil }
        self.init(
            id: record.id, kind: kind, matchers: matchers, from: record.startsAt, until: record.endsAt,
            comment: record.comment)
    }
}

extension Owner {
    /// Nil for what this release cannot read: a newer one wrote it.
    init?(_ record: OwnerRecord) {
        guard let owner = parsed(record.document, { try? Owner($0) }) else { return nil }
        self = owner
    }
}

// Written by the API, which checked it: what cannot be read is a newer release's, and is left to that.
private func parsed<Value>(_ text: String, _ read: (JSONValue) -> Value?) -> Value? {
    try? JSONParser(byteCountMax: 1 << 20).parse(Array(text.utf8)) { read($0) }
}
