import Alerting
import CallModel
import Logging
import NIOCore
import Runtime
import Synchronization
import Transport

/// Reads the status pages of partners that have an incident, as long as this aggregator decides.
///
/// A page is a stranger: its answer is bounded in time and size, redirects are not followed, addresses of our own
/// network are refused unless the settings allow them, and what is not of the form is no statement. Nothing waits for
/// it; what it says goes to the decider, which takes it in with its next round.
final class PageKeeper: Sendable {
    private struct State {
        var settings: PageSettings
        var watch: PageWatch
        var client: WebClient
        /// Partners whose page could not be read the last time.
        var failing: Set<String> = []
    }

    private let state: Mutex<State>
    private let group: any EventLoopGroup
    private let wanted: @Sendable () -> [String]
    private let tell: @Sendable (_ partner: String, PartnerPage) -> Void
    private let done: Counter
    private let failed: Counter
    private let logger: Logger

    /// - Parameter wanted: partners whose page would tell something now; none while another aggregator decides.
    init(
        _ settings: PageSettings, wanted: @escaping @Sendable () -> [String],
        tell: @escaping @Sendable (_ partner: String, PartnerPage) -> Void, group: any EventLoopGroup,
        _ metrics: MetricsRegistry, logger: Logger
    ) {
        (self.wanted, self.tell, self.group, self.logger) = (wanted, tell, group, logger)
        state = Mutex(
            State(
                settings: settings, watch: PageWatch(settings.watch), client: Self.client(settings, group)))
        let help = "Partners' status pages that were asked, by whether they could be read."
        done = metrics.counter("farwatch_partner_page_reads_total", help: help, labels: [("result", "read")])
        failed = metrics.counter("farwatch_partner_page_reads_total", help: help, labels: [("result", "failed")])
        metrics.counter(
            "farwatch_partner_page_left_out_total",
            help: "Partners whose page was not asked because too many have an incident, each time.",
            read: { [weak self] in Double(self?.state.withLock { $0.watch.leftOutCount } ?? 0) })
    }

    func use(_ settings: PageSettings) {
        let client = Self.client(settings, group)
        state.withLock { state in
            state.settings = settings
            state.watch = PageWatch(settings.watch)
            state.client = client
        }
    }

    /// Runs until cancelled; looks under way are broken off then.
    func run() async {
        await withDiscardingTaskGroup { tasks in
            while !Task.isCancelled {
                let wanted = wanted()
                for (partner, address, client) in begin(wanted) {
                    tasks.addTask { await self.read(partner, address, client) }
                }
                do {
                    try await Task.sleep(for: .seconds(1))
                } catch {
                    return  // Cancelled.
                }
            }
        }
    }

    private func begin(_ wanted: [String]) -> [(partner: String, WebAddress, WebClient)] {
        state.withLock { state in
            guard state.settings.isEnabled else { return [] }
            let pages = state.settings.pages
            let due = state.watch.begin(wanted.filter { pages[$0] != nil }, at: currentInstant())
            let client = state.client
            return due.compactMap { partner in pages[partner].map { (partner, $0, client) } }
        }
    }

    private func read(_ partner: String, _ address: WebAddress, _ client: WebClient) async {
        var (page, error): (PartnerPage?, String?) = (nil, nil)
        do throws(TransportError) {
            let request = WebRequest(
                method: "GET", address.appending("/api/v2/summary.json"), headers: ["accept": "application/json"])
            let response = try await client.send(request)
            if response.status == 200 {
                page = PartnerPage(statuspage: Array(response.body.readableBytesView), at: currentInstant())
                if page == nil { error = "the answer is not of Statuspage's form" }
            } else {
                error =
                    "HTTP \(response.status)" + (300..<400 ~= response.status ? " (redirects are not followed)" : "")
            }
        } catch let failure {
            error = "\(failure)"
        }
        guard !Task.isCancelled else { return }
        if let page { tell(partner, page) }
        ended(partner, error)
    }

    private func ended(_ partner: String, _ error: String?) {
        (error == nil ? done : failed).add()
        let isNew = state.withLock { state in
            state.watch.ended(partner, succeeded: error == nil, at: currentInstant())
            return error == nil ? state.failing.remove(partner) != nil : state.failing.insert(partner).inserted
        }
        guard isNew else { return }
        if let error {
            logger.warning(
                "a partner's status page cannot be read", metadata: ["partner": "\(partner)", "error": "\(error)"])
        } else {
            logger.notice("a partner's status page can be read again", metadata: ["partner": "\(partner)"])
        }
    }

    private static func client(_ settings: PageSettings, _ group: any EventLoopGroup) -> WebClient {
        var web = settings.web
        web.proxy = outgoingProxy(ThisProcess.environment)
        return WebClient(web, group: group)
    }
}
