import CallModel
import Documents
import Glibc
import NIOCore
import NIOPosix
import PartnerCatalog
import Redaction
import Runtime
import Transport

/// Looks at everything an agent needs on this host, and says of each thing that is not in order what to do about it.
struct Doctor {
    static let grantWarning: Duration = .seconds(7 * 86_400)
    static let certificateWarning: Duration = .seconds(14 * 86_400)
    static let skewMax: Duration = .seconds(5)
    static let backlogAgeMax: Duration = .seconds(300)

    let settings: AgentSettings
    let config: String
    let now: Instant

    func findings() async -> [Finding] {
        var findings: [Finding] = [.good("settings", "\(config) is valid")]
        findings.append(stateFinding)
        findings.append(spaceFinding)
        findings += tlsFileFindings
        findings += await agentFindings()
        for index in settings.endpoints.indices { findings += await aggregatorFindings(index) }
        findings += asideFindings
        findings += redactionFindings
        findings += attributionFindings
        findings += alarmFindings
        findings.append(catalogueFinding)
        // Where packets are wanted, what opening them says tells more than the privileges.
        findings += HostFacts.read().findings.filter { $0.subject != "packets" || !settings.capture.packets }
        findings += probeFindings
        findings.append(packetFinding)
        findings += privilegeFindings
        findings += keyLogFindings
        return findings
    }

    // MARK: Files

    private var stateFinding: Finding {
        let directory = settings.stateDirectory
        guard Files.isDirectory(directory) else {
            let parent = Files.directory(of: directory)
            guard access(parent, W_OK) == 0 else {
                return .bad(
                    "state directory", "\(directory) does not exist and cannot be made",
                    remedy: "install -d -m 700 -o \(userName) \(directory)")
            }
            return .good("state directory", "\(directory) will be made at the first start")
        }
        guard access(directory, W_OK | X_OK) == 0 else {
            return .bad(
                "state directory", "\(directory) cannot be written by \(userName)",
                remedy: "chown -R \(userName) \(directory), or run doctor as the agent's own user")
        }
        return .good("state directory", "\(directory) can be written")
    }

    private var userName: String {
        getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "the agent's user"
    }

    private var spaceFinding: Finding {
        var path = settings.stateDirectory
        while !Files.isDirectory(path), path != "/", path != "." { path = Files.directory(of: path) }
        do throws(FileError) {
            let free = try Files.availableByteCount(at: path)
            let wanted = settings.spool.byteCountMax
            guard free < wanted else {
                return .good("disk", "\(mebibytes(free)) MiB are free, the spool takes \(mebibytes(wanted)) at most")
            }
            return .warning(
                "disk", "\(mebibytes(free)) MiB are free, and the spool may take \(mebibytes(wanted))",
                remedy: "lower spool.max_bytes to \(max(16, mebibytes(free) / 2))MiB")
        } catch {
            return .bad(
                "disk", "\(error)", remedy: "set state_directory to a directory on a file system that is mounted")
        }
    }

    private func mebibytes(_ byteCount: Int) -> Int { byteCount >> 20 }

    private var tlsFileFindings: [Finding] {
        let (forward, receive) = (settings.tls, settings.receive.tls)
        let own = [forward?.certificateFile, receive?.certificateFile].compactMap { $0 }
        let authorities = [forward?.caFile, receive?.clientCAFile].compactMap { $0 }
        return own.map { fileFinding($0) ?? endFinding($0, .own) }
            + authorities.map { fileFinding($0) ?? endFinding($0, .authorities) }
            + [forward?.keyFile, receive?.keyFile].compactMap { $0 }.map {
                fileFinding($0) ?? .good("TLS file", "\($0) can be read")
            }
    }

    private func fileFinding(_ file: String) -> Finding? {
        guard access(file, R_OK) != 0 else { return nil }
        return .bad(
            "TLS file", "\(file) cannot be read by \(userName)",
            remedy: Files.exists(file) ? "chgrp and chmod g+r \(file) for \(userName)" : "put the file there")
    }

