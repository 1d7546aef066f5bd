import CallModel
import Storage

/// Where a page of a search ended, and since when calls are searched: a time told as a span before now moves from page to page, and
/// without this the oldest calls would be gone by the time the last page is asked for.
struct SearchCursor: Sendable, Equatable {
    var last: CallCursor
    var since: Instant

    /// Opaque to clients: the last call's place and the time, in hex.
    var text: String { last.text + hexText(UInt64(bitPattern: since.microsecondsSinceEpoch)) }

    /// As `/openapi.json` has it.
    static let pattern = "^00[01][0-9a-f]{33}(00[01][0-9a-f]{13}|ff[ef][0-9a-f]{13})$"

    init(last: CallCursor, since: Instant) {
        self.last = last
        self.since = since
    }

    init?(text: String) {
        guard text.utf8.count == 52, let last = CallCursor(text: String(text.prefix(36))),
            let bits = parseHex(text.suffix(16).utf8)
        else { return nil }
        let microseconds = Int64(bitPattern: bits)
        // Until 2255, and as far before 1970.
        guard (-(1 << 53)..<1 << 53).contains(microseconds) else { return nil }
        self.init(last: last, since: Instant(microsecondsSinceEpoch: microseconds))
    }
}
