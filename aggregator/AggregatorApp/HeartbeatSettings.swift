import Runtime
import Transport

/// The section `heartbeat`: an address outside that notices when this aggregator does not call any more.
public struct HeartbeatSettings: Sendable {
    public var address: WebAddress
    public var method: String
    public var every: Duration
    /// Calls stop when nothing was decided, or the outbox not looked at, for so long.
    public var staleAfter: Duration
    /// Calls stop when a message has waited for so long and no channel took it.
    public var undeliveredAfter: Duration
    public var web = WebClient.Configuration()

    /// Nil where none is set.
    init?(_ section: SettingsSection) {
        let isSet = !section.isEmpty
        let every = section.duration("every", in: .seconds(5)...(.seconds(3_600))) ?? .seconds(60)
        let staleAfter = section.duration("stale_after", in: .seconds(5)...(.seconds(3_600))) ?? .seconds(60)
        let undeliveredAfter =
            section.duration("undelivered_after", in: .seconds(10)...(.seconds(86_400))) ?? .seconds(600)
        let method = section.choice("method", of: ["GET", "POST"]) ?? "GET"
        let (allowsPrivate, caFile) = (section.bool("allow_private") ?? false, section.string("ca"))
        guard isSet else {
            _ = section.isPresent("url")
            return nil
        }
        guard let address = NotifierSettings.address(section, "url") else { return nil }
        self.address = address
        self.method = method
        self.every = every
        (self.staleAfter, self.undeliveredAfter) = (staleAfter, undeliveredAfter)
        web.addresses.allowsPrivate = allowsPrivate
        web.tls = ClientTLS(caFile: caFile)
    }
}

/// The proxy that this process's environment names for an endpoint (`HTTPS_PROXY`, `NO_PROXY`). A variable that is no
/// proxy's address means the direct way, and `validate` warns of it.
func outgoingProxy(_ environment: [String: String]) -> @Sendable (Endpoint) -> Proxy? {
    { endpoint in try? Proxy.named(by: environment, for: endpoint) }
}

/// A warning where the environment names a proxy that is none.
func proxyWarning(_ environment: [String: String]) -> String? {
    do throws(ProxySettingError) {
        _ = try Proxy.named(by: environment, for: Endpoint(isTLS: true, host: "example.com", port: 443))
        return nil
    } catch {
        return "\(error)"
    }
}
