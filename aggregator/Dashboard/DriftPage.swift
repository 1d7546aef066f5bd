import CallModel
import Documents
import Drift
import QueryAPI
import Storage

/// How far back the page looks, and how much it shows.
private let shownTime: Duration = .seconds(30 * 86_400)
private let shownMax = 200

/// `/drift`: what partners changed without telling, newest first, and when their certificates end.
func driftPage(
    _ read: (DriftFilter) async throws -> [DriftFinding], _ certificates: [CertificateEnd]?, version: String,
    at now: Instant
) async throws -> [UInt8] {
    var filter = DriftFilter(since: now - shownTime)
    filter.limit = shownMax
    let findings = try await read(filter)
    var body = hero(findings.count)
    if !findings.isEmpty {
        let rows = findings.map { row($0) }.joined()
        body += "<section class=\"panel\"><div class=\"scroll\"><table><tr><th>Since</th><th>Partner</th><th>Route</th>"
        body += "<th>Change</th><th class=\"num\">Hosts that see it</th></tr>\(rows)</table></div></section>"
    }
    body += ends(certificates, at: now)
    return Array(
        framed(title: "Farwatch: drift", version: version, asOf: moment(now), isStale: false, body).utf8)
}

private func hero(_ count: Int) -> String {
    let words =
        switch count {
        case 0: "No partner changed anything in 30 days"
        case 1: "Partners changed one thing in 30 days"
        case shownMax: "Partners changed \(count) things and more in 30 days"
        default: "Partners changed \(count) things in 30 days"
        }
    return "<section class=\"hero \(count == 0 ? "ok" : "degraded")\">"
        + "\(statusSign(count == 0 ? "operational" : "degraded_performance"))<div><h1>\(words)</h1></div></section>"
}

private func row(_ finding: DriftFinding) -> String {
    "<tr><td>\(moment(finding.firstSeen))</td>"
        + "<td><a href=\"/partners/\(pathEncoded(finding.partner))\">\(htmlEscaped(finding.partner))</a></td>"
        + "<td>\(htmlEscaped(finding.route))</td><td>\(htmlEscaped(finding.text))</td>"
        + "<td class=\"num\">\(finding.hostsSeeing) of \(finding.hostsCalling)</td></tr>"
}

private func ends(_ certificates: [CertificateEnd]?, at now: Instant) -> String {
    guard let certificates else {
        return "<section class=\"panel\"><h3>Certificates</h3><p>Not known: no agent sees them.</p></section>"
    }
    let rows = certificates.prefix(shownMax).map { certificate in
        "<tr><td>\(htmlEscaped(certificate.name))</td><td>\(moment(certificate.notAfter))</td>"
            + "<td class=\"num\">\(span((certificate.notAfter - now).inSeconds))</td>"
            + "<td class=\"num\">\(certificate.agentsSeeing) of \(certificate.agentsCalling)</td></tr>"
    }
    return "<section class=\"panel\"><h3>Certificates</h3><div class=\"scroll\"><table><tr><th>Name</th><th>Ends</th>"
        + "<th class=\"num\">In</th><th class=\"num\">Hosts</th></tr>\(rows.joined())</table></div></section>"
}
