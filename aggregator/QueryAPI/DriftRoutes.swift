import CallModel
import Documents
import Drift
import Storage
import Transport

/// What partners changed without telling.
func driftRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/drift",
            summary:
                "What partners changed: keys, types, headers, versions, notices of an end, latency; with how much of the fleet sees it.",
            access: .read,
            parameters: [
                partnerParameter,
                APIParameter(
                    name: "route", kind: .text(characterCountMax: Limits.nameByteCountMax),
                    summary: "Of this route alone."),
                APIParameter(
                    name: "kind", kind: .choice(DriftFinding.Kind.allCases.map(\.rawValue)),
                    summary: "Of this kind alone."),
                APIParameter(
                    name: "since", kind: .time, summary: "Seen by any answer since; thirty days ago when absent."),
                APIParameter(
                    name: "limit", kind: .integer(1...DriftFilter.limitMax),
                    summary: "How many at most; 100 when absent."),
                APIParameter(name: "cursor", kind: .cursor, summary: "Where the last page ended."),
            ], schema: "DriftList"
        ) { request in
            let filter = driftFilter(request)
            let findings = try await sources.drifts(filter)
            return .json(driftDocument(findings, limit: filter.limit, certificates: certificateEnds(sources.hosts())))
        }
    ]
}

private func driftFilter(_ request: APIRequest) -> DriftFilter {
    let query = request.query
    var filter = DriftFilter(
        since: query["since"].flatMap { parseTime($0, now: request.now) } ?? request.now - .seconds(30 * 86_400))
    filter.partner = query["partner"]
    filter.route = query["route"]
    filter.kind = query["kind"].flatMap { DriftFinding.Kind(rawValue: $0) }
    filter.limit = query["limit"].flatMap { Int($0) } ?? 100
    filter.cursor = query["cursor"].flatMap { CallCursor(text: $0) }.map {
        DriftCursor(
            firstSeenMicroseconds: $0.timeMicroseconds, id: "dr_" + hexText(UInt64(bitPattern: $0.block)))
    }
    return filter
}

/// A page of findings, for the API and for the page.
public func driftDocument(_ findings: [DriftFinding], limit: Int, certificates: [CertificateEnd]?) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
        writer.array("data") { writer in
            for finding in findings { writer.object { append(finding, &$0) } }
        }
        writer.object("certificates") { append(certificates, &$0) }
        writer.member("next_cursor", findings.count == limit ? findings.last.flatMap(cursor) : nil)
    }
    return writer.bytes
}

/// In the form of every cursor here: the time, and the digits of the id.
private func cursor(_ finding: DriftFinding) -> String? {
    parseHex(finding.id.utf8.dropFirst(3)).map {
        CallCursor(
            timeMicroseconds: finding.firstSeen.microsecondsSinceEpoch, block: Int64(bitPattern: $0), row: 0
        ).text
    }
}

private func append(_ finding: DriftFinding, _ writer: inout JSONWriter) {
    writer.member("id", finding.id)
    writer.member("partner", finding.partner)
    writer.member("route", finding.route)
    writer.member("kind", finding.kind.rawValue)
    writer.member("subject", finding.subject)
    writer.member("before", finding.before)
    writer.member("after", finding.after)
    writer.member("text", finding.text)
    writer.member("effective_at", finding.effectiveAt)
    writer.member("first_seen", finding.firstSeen)
    writer.member("last_seen", finding.lastSeen)
    writer.member("answers", finding.answers)
    writer.member("hosts_seeing", finding.hostsSeeing)
    writer.member("hosts_calling", finding.hostsCalling)
    writer.member(
        "fleet_ratio", finding.hostsCalling > 0 ? Double(finding.hostsSeeing) / Double(finding.hostsCalling) : nil)
    writer.array("samples") { for id in finding.samples { $0.string(id) } }
}

/// From what agents tell in their heartbeats; nil where none of them sees certificates.
public func certificateEnds(_ hosts: [HostEntry]) -> [CertificateEnd]? {
    let parser = JSONParser()
    var ends = CertificateEnds()
    for host in hosts where host.isReporting {
        // A report that is no JSON was refused when it came.
        _ = try? parser.parse(Array(host.report.utf8)) { report in
            report.member("certificates")?.forEachElement { certificate in
                guard let name = certificate.member("name")?.string,
                    let end = (certificate.member("not_after")?.string).flatMap({ Instant(rfc3339: $0) })
                else { return }
                ends.add(name: name, partner: certificate.member("partner")?.string, notAfter: end)
            }
        }
    }
    return ends.isEmpty ? nil : ends.all
}

private func append(_ certificates: [CertificateEnd]?, _ writer: inout JSONWriter) {
    writer.member("known", certificates != nil)
    writer.array("data") { writer in
        for certificate in certificates ?? [] {
            writer.object {
                $0.member("name", certificate.name)
                $0.member("not_after", certificate.notAfter)
                $0.member("partner", certificate.partner)
                $0.member("agents", certificate.agentsSeeing)
                $0.member("agents_calling", certificate.agentsCalling)
                $0.member(
                    "fleet_ratio", Double(certificate.agentsSeeing) / Double(max(1, certificate.agentsCalling)))
            }
        }
    }
}
