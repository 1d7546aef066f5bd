import Alerting
import CallModel
import CatalogueSettings
import Drift
import Incidents
import Ingest
import Notifiers
import Runtime
import Storage
import Transport

/// The aggregator's settings, checked.
public struct AggregatorSettings: Sendable {
    public var stateDirectory = "/var/lib/farwatch/aggregator"
    public var logLevel = "info"
    /// Nil: the private embedded server.
    public var databaseURL: Secret?
    public var databaseConnections = 8
    public var ingestAddress = ListenAddress(host: "127.0.0.1", port: 7443)
    public var apiAddress = ListenAddress(host: "127.0.0.1", port: 7080)
    public var publicStatus = false
    /// Whether links for outsiders may be made and used.
    public var shares = false
    /// Where people reach the API, for links in messages; nil: messages have none.
    public var publicURL: String?
    public var tls: ServerTLS?
    /// Of the listener of ingest: `tls`, and whom client certificates are asked of.
    public var ingestTLS: ServerTLS?
    /// Which client certificates stand for a token; nil: none.
    public var certificates: CertificateRule?
    public var ingest = IngestConfiguration()
    public var retention = RetentionPolicy()
    public var incidents = IncidentCore.Configuration()
    public var alerting = AlertingCore.Configuration()
    public var notifiers: [NotifierChannel] = []
    /// Changes of partners that are told by messages.
    var driftKinds = DriftTelling.usualKinds
    public var heartbeat: HeartbeatSettings?
    public var pages = PageSettings()
    /// What is valid and still unwise, for people.
    public var warnings: [String] = []
    /// Names for the status page, by partner id.
    public var partnerNames: [String: String] = [:]

    /// What agents are told of these partners.
    var catalogue = PublishedCatalogue.empty
    /// What everybody else is told of them and of those that Farwatch ships.
    var wholeCatalogue = WholeCatalogue([])

    public init() {}