    private func endFinding(_ file: String, _ kind: TLSFiles.Kind) -> Finding {
        guard let end = TLSFiles.endsAt(file, kind).map(Instant.init(secondsSinceEpoch:)) else {
            return .bad("TLS file", "\(file) holds no certificate", remedy: "put one there, in PEM")
        }
        let remedy = "put a renewed one there, then systemctl reload farwatch-agent"
        if end <= now { return .bad("TLS file", "\(file) expired \(end.rfc3339)", remedy: remedy) }
        if end - now < Self.certificateWarning {
            return .warning("TLS file", "\(file) expires \(end.rfc3339)", remedy: remedy)
        }
        return .good("TLS file", "\(file) can be read, and holds until \(end.rfc3339)")
    }

    // MARK: The running agent

    private func agentFindings() async -> [Finding] {
        let agent = LocalAgent(settings)
        let answer: Result<ClientResponse, TransportError>
        do throws(TransportError) {
            answer = .success(try await agent.get("/status"))
        } catch {
            answer = .failure(error)
        }
        await agent.close()
        switch answer {
        case .failure:
            return [
                .warning(
                    "agent", "none answers at \(settings.healthAddress)",
                    remedy: "start it: systemctl start farwatch-agent")
            ]
        case .success(let response):
            return (try? JSONParser().parse(Array(buffer: response.body)) { runningFindings($0) })
                ?? [
                    .bad(
                        "agent", "\(settings.healthAddress) is taken by another program",
                        remedy: "set health.listen to a free port")
                ]
        }
    }

    private func runningFindings(_ status: JSONValue) -> [Finding] {
        guard let version = status.member("version")?.string else {
            return [
                .bad(
                    "agent", "\(settings.healthAddress) is taken by another program",
                    remedy: "set health.listen to a free port")
            ]
        }
        var findings: [Finding] = [.good("agent", "\(version) runs and takes calls at \(settings.receive.address)")]
        if let problem = status.member("privileges_problem")?.string {
            findings.append(.bad("privileges", problem, remedy: "systemctl restart farwatch-agent"))
        }
        let spool = status.member("spool")
        if let failure = spool?.member("failure")?.string {
            findings.append(.bad("spool", failure, remedy: "make room on the disk of \(settings.stateDirectory)"))
        } else if let since = spool?.member("oldest_waiting_since")?.string.flatMap({ Instant(rfc3339: $0) }),
            now - since > Self.backlogAgeMax
        {
            findings.append(
                .warning(
                    "spool", "calls wait since \(since.rfc3339)",
                    remedy: "look at what doctor says of the aggregator, and in the agent's log"))
        } else {
            findings.append(.good("spool", "what is seen is sent on"))
        }
        findings.append(seenFinding(status))
        return findings
    }

    private func seenFinding(_ status: JSONValue) -> Finding {
        let kept = status.member("calls")?.member("kept")?.int64 ?? 0
        var names: [String] = []
        status.member("partners")?.forEachElement {
            if names.count < 5, let id = $0.member("id")?.string { names.append(id) }
        }
        guard kept > 0 else {
            return .warning(
                "calls", "none of a partner were seen since the start",
                remedy: "point an application at it: OTEL_EXPORTER_OTLP_ENDPOINT=http://\(settings.receive.address)")
        }
        let missing = status.member("calls")?.member("without")?.member("customer")?.member("ratio")?.double ?? 0
        guard missing < 0.5 else {
            return .warning(
                "calls", "\(kept) seen (\(names.joined(separator: ", "))), \(Int(missing * 100)) % without a customer",
                remedy: "say where calls tell the customer: `customer` in \(config)")
        }
        return .good("calls", "\(kept) seen: \(names.joined(separator: ", "))")
    }

    // MARK: The aggregator

