import CallModel
import Documents

/// What a partner's own status page says: read from it, or stated by one of us who has seen it.
///
/// It is evidence and nobody's word for the truth: pages are late, and some never admit anything. So it is told
/// beside what we see, and changes neither cause nor severity.
public struct PartnerPage: Sendable, Equatable {
    /// Scalars of `words`.
    public static let wordsMax = 200

    /// In the partner's words, without what cannot be seen; not empty.
    public var words: String
    /// Whether it admits that something is wrong. Announced maintenance is not.
    public var hasTrouble: Bool
    public var at: Instant
    /// Nil: it was read from the page.
    public var statedBy: String?

    /// Nil where there is nothing to see in the words.
    public init?(words: String, hasTrouble: Bool, at: Instant, statedBy: String? = nil) {
        let words = shown(words, max: Self.wordsMax)
        guard words.contains(where: { !$0.isWhitespace }) else { return nil }
        self.words = words
        self.hasTrouble = hasTrouble
        self.at = at
        self.statedBy = statedBy
    }
}

/// Statuspage's `/api/v2/summary.json` (and `status.json`, which is a part of it): `status.description` says it in
/// words, `status.indicator` is `none`, `minor`, `major`, `critical` or `maintenance`, and `incidents` has those that
/// are not over, the newest first. Whatever answers can say anything: what is not of this form is no statement.
extension PartnerPage {
    /// Of an answer; large partners list hundreds of components.
    public static let byteCountMax = 1 << 20

    public init?(statuspage bytes: [UInt8], at now: Instant) {
        let parser = JSONParser(byteCountMax: Self.byteCountMax)
        // An error says that it is no JSON, which many pages answer while they are down.
        guard let page = try? parser.parse(bytes, { PartnerPage($0, at: now) }) else { return nil }
        self = page
    }

    private init?(_ root: JSONValue, at now: Instant) {
        guard let status = root.member("status"), var words = status.member("description")?.string,
            let indicator = status.member("indicator")?.string
        else { return nil }
        var incident: String?
        root.member("incidents")?.forEachElement { element in
            guard incident == nil, let name = element.member("name")?.string, !name.isEmpty else { return }
            let state = element.member("status")?.string
            guard state != "resolved", state != "postmortem" else { return }
            incident = state.map { "\(name) (\($0))" } ?? name
        }
        if let incident { words += ": \(incident)" }
        self.init(
            words: words, hasTrouble: incident != nil || !["none", "maintenance"].contains(indicator), at: now)
    }
}

/// As a thread keeps it.
extension PartnerPage {
    func write(to writer: inout JSONWriter) {
        writer.member("words", words)
        writer.member("trouble", hasTrouble)
        writer.member("at", at)
        writer.member("stated_by", statedBy)
    }

    init?(_ json: JSONValue) {
        guard let words = json.member("words")?.string, let hasTrouble = json.member("trouble")?.bool,
            let at = json.instant("at")
        else { return nil }
        self.init(words: words, hasTrouble: hasTrouble, at: at, statedBy: json.member("stated_by")?.string)
    }
}
