import CallModel
import CatalogueSettings
import Forwarder
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
    /// Whom the agent becomes when it was started as root; nil: it stays who it is.
    public var user: String?
    public var hostName: String
    public var region: String?
    public var environment: String?
    public var receive = ReceiveSettings()
    public var healthAddress = ListenAddress(host: "127.0.0.1", port: 7070)
    public var endpoints = [Endpoint(url: "http://127.0.0.1:7443")!]
    public var token: Secret?
    public var tls: ClientTLS?
    /// After this long, give or take a fifth, a connection to an aggregator is replaced.
    public var connectionAgeMax = ForwarderConfiguration(endpoints: []).connectionAgeMax
    /// Of endpoints that are reached through one, by their place (HTTPS_PROXY, NO_PROXY).
    public var proxies: [Int: Proxy] = [:]
    public var spool = SpoolConfiguration()
    public var capture = CaptureSettings()
    public var redaction = RedactionPolicy()
    public var catalogue = Catalogue.builtIn
    var published = CatalogueKeeper.Configuration()
    var attribution = AttributionSettings()
    var sent = SentLog.Configuration()
    var alarm = AggregatorAlarm.Configuration()

    static let logLevels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]

    /// Reads the whole document; what is wrong is in the document's problems.
    init(_ root: SettingsSection, ownHostName: String) {
        stateDirectory = root.string("state_directory") ?? stateDirectory
        if !stateDirectory.hasPrefix("/") { root.report("state_directory", "must be an absolute path") }
        logLevel = root.section("log").choice("level", of: Self.logLevels) ?? logLevel
        user = root.string("user")
        if let user { Self.check(user, root) }
        let host = root.section("host")
        hostName = host.string("name") ?? ownHostName
        region = host.string("region")
        environment = host.string("environment")
        for (key, name) in [("name", hostName), ("region", region ?? ""), ("environment", environment ?? "")]
        where name.utf8.count > Limits.nameByteCountMax {
            host.report(key, "is longer than \(Limits.nameByteCountMax) bytes")
        }
        receive = ReceiveSettings(root.section("receive"))
        let health = root.section("health")
        healthAddress = listenAddress(health, healthAddress)
        if !healthAddress.isLoopback { health.report("listen", "only loopback may be listened on") }
        readForward(root.section("forward"))
        spool.byteCountMax = root.section("spool").byteCount("max_bytes", in: 1 << 20...1 << 40) ?? spool.byteCountMax
        capture = CaptureSettings(root.section("capture"))
        redaction = readRedactionPolicy(root.section("redaction"))
        catalogue = readCatalogue(root)
        let published = root.section("catalogue")
        self.published.isWanted = published.bool("published") ?? self.published.isWanted
        self.published.interval =
            published.duration("interval", in: .seconds(1)...(.seconds(86_400))) ?? self.published.interval
        attribution = AttributionSettings(root, region: region, environment: environment)
        let sent = root.section("sent")
        self.sent.byteCountMax = sent.byteCount("max_bytes", in: 0...1 << 40) ?? self.sent.byteCountMax
        self.sent.ageMax =
            sent.duration("max_age", in: .seconds(60)...(.seconds(30 * 86_400))) ?? self.sent.ageMax
    }

    private static func check(_ user: String, _ root: SettingsSection) {
        do throws(ProcessError) {
            if try UserIdentity.named(user).user == 0 { root.report("user", "must be another than root") }
        } catch {
            root.report("user", "\(error)", hint: "`useradd --system \(user)` makes one")
        }
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
            let tls = ClientTLS(caFile: ca, certificateFile: certificate, keyFile: key)
            TLSFiles.check([("ca", ca), ("certificate", certificate), ("key", key)], of: tls, tlsSection)
            self.tls = tls
        } else if ca != nil || certificate != nil {
            tlsSection.report(nil, "is set, but no endpoint begins with https://")
        }
        if endpoints.contains(where: { !$0.isTLS && !$0.isLoopback }) {
            section.report("endpoints", "http:// is for loopback only", hint: "use https://")
        }
        connectionAgeMax =
            section.duration("connection_age", in: .seconds(1)...(.seconds(86_400))) ?? connectionAgeMax
        let batch = section.section("batch")
        spool.batchCallCountMax = batch.integer("calls_max", in: 1...65_536) ?? spool.batchCallCountMax
        spool.sealAge = batch.duration("age_max", in: .milliseconds(250)...(.seconds(60))) ?? spool.sealAge
        spool.compressionLevel = section.integer("compression_level", in: 1...19) ?? spool.compressionLevel
        readAlarm(section.section("alarm"))
    }

    private mutating func readAlarm(_ section: SettingsSection) {
        // A heartbeat goes every ten seconds: less would be told while all is well.
        alarm.after = section.duration("after", in: .seconds(15)...(.seconds(86_400))) ?? alarm.after
        alarm.repeatInterval = section.duration("repeat", in: .seconds(60)...(.seconds(86_400))) ?? alarm.repeatInterval
        alarm.command = section.strings("command")
        if let program = alarm.command.first, !program.hasPrefix("/") {
            section.report("command", "must begin with the absolute path of a program")
        } else if let program = alarm.command.first, !Files.exists(program) {
            section.report("command", "there is no file \(program)")
        }
        if let url = section.secret("url") {
            alarm.url = WebAddress(url.reveal)
            if alarm.url == nil {
                section.report("url", "an http or https URL is wanted, without a user in it")
            }
        }
        alarm.subject = endpoints.map { "\($0)" }.sorted().joined(separator: " ")
        alarm.ca = section.string("ca")
        if let file = alarm.ca, !Files.exists(file) { section.report("ca", "there is no file \(file)") }
    }
}
