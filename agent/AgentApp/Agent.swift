import BatchFormat
import CallModel
import CatalogueSettings
import Documents
import Forwarder
import Logging
import NIOCore
import NIOPosix
import Privileges
import Probes
import Receivers
import Runtime
import Spool
import Transport

/// The agent, wired: receivers, pipeline, spool and forwarder, and the page that tells how they are.
public final class Agent: Sendable {
    public static let version = "0.1.0"

    public let receiveAddress: ListenAddress
    public let healthAddress: ListenAddress

    let live: LiveSettings
    let spool: Spool
    let pipeline: CallPipeline
    let handler: ReceiverHandler
    let express: ExpressLanes
    let receiver: HTTPServer
    let forwarder: Forwarder
    let reloads: ReloadMetrics
    let logger: Logger
    private let sent: SentLog
    private let health: HTTPServer
    private let probes: ProbeCapture
    private let packets: PacketCapture
    private let forwarding: Task<Void, Never>
    private let catalogueKeeping: Task<Void, Never>?
    private let alarming: Task<Void, Never>
    private let releasing: Task<Void, Never>?
    private let watchingPrivileges: Task<Void, Never>
    private let group: MultiThreadedEventLoopGroup

    /// Returns when it takes calls.
    /// - Parameter part: Whom to ask for what needs privilege; nil for this process itself.
    public static func start(
        _ settings: AgentSettings, _ part: PrivilegedPart? = nil, logger: Logger
    ) async throws -> Agent {
        do {
            try Files.createDirectory(settings.stateDirectory, mode: 0o700)
        } catch {
            // The spool tries again while the agent runs, and says so.
            logger.warning("the state directory cannot be made", metadata: ["error": "\(error)"])
        }
        return try await Agent(settings, part ?? PrivilegeSeparation.part(over: nil), logger: logger)
    }