    static let logLevels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]

    /// Reads the whole document; what is wrong is in the document's problems.
    init(_ root: SettingsSection) {
        stateDirectory = root.string("state_directory") ?? stateDirectory
        if !stateDirectory.hasPrefix("/") { root.report("state_directory", "must be an absolute path") }
        logLevel = root.section("log").choice("level", of: Self.logLevels) ?? logLevel
        readDatabase(root.section("database"))
        tls = Self.tls(root.section("tls"))
        let ingestSection = root.section("ingest")
        ingestAddress = Self.address(ingestSection, ingestAddress)
        ingest.batchByteCountMax =
            ingestSection.byteCount("body_bytes_max", in: 64 << 10...512 << 20) ?? ingest.batchByteCountMax
        ingest.batchLimits.byteCountMax = ingest.batchByteCountMax
        ingest.waitingByteCountMax =
            ingestSection.byteCount("waiting_bytes_max", in: 1 << 20...64 << 30) ?? ingest.waitingByteCountMax
        (ingestTLS, certificates) = Self.clientCertificates(ingestSection.section("client_certificates"), with: tls)
        let api = root.section("api")
        apiAddress = Self.address(api, apiAddress)
        publicStatus = api.bool("public_status") ?? publicStatus
        shares = api.bool("shares") ?? shares
        publicURL = Self.publicURL(api)
        for (section, address) in [(ingestSection, ingestAddress), (api, apiAddress)]
        where tls == nil && !address.isLoopback {
            section.report(
                "listen", "without TLS only loopback may be listened on", hint: "set tls.certificate and tls.key")
        }
        let kept = root.section("retention")
        retention.calls = kept.duration("calls", in: .seconds(3_600)...(.seconds(3_650 * 86_400))) ?? retention.calls
        retention.minutes =
            kept.duration("minutes", in: .seconds(3_600)...(.seconds(3_650 * 86_400))) ?? retention.minutes
        retention.hours =
            kept.duration("hours", in: .seconds(86_400)...(.seconds(3_650 * 86_400))) ?? retention.hours
        retention.byteCountMax = kept.byteCount("max_bytes", in: 16 << 20...1 << 50)
        incidents = IncidentCore.Configuration(root.section("detection"))
        alerting = AlertingCore.Configuration(root)
        alerting.forgetAfter = max(alerting.forgetAfter, incidents.reopenWithin + .seconds(3_600))
        let notifierSettings = NotifierSettings(root)
        notifiers = notifierSettings.channels
        warnings += notifierSettings.warnings
        readDrift(root.section("drift"))
        heartbeat = HeartbeatSettings(root.section("heartbeat"))
        if heartbeat == nil, !notifiers.isEmpty {
            warnings.append("there is no `heartbeat`: nothing outside notices when nobody can be told")
        }
        pages = PageSettings(root)
        readPublished(root)
        if root.section("storage").bool("citus") == true {
            root.section("storage").report("citus", "distribution by Citus is not built yet", hint: "leave it at false")
        }
    }

    private mutating func readPublished(_ root: SettingsSection) {
        let partners = readPartners(root, by: .aggregator)
        // One without a name adds to a shipped partner, whose name stays.
        for partner in partners where !partner.name.isEmpty { partnerNames[partner.id] = partner.name }
        do throws(PublishedCatalogue.Flaw) {
            guard !partners.isEmpty else { return }
            catalogue = try PublishedCatalogue(partners)
            wholeCatalogue = WholeCatalogue(partners)
        } catch {
            root.report("partners", "what is published of them \(error)")
        }
    }

    private mutating func readDrift(_ section: SettingsSection) {
        if section.bool("messages") == false { driftKinds = [] }
        let names = section.strings("kinds")
        let known = DriftFinding.Kind.allCases.map(\.rawValue)
        for name in names where !known.contains(name) {
            section.report(
                "kinds", "no kind of change is called `\(name)`", hint: "there are \(known.joined(separator: ", "))")
        }
        if !names.isEmpty, !driftKinds.isEmpty { driftKinds = names.compactMap(DriftFinding.Kind.init) }
    }

    private mutating func readDatabase(_ section: SettingsSection) {
        databaseURL = section.secret("url")
        databaseConnections = section.integer("connections", in: 3...100) ?? databaseConnections
    }

    private static func tls(_ section: SettingsSection) -> ServerTLS? {
        let (certificate, key) = (section.string("certificate"), section.string("key"))
        guard let certificate, let key else {
            if certificate != nil || key != nil { section.report(nil, "certificate and key belong together") }
            return nil
        }
        let tls = ServerTLS(certificateFile: certificate, keyFile: key)
        TLSFiles.check([("certificate", certificate), ("key", key)], of: tls, section)
        return tls
    }

    /// The listener's TLS with them, and what they are good for.
    private static func clientCertificates(
        _ section: SettingsSection, with tls: ServerTLS?
    ) -> (tls: ServerTLS?, rule: CertificateRule?) {
        let ca = section.string("ca")
        let isRequired = section.bool("required") ?? false
        var rule = CertificateRule()
        rule.names = section.strings("names").map { $0.lowercased() }
        rule.refused = Set(section.strings("refused").map { $0.lowercased() })
        rule.ownAgentOnly = section.bool("own_agent_only") ?? false
        for name in rule.names where name.count(where: { $0 == "*" }) > CertificateRule.starsMax {
            section.report("names", "`\(name)` has more than \(CertificateRule.starsMax) stars")
        }
        guard let ca else {
            if isRequired || rule != CertificateRule() {
                section.report(nil, "`ca` is missing", hint: "say whose certificates are meant: a PEM file")
            }
            return (tls, nil)
        }
        guard var tls else {
            section.report("ca", "certificates need TLS", hint: "set tls.certificate and tls.key")
            return (nil, nil)
        }
        tls.clientCAFile = ca
        tls.isClientCertificateRequired = isRequired
        TLSFiles.check([("ca", ca)], of: tls, section)
        return (tls, rule)
    }

    private static func publicURL(_ section: SettingsSection) -> String? {
        guard let text = section.string("public_url") else { return nil }
        guard Endpoint(url: text) != nil else {
            section.report("public_url", "no address", hint: "write it like https://farwatch.example")
            return nil
        }
        let length = text.unicodeScalars.count - (text.hasSuffix("/") ? 1 : 0)
        if length > Message.publicURLMax {
            section.report(
                "public_url", "an address of at most \(Message.publicURLMax) characters is wanted",
                hint:
                    "links stand within the first 300 of a message: give this address a shorter name"
            )
        }
        return text
    }

    private static func address(_ section: SettingsSection, _ usual: ListenAddress) -> ListenAddress {
        guard let text = section.string("listen") else { return usual }
        guard let address = ListenAddress(text) else {
            section.report(
                "listen", "an address and a port are wanted", hint: "write it like 127.0.0.1:7443 or [::1]:7443")
            return usual
        }
        return address
    }
}
