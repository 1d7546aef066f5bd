import CallModel
import Incidents

/// What partners' own status pages say.
extension AlertingCore {
    /// Partners whose page would tell something now, those of the severest incidents first.
    public var pagesWanted: [String] {
        let open = threads.values.filter { !$0.isOver && $0.report.mayBeTheirs }.sorted {
            ($0.report.severity, $1.report.id) > ($1.report.severity, $0.report.id)
        }
        var partners: [String] = []
        for partner in open.flatMap(\.report.partners) where !partners.contains(partner) { partners.append(partner) }
        return partners
    }

    /// A page was read. What it says is in the next message; only that it admits a trouble, which nobody has
    /// acknowledged yet, is news by itself, once.
    public mutating func pageSays(_ page: PartnerPage, of partner: String) {
        for (id, thread) in threads where thread.report.mayBeTheirs && thread.report.partners.contains(partner) {
            guard thread.pages[partner] != page else { continue }
            threads[id]?.pages[partner] = page
            threads[id]?.showPage()
            wakes[id]?.at = .distantPast
        }
    }

    /// By partner, what is known of the pages of those that have an incident.
    public var pages: [String: PartnerPage] {
        var pages: [String: PartnerPage] = [:]
        for thread in threads.values.sorted(by: { $0.report.id < $1.report.id }) where !thread.isOver {
            for partner in thread.report.partners {
                if let page = thread.stated ?? thread.pages[partner] { pages[partner] = page }
            }
        }
        return pages
    }
}

extension IncidentReport {
    /// Where the cause is unknown, what the partner says helps to know it.
    var mayBeTheirs: Bool { kind.isTheirs || kind == .unknown }
}

extension AlertThread {
    /// What is told: a person's statement before the pages, and of several pages one that admits something.
    var page: (partner: String?, page: PartnerPage)? {
        if let stated { return (nil, stated) }
        let told = report.partners.compactMap { partner in pages[partner].map { (partner, $0) } }
        return (told.first { $0.1.hasTrouble } ?? told.first).map { ($0.0, $0.1) }
    }

    /// Puts it into the report, of which messages and documents are made.
    mutating func showPage() {
        guard let (partner, page) = page else { return report.partnerPage = nil }
        let index = report.partners.count > 1 ? partner.flatMap { report.partners.firstIndex(of: $0) } : nil
        let name = index.flatMap { $0 < report.partnerNames.count ? report.partnerNames[$0] : nil }
        report.partnerPage = name.map { "\($0): \(page.words)" } ?? page.words
    }
}
