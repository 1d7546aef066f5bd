import CallModel
import Crypto
import Documents
import Storage
import Synchronization
import Transport

/// What opens a share: `fwshare_` and 256 random bits in hex. The prefix lets scanners of leaked secrets know one.
struct ShareKey: Sendable {
    private static let prefix = "fwshare_"

    let text: String

    /// Nil for what cannot be a key: it is refused before the database is asked.
    init?(_ text: String) {
        let digits = text.utf8.dropFirst(Self.prefix.utf8.count)
        guard text.hasPrefix(Self.prefix), digits.count == 64, digits.allSatisfy({ $0 &- 48 < 10 || $0 &- 97 < 6 })
        else {
            return nil
        }
        self.text = text
    }

    private init(unchecked text: String) { self.text = text }

    static func random() -> ShareKey {
        var generator = SystemRandomNumberGenerator()
        return ShareKey(unchecked: prefix + (0..<4).map { _ in hexText(generator.next()) }.joined())
    }

    var hash: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }
}

/// The one path strangers may ask: what is behind a share's key, as a page or as HAR.
///
/// It has few places of its own, so that whoever floods it keeps nobody from the API.
func sharedRoute(_ sources: QuerySources) -> APIRoute {
    let door = SharedDoor()
    return APIRoute(
        pattern: "/shared/{key}", summary: "For outsiders: the evidence behind a link. Counted and written down.",
        access: .open,
        parameters: [APIParameter(name: "format", kind: .choice(["html", "har"]), summary: "`html` when absent.")],
        contentType: "text/html; charset=utf-8", otherContentTypes: ["application/json"], mayBeMissing: true
    ) { request in
        // Where links are off those that were made before are as good as none.
        guard sources.shares.areAllowed, let key = ShareKey(request.path["key"]!) else { throw noShare }
        guard door.enter() else {
            throw APIProblem(
                status: 503, title: "Too busy", detail: "as many links are being read as may be",
                headers: [("retry-after", "1")])
        }
        defer { door.leave() }
        guard let record = try await sources.shares.view(key.hash, request.head.peer.address) else { throw noShare }
        var response =
            request.query["format"] == "har"
            ? Response.json(record.har)
            : evidencePage(record, note: sharedNote)
        // Neither caches nor search engines keep what a link shows.
        response.headers.add("cache-control", "no-store")
        response.headers.add("x-robots-tag", "noindex, nofollow")
        return response
    }
}

/// Unknown, expired, ended and used up sound alike: a stranger learns nothing from the difference.
private let noShare = APIProblem(
    status: 404, title: "Not found", detail: "this link is not valid, or not any more",
    headers: [("cache-control", "no-store")],
    hint: "ask whoever sent it for a new one")

/// Views under way at once, of all shares together.
private final class SharedDoor: Sendable {
    private static let viewersMax = 8
    private let viewers = Atomic(0)

    func enter() -> Bool {
        if viewers.wrappingAdd(1, ordering: .relaxed).newValue <= Self.viewersMax { return true }
        leave()
        return false
    }

    func leave() { viewers.wrappingSubtract(1, ordering: .relaxed) }
}