    private init(_ settings: AgentSettings, _ part: PrivilegedPart, logger: Logger) async throws {
        self.logger = logger
        let live = LiveSettings(settings)
        self.live = live
        let metrics = MetricsRegistry()
        metrics.addProcessMetrics()
        reloads = ReloadMetrics(metrics)
        let agentID = AgentIdentity.load(settings.stateDirectory, hostName: settings.hostName, logger: logger)
        let published = KeptCatalogue.load(settings, logger)
        let pipeline = CallPipeline(settings, metrics, published: published?.partners ?? [])
        self.pipeline = pipeline
        let spool = try Spool(
            directory: settings.spoolDirectory, configuration: settings.spool,
            catalogueVersion: pipeline.catalogue.version)
        self.spool = spool
        spool.register(in: metrics)
        let sent = try SentLog(
            directory: settings.sentDirectory, settings.sent, metrics: metrics, logger: logger)
        self.sent = sent
        let tapToken = LocalToken.make(in: settings.stateDirectory, logger)
        let startedAt = Instant(nanosecondsSinceEpoch: WallClock.now())
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

        let express = ExpressLanes(pipeline, metrics)
        self.express = express
        let take: @Sendable (SeenCalls.Taken, Instant) -> Void = { seen, now in
            let kept = pipeline.process(seen.calls, .seen, at: now).calls + pipeline.join(seen.apart, at: now)
            spool.append(kept, encoded: seen.encoded) { _ in }  // What the spool refuses it counts.
        }
        let probes = ProbeCapture(settings, part, metrics: metrics, logger: logger) { calls, processes, now in
            spool.append(pipeline.process(calls, .seen, processes: processes, at: now).calls) { _ in }  // As above.
        }
        self.probes = probes
        let packets = try PacketCapture(
            settings, part, lanes: express, metrics: metrics, logger: logger, endpoints: { live.current.endpoints },
            probesRead: { probes.tellFailures }, lookingCPU: { probes.state.lookingCPU }, take: take)
        self.packets = packets
        let privileges = PrivilegeWatch(part, metrics, logger: logger)
        let coverage = PartnerCoverage()
        let forwarder = Forwarder(
            forwarderConfiguration(settings), source: source(spool, settings.sent.byteCountMax > 0 ? sent : nil),
            agentID: agentID, token: settings.token,
            heartbeat: {
                let now = Instant(nanosecondsSinceEpoch: WallClock.now())
                return Heartbeat(
                    settings: live.current, catalogue: pipeline.catalogue, spool: spool.level,
                    statistics: spool.statistics, probes: probes.state, packets: packets.state,
                    coverage: coverage.figures(
                        PartnerCoverage.Sources(packets, probes, pipeline), pipeline.catalogue, at: now),
                    certificates: PartnerCoverage.certificateEnds(
                        packets.state.connections, pipeline.catalogue, at: now), now: now
                ).json()
            },
            metrics: ForwarderMetrics(registry: metrics), group: group,
            logger: logger)
        self.forwarder = forwarder
        spool.onSealed { forwarder.wake() }
        spool.onNotice { notice in logger.warning("spool: \(notice)") }
        let handler = try ReceiverHandler(
            configuration: receiverConfiguration(settings, express), metrics: ReceiverMetrics(registry: metrics)
        ) { calls, context, completion in
            var processed = pipeline.process(calls, .reported, at: context.receivedAt)
            processed.notOurs += context.taken?.notOursCount ?? 0
            spool.append(processed.calls, encoded: context.taken?.encoded) { [processed] in
                completion(sinkResult($0, processed))
            }
        }
        self.handler = handler
        receiver = HTTPServer(
            configuration: ServerConfiguration(
                address: settings.receive.address.host, port: settings.receive.address.port,
                tls: settings.receive.tls),
            handler: handler, group: group, logger: logger)
        health = HTTPServer(
            configuration: ServerConfiguration(address: settings.healthAddress.host, port: settings.healthAddress.port),
            handler: HealthHandler(
                spool: spool, metrics: metrics, probes: probes, packets: packets, tap: pipeline.tap, tapToken: tapToken,
                status: {
                    StatusDocument(
                        agentID: agentID, settings: live.current, catalogue: pipeline.catalogue, startedAt: startedAt,
                        now: Instant(nanosecondsSinceEpoch: WallClock.now()), tally: pipeline.tally.current,
                        spool: spool.level, statistics: spool.statistics,
                        // Few ever have any: then the directory is not looked into.
                        aside: spool.level.asideCount > 0
                            ? AsideBatches.look(in: settings.spoolDirectory) : AsideBatches(),
                        keyLog: packets.state.keyLog, processes: Array(probes.state.coverage.processes.values),
                        privilegesProblem: privileges.problem
                    ).json()
                }), group: group, logger: logger)
        addCounters(of: receiver, to: metrics)
        do {
            let boundReceiver = try await receiver.start()
            let boundHealth = try await health.start()
            receiveAddress = ListenAddress(host: boundReceiver.address, port: boundReceiver.port)
            healthAddress = ListenAddress(host: boundHealth.address, port: boundHealth.port)
        } catch {
            await receiver.shutdown(grace: .zero)
            await probes.stop()
            await packets.stop()
            try? await spool.close()  // The error that matters is the one thrown below.
            throw error
        }
        forwarding = Task { await forwarder.run() }
        let alarm = AggregatorAlarm(
            { live.current.alarm }, host: settings.hostName, lastAnswer: { forwarder.lastAnswerNs },
            waitingCalls: { spool.level.callCount }, group: group, metrics, logger: logger)
        alarming = Task { await alarm.run() }
        releasing = startReleasing(pipeline, spool)
        watchingPrivileges = Task { await privileges.run() }
        catalogueKeeping = startKeeping(settings, published, pipeline, spool, forwarder, metrics, logger)
        logger.notice(
            "ready",
            metadata: [
                "receive": "\(receiveAddress)", "health": "\(healthAddress)", "agent": "\(agentID)",
                "version": "\(Self.version)",
            ])
    }

    /// Takes nothing new, seals what it has, sends what it can in a few seconds. The rest goes at the next start.
    public func stop() async {
        catalogueKeeping?.cancel()
        alarming.cancel()
        watchingPrivileges.cancel()
        await watchingPrivileges.value
        await catalogueKeeping?.value
        await alarming.value
        await probes.stop()
        await packets.stop()
        await receiver.shutdown(grace: .seconds(5))
        releasing?.cancel()
        await releasing?.value
        spool.append(pipeline.release(at: Instant(nanosecondsSinceEpoch: .max))) { _ in }  // What it refuses it counts.
        do {
            try await spool.seal()
            try await Task.sleep(for: .milliseconds(200))
        } catch {
            logger.warning("the last calls stay in the journal", metadata: ["error": "\(error)"])
        }
        forwarding.cancel()
        await forwarding.value
        do {
            try await spool.close()
            await sent.close()
            await health.shutdown(grace: .seconds(1))
            try await group.shutdownGracefully()
        } catch {
            logger.warning("did not stop cleanly", metadata: ["error": "\(error)"])
        }
        logger.notice("stopped")
    }
}

