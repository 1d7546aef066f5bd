import CallModel
import Drift
import QueryAPI
import Storage
import Synchronization

/// The web pages: the status of all partners at `/`, one partner at `/partners/{id}`, incidents at `/incidents` and
/// `/incidents/{id}`, what partners changed at `/drift`, and their style sheet.
///
/// Rendered here from the same documents the API serves, so that they can say nothing else; no script is needed. A page is made
/// once for each snapshot of the status, however many readers there are; those of incidents are read anew.
public struct DashboardPages: Sendable {
    private let history: @Sendable () -> HistorySnapshot?
    private let incidents: IncidentSources
    private let drifts: @Sendable (DriftFilter) async throws -> [DriftFinding]
    private let hosts: @Sendable () -> [HostEntry]
    private let version: String
    private let cache = PageCache()

    /// - Parameter history: of every partner, as far as it is known.
    public init(
        history: @escaping @Sendable () -> HistorySnapshot?, incidents: IncidentSources = IncidentSources(),
        drifts: @escaping @Sendable (DriftFilter) async throws -> [DriftFinding] = { _ in [] },
        hosts: @escaping @Sendable () -> [HostEntry] = { [] }, version: String
    ) {
        self.history = history
        self.incidents = incidents
        self.drifts = drifts
        self.hosts = hosts
        self.version = version
    }

    /// For `APIHandler`.
    public var pages: [WebPage] {
        [
            WebPage(pattern: "/") { _, status, now in page("/", status, now) { statusPage($0) } },
            WebPage(pattern: "/partners/{id}") { values, status, now in
                let id = values["id"] ?? ""
                return page("/partners/" + id, status, now) { partnerPage(id, $0) }
            },
            WebPage(pattern: "/incidents", isOfStatus: false) { _, _, now in
                try await incidentsPage(incidents, version: version, at: now)
            },
            WebPage(pattern: "/incidents/{id}", isOfStatus: false) { values, _, now in
                try await incidentPage(values["id"] ?? "", incidents, version: version, at: now)
            },
            WebPage(pattern: "/drift", isOfStatus: false) { _, _, now in
                try await driftPage(drifts, certificateEnds(hosts()), version: version, at: now)
            },
            WebPage(pattern: "/dashboard.css", contentType: "text/css; charset=utf-8") { _, _, _ in styleSheet },
        ]
    }

    private func page(
        _ path: String, _ status: PublishedStatus?, _ now: Instant, _ render: (PageInput) -> String?
    ) -> [UInt8]? {
        guard let status, let overview = status.document("/api/v1/status", at: now) else {
            return Array(waitingPage(version: version).utf8)
        }
        let history = history()
        let key = overview.entityTag + (history?.asOf.rfc3339 ?? "")
        return cache.bytes(path, key: key) {
            let input = PageInput(status: status, history: history, version: version, now: now)
            return render(input).map { Array($0.utf8) }
        }
    }
}

/// What a page is made from.
struct PageInput {
    var status: PublishedStatus
    var history: HistorySnapshot?
    var version: String
    var now: Instant
}

/// The latest rendering of each page. As many as there are partners; names that are none are not kept.
private final class PageCache: Sendable {
    private static let pagesMax = 2_000
    private let pages = Mutex<[String: (key: String, bytes: [UInt8])]>([:])

    func bytes(_ path: String, key: String, _ render: () -> [UInt8]?) -> [UInt8]? {
        if let known = pages.withLock({ $0[path] }), known.key == key { return known.bytes }
        guard let bytes = render() else { return nil }
        pages.withLock { pages in
            if pages.count >= Self.pagesMax { pages.removeAll() }
            pages[path] = (key, bytes)
        }
        return bytes
    }
}
