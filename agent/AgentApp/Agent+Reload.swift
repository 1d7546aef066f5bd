import Forwarder
import Logging
import Receivers
import Runtime
import Spool
import Transport

extension Agent {
    /// Takes other settings while it runs. Calls already under way are finished by those they began with; nothing is lost.
    ///
    /// - Returns: the settings that have changed and take effect at the next start only.
    @discardableResult
    public func use(_ settings: AgentSettings) async -> [String] {
        let running = live.current
        let waiting = settings.waitingForStart(since: running)
        let next = settings.inForce(since: running)
        live.replace(next)
        await nameCalls(by: next)
        handler.use(receiverConfiguration(next, express))
        await spool.use(next.spool)
        if next.reachesAggregator(unlike: running) {
            await forwarder.use(forwarderConfiguration(next), token: next.token)
        }
        do throws(TransportError) {
            try receiver.reloadCertificates()
        } catch {
            logger.error(
                "the receivers' certificate cannot be read; the old one stays", metadata: ["error": "\(error)"])
        }
        reloads.wereUsed()
        return waiting
    }

    /// New settings were not valid; those in use stay, and a metric says so until others are.
    public func settingsWereRefused() { reloads.wereRefused() }

    private func nameCalls(by settings: AgentSettings) async {
        let version = pipeline.use(settings)
        do throws(SpoolError) {
            try await spool.setCatalogueVersion(version)
        } catch {
            logger.warning("the open batch could not be sealed", metadata: ["error": "\(error)"])
        }
    }
}

extension AgentSettings {
    /// A way that did not change keeps its connection, and the wait it has earned.
    fileprivate func reachesAggregator(unlike other: AgentSettings) -> Bool {
        endpoints != other.endpoints || proxies != other.proxies || tls != other.tls
            || connectionAgeMax != other.connectionAgeMax || token?.reveal != other.token?.reveal
    }
}

func receiverConfiguration(_ settings: AgentSettings, _ express: ExpressLanes) -> ReceiverConfiguration {
    var receiving = ReceiverConfiguration(hostName: settings.hostName)
    receiving.trustHost = settings.receive.trustHost
    receiving.bodyByteCountMax = settings.receive.byteCountMax
    if let names = settings.attribution.otlpCustomers { receiving.otlp.customerAttributes = names }
    if let fields = settings.attribution.moesifCustomers { receiving.moesifCustomerFields = fields }
    receiving.shortcuts = express
    receiving.tokens = AcceptedTokens(settings.receive.tokens.map(\.reveal))
    return receiving
}
