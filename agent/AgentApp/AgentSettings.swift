import CallModel
import PartnerCatalog
import Receivers
import Redaction
import Runtime
import Spool
import Transport

/// The agent's settings, checked.
public struct AgentSettings: Sendable {
    public var stateDirectory = "/var/lib/farwatch/agent"
    public var logLevel = "info"
    public var hostName: String
    public var region: String?
    public var environment: String?
    public var receiveAddress = ListenAddress(host: "127.0.0.1", port: 4318)
    public var trustHost = false
    public var receiveByteCountMax = 64 << 20
    public var healthAddress = ListenAddress(host: "127.0.0.1", port: 7070)
    public var endpoints = [Endpoint(url: "http://127.0.0.1:7443")!]
    public var token: Secret?
    public var tls: ClientTLS?
    public var spool = SpoolConfiguration()
    public var redaction = RedactionPolicy()
    public var catalogue = Catalogue.builtIn

    static let logLevels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]

    /// Reads the whole document; what is wrong is in the document's problems.
    init(_ root: SettingsSection, ownHostName: String) {
        stateDirectory = root.string("state_directory") ?? stateDirectory
        if !stateDirectory.hasPrefix("/") { root.report("state_directory", "must be an absolute path") }
        logLevel = root.section("log").choice("level", of: Self.logLevels) ?? logLevel
        let host = root.section("host")
        hostName = host.string("name") ?? ownHostName
        region = host.string("region")
        environment = host.string("environment")
        for (key, name) in [("name", hostName), ("region", region ?? ""), ("environment", environment ?? "")]
        where name.utf8.count > Limits.nameByteCountMax {
            host.report(key, "is longer than \(Limits.nameByteCountMax) bytes")
        }
        let receive = root.section("receive")
        receiveAddress = Self.address(receive, receiveAddress)
        if !receiveAddress.isLoopback { receive.report("listen", "only loopback may be listened on") }
        trustHost = receive.bool("trust_host") ?? trustHost
        receiveByteCountMax = receive.byteCount("body_bytes_max", in: 64 << 10...1 << 30) ?? receiveByteCountMax
        let health = root.section("health")
        healthAddress = Self.address(health, healthAddress)
        if !healthAddress.isLoopback { health.report("listen", "only loopback may be listened on") }
        readForward(root.section("forward"))
        spool.byteCountMax = root.section("spool").byteCount("max_bytes", in: 16 << 20...1 << 40) ?? spool.byteCountMax
        redaction = readRedactionPolicy(root.section("redaction"))
        catalogue = readCatalogue(root)
    }

    private mutating func readForward(_ section: SettingsSection) {
        let urls = section.strings("endpoints")
        let read = urls.compactMap { Endpoint(url: $0) }
        if read.count < urls.count {
            section.report("endpoints", "each must be a URL such as https://aggregator.example:7443")
        } else if !urls.isEmpty {
            endpoints = read
        }
        token = section.secret("token")
        let tlsSection = section.section("tls")
        let ca = tlsSection.string("ca")
        let certificate = tlsSection.string("certificate")
        let key = tlsSection.string("key")
        if (certificate == nil) != (key == nil) { tlsSection.report(nil, "certificate and key belong together") }
        if endpoints.contains(where: \.isTLS) {
            tls = ClientTLS(caFile: ca, certificateFile: certificate, keyFile: key)
        } else if ca != nil || certificate != nil {
            tlsSection.report(nil, "is set, but no endpoint begins with https://")
        }
        if endpoints.contains(where: { !$0.isTLS && !$0.isLoopback }) {
            section.report("endpoints", "http:// is for loopback only", hint: "use https://")
        }
        let batch = section.section("batch")
        spool.batchCallCountMax = batch.integer("calls_max", in: 1...65_536) ?? spool.batchCallCountMax
        spool.sealAge = batch.duration("age_max", in: .milliseconds(250)...(.seconds(60))) ?? spool.sealAge
        spool.compressionLevel = section.integer("compression_level", in: 1...19) ?? spool.compressionLevel
    }

    private static func address(_ section: SettingsSection, _ usual: ListenAddress) -> ListenAddress {
        guard let text = section.string("listen") else { return usual }
        guard let address = ListenAddress(text) else {
            section.report(
                "listen", "an address and a port are wanted", hint: "write it like 127.0.0.1:4318 or [::1]:4318")
            return usual
        }
        return address
    }
}

/// The operator's partners, and routes of ours that partners call, upon the shipped ones.
private func readCatalogue(_ root: SettingsSection) -> Catalogue {
    var partners: [PartnerDefinition] = []
    for (id, section) in root.namedSections("partners") {
        guard isName(id) else {
            section.report(nil, "a partner's id is 1 to 64 letters, digits, `.`, `_` or `-`")
            continue
        }
        partners.append(
            PartnerDefinition(
                id: id, name: section.string("name") ?? "",
                hosts: patterns(section, "hosts", "a host such as api.example.com, *.example.com or 127.0.0.1:9001") {
                    HostPattern($0)
                },
                webhookPaths: patterns(section, "webhook_paths", "a path such as /hooks/example") { RoutePattern($0) },
                routes: patterns(section, "routes", "a path such as /accounts/{account}") { RoutePattern($0) },
                source: "settings", verified: ""))
    }
    var listed: [ListedRoute] = []
    for section in root.sections("listed_routes") {
        guard let partner = section.string("partner"), let path = section.string("path") else {
            section.report(nil, "a listed route needs path and partner")
            continue
        }
        let method = section.string("method").map { $0.uppercased() + " " } ?? ""
        guard let pattern = RoutePattern(method + path) else {
            section.report("path", "a path such as /partner-api/{rest} is wanted")
            continue
        }
        listed.append(ListedRoute(partner: partner, pattern: pattern))
    }
    let unknown = root.choice("unknown_hosts", of: ["registrable_domain", "ignore"]).flatMap(UnknownHostPolicy.init)
    return Catalogue(
        builtIn: true, partners: partners, listedRoutes: listed, unknownHosts: unknown ?? .registrableDomain)
}

private func isName(_ id: String) -> Bool {
    (1...64).contains(id.utf8.count)
        && id.utf8.allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95: true
            default: false
            }
        }
}

private func patterns<Pattern>(
    _ section: SettingsSection, _ key: String, _ wanted: String, _ make: (String) -> Pattern?
) -> [Pattern] {
    section.strings(key).compactMap { text in
        let pattern = make(text)
        if pattern == nil { section.report(key, "\(wanted) is wanted") }
        return pattern
    }
}