/// Passes on what waited in vain for a report, twice a second. Nil where nothing waits.
private func startReleasing(_ pipeline: CallPipeline, _ spool: Spool) -> Task<Void, Never>? {
    guard pipeline.holdsCalls else { return nil }
    return Task {
        while (try? await Task.sleep(for: .milliseconds(500))) != nil {
            let calls = pipeline.release(at: Instant(nanosecondsSinceEpoch: WallClock.now()))
            if !calls.isEmpty { spool.append(calls) { _ in } }  // What the spool refuses it counts.
        }
    }
}

/// Nil where the operator wants no published names.
private func startKeeping(
    _ settings: AgentSettings, _ published: PublishedCatalogue?, _ pipeline: CallPipeline, _ spool: Spool,
    _ forwarder: Forwarder, _ metrics: MetricsRegistry, _ logger: Logger
) -> Task<Void, Never>? {
    guard settings.published.isWanted else { return nil }
    let keeper = CatalogueKeeper(
        settings, published, metrics: metrics, logger: logger,
        fetch: { try await forwarder.fetch(path: "/v1/catalogue", entityTag: $0) },
        use: { document in
            let version = pipeline.setPublished(document.partners)
            do throws(SpoolError) {
                try await spool.setCatalogueVersion(version)
            } catch {
                logger.warning("the open batch could not be sealed", metadata: ["error": "\(error)"])
            }
            logger.notice(
                "the aggregator's catalogue is used",
                metadata: ["published": "\(document.version)", "version": "\(version)"])
        })
    return Task { await keeper.run() }
}

func forwarderConfiguration(_ settings: AgentSettings) -> ForwarderConfiguration {
    var configuration = ForwarderConfiguration(endpoints: settings.endpoints)
    configuration.tls = settings.tls
    configuration.proxies = settings.proxies
    configuration.connectionAgeMax = settings.connectionAgeMax
    return configuration
}

/// The spool as the forwarder sees it; what was acknowledged is recorded first, while it can still be read.
func source(_ spool: Spool, _ sent: SentLog?) -> ForwarderSource {
    ForwarderSource(
        pending: { after, limit in
            await spool.pending(after: after, limit: limit).map {
                ForwarderSource.Batch(sequence: $0.sequence, callCount: $0.callCount)
            }
        },
        read: { sequence in
            do throws(SpoolError) {
                return .bytes(try await spool.read(sequence))
            } catch {
                return error.isTransient ? .unread : .damaged
            }
        },
        acknowledge: { sequence in
            if let sent, let bytes = try? await spool.read(sequence) {  // The spool counts it when it cannot.
                sent.record(sequence, bytes, at: Instant(nanosecondsSinceEpoch: WallClock.now()))
            }
            await spool.acknowledge(sequence)
        }, setAside: { await spool.setAside($0) },
        floor: { spool.floor }, spoolID: { spool.spoolID })
}

private func sinkResult(
    _ result: Result<AppendResult, SpoolError>, _ processed: CallPipeline.Result
) -> SinkResult {
    switch result {
    case .success(let appended):
        .stored(
            kept: appended.acceptedCount, notOurs: processed.notOurs,
            suppressed: appended.suppressedCount + processed.repeated, rejections: [])
    case .failure(let error) where error.isTransient: .pushBack(retryAfter: .seconds(5))
    case .failure(let error): .failed(detail: "\(error)")
    }
}

private func addCounters(of server: HTTPServer, to metrics: MetricsRegistry) {
    for counter in TransportCounter.allCases {
        metrics.counter(
            "farwatch_receiver_server_\(counter.rawValue)", help: "HTTP server of the receivers: \(counter).",
            read: { Double(server.counters[counter]) })
    }
}