    /// By the way that the agent takes, as the agent.
    private func aggregatorFindings(_ index: Int) async -> [Finding] {
        let endpoint = settings.endpoints[index]
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var configuration = ClientConfiguration()
        configuration.proxy = settings.proxies[index]
        let client = HTTPClient(
            endpoint: endpoint, tls: endpoint.isTLS ? settings.tls : nil, configuration: configuration, group: group)
        var headers = Headers()
        if let id = AgentIdentity.known(settings.stateDirectory) { headers.add("farwatch-agent", id) }
        if let token = settings.token { headers.add("authorization", "Bearer " + token.reveal) }
        let result: Result<ClientResponse, TransportError>
        do throws(TransportError) {
            result = .success(
                try await client.send(
                    ClientRequest(method: "GET", path: "/v1/catalogue", headers: headers, timeout: .seconds(5))))
        } catch {
            result = .failure(error)
        }
        await client.shutdown()
        try? await group.shutdownGracefully()  // Nothing runs on it any more.
        switch result {
        case .failure(let error):
            return [
                .bad(
                    "aggregator", "\(endpoint): \(error.cause)",
                    remedy: error.hint ?? "start the aggregator, or set forward.endpoints to where it listens")
            ]
        case .success(let response): return answerFindings(endpoint, response)
        }
    }

    private func answerFindings(_ endpoint: Endpoint, _ response: ClientResponse) -> [Finding] {
        if response.status == 401 || response.status == 403 {
            return [
                .bad(
                    "aggregator", "\(endpoint) refuses this agent (\(response.status))",
                    remedy: settings.token == nil && settings.tls?.certificateFile != nil
                        ? "let its certificate in by ingest.client_certificates of the aggregator, or set forward.token"
                        : "make a token with `farwatch-aggregator token create --scope ingest` and set forward.token")
            ]
        }
        var findings: [Finding] = [.good("aggregator", "\(endpoint) answers")]
        if let date = response.headers[first: "date"].flatMap(httpDate) {
            let skew = now - date
            // The header has whole seconds.
            if skew > Self.skewMax || skew < .zero - Self.skewMax {
                findings.append(
                    .warning(
                        "clock", "this host's is \(Int(skew.inSeconds)) s off the aggregator's",
                        remedy: "let it be set by the network: timedatectl set-ntp true"))
            } else {
                findings.append(.good("clock", "agrees with the aggregator's"))
            }
        }
        return findings
    }

    // MARK: Redaction and catalogue

    private var redactionFindings: [Finding] {
        var findings: [Finding] = [.good("redaction", "\(settings.redaction.defaultMode.rawValue) by default")]
        for (partner, grant) in settings.redaction.partners.sorted(by: { $0.key < $1.key }) {
            guard grant.mode == .redacted || grant.mode == .full else { continue }
            let by = grant.approvedBy ?? "nobody"
            let until = grant.until ?? .epoch
            let remedy = "renew it under redaction.partners.\(partner), or remove it"
            if until <= now {
                findings.append(
                    .warning(
                        "redaction", "\(grant.mode.rawValue) for \(partner) ended \(until.rfc3339)", remedy: remedy))
            } else if until - now < Self.grantWarning {
                findings.append(
                    .warning("redaction", "\(grant.mode.rawValue) for \(partner) ends \(until.rfc3339)", remedy: remedy)
                )
            } else {
                findings.append(
                    .good("redaction", "\(grant.mode.rawValue) for \(partner), by \(by) until \(until.rfc3339)"))
            }
        }
        return findings
    }

    private var catalogueFinding: Finding {
        let partners = settings.catalogue.partners
        let confirmed = partners.count { $0.confirmed }
        return .good(
            "catalogue",
            "\(settings.catalogue.version): \(partners.count) partners, all facts of \(confirmed) of them confirmed")
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
private func httpDate(_ text: String) -> Instant? {
    let parts = text.split(separator: " ")
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    guard parts.count == 6, let month = months.firstIndex(of: String(parts[2])) else { return nil }
    let number = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
    return Instant(rfc3339: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
}
