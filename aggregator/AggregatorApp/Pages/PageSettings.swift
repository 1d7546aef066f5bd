import Alerting
import PartnerCatalog
import Runtime
import Transport

/// The section `partner_pages`, and each partner's `status_page`: what partners say of themselves while they have an
/// incident.
public struct PageSettings: Sendable {
    public var isEnabled = true
    public var watch = PageWatch.Configuration()
    public var web = WebClient.Configuration()
    /// Where to ask, by partner: the shipped ones, and the operator's before them.
    public var pages: [String: WebAddress] = [:]

    init() { readShipped() }

    init(_ root: SettingsSection) {
        self.init()
        let section = root.section("partner_pages")
        isEnabled = section.bool("enabled") ?? isEnabled
        watch.interval = section.duration("interval", in: .seconds(5)...(.seconds(3_600))) ?? watch.interval
        watch.intervalMax = max(watch.intervalMax, watch.interval)
        web.timeout = section.duration("timeout", in: .seconds(1)...(.seconds(60))) ?? .seconds(10)
        web.responseByteCountMax = PartnerPage.byteCountMax
        web.addresses.allowsPrivate = section.bool("allow_private") ?? false
        web.tls = ClientTLS(caFile: section.string("ca"))
        if let file = web.tls.caFile, !Files.exists(file) { section.report("ca", "there is no file \(file)") }
        for (partner, section) in root.namedSections("partners") where section.isPresent("status_page") {
            pages[partner] = NotifierSettings.address(section, "status_page")
        }
    }

    private mutating func readShipped() {
        for (partner, url) in Catalogue.statusPages { pages[partner] = WebAddress(url) }
    }
}
