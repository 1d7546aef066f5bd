import CallModel
import Detection
import Documents

/// The same truth in the shapes of Statuspage's public API, version 2, so that what reads status pages reads this.
///
/// Those shapes know no "unknown": a partner of which too little was seen is left out, because any of their words would claim
/// more than is known. Each outage of a partner is an incident.
extension StatusSnapshot {
    func statuspageDocuments() -> [String: [UInt8]] {
        let open = outages.filter { $0.endedAt == nil }
        return [
            "/api/v2/status.json": document { _ in },
            "/api/v2/components.json": document { components(&$0) },
            "/api/v2/incidents.json": document { incidents(outages.prefix(50), &$0) },
            "/api/v2/incidents/unresolved.json": document { incidents(open[...], &$0) },
            "/api/v2/summary.json": document {
                components(&$0)
                incidents(open[...], &$0)
                $0.array("scheduled_maintenances") { _ in }
            },
        ]
    }

    private func document(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.object("page") {
                $0.member("id", pageID)
                $0.member("name", "Farwatch")
                $0.member("url", "/")
                $0.member("time_zone", "Etc/UTC")
                $0.member("updated_at", asOf)
            }
            writer.object("status") {
                $0.member("indicator", indicator)
                $0.member("description", statuspageDescription)
            }
            body(&writer)
        }
        return writer.bytes
    }

    private var pageID: String { "farwatch" }

    private var statuspageDescription: String {
        switch indicator {
        case "minor": "Partially Degraded Service"
        case "major": "Partial System Outage"
        case "critical": "Major System Outage"
        default: "All Systems Operational"
        }
    }

    private func components(_ writer: inout JSONWriter) {
        writer.array("components") { writer in
            for (position, partner) in partners.enumerated() where partner.verdict.status != .unknown {
                writer.object { component(partner, position + 1, &$0) }
            }
        }
    }

    private func component(_ partner: Partner, _ position: Int, _ writer: inout JSONWriter) {
        writer.member("id", partner.id)
        writer.member("name", partner.name)
        writer.member("status", partner.verdict.status.rawValue)
        writer.member("created_at", partner.verdict.since)
        writer.member("updated_at", asOf)
        writer.member("position", position)
        writer.member("description", nil as String?)
        writer.member("showcase", false)
        writer.member("start_date", nil as String?)
        writer.member("group_id", nil as String?)
        writer.member("page_id", pageID)
        writer.member("group", false)
        writer.member("only_show_if_degraded", false)
    }

    private func incidents(_ outages: ArraySlice<Outage>, _ writer: inout JSONWriter) {
        writer.array("incidents") { writer in
            for outage in outages { writer.object { incident(outage, &$0) } }
        }
    }

    private func incident(_ outage: Outage, _ writer: inout JSONWriter) {
        let state = outage.endedAt == nil ? "investigating" : "resolved"
        let words = outage.worst.split(separator: "_").joined(separator: " ")
        writer.member("id", outage.id)
        writer.member("name", "\(outage.partnerName): \(words)")
        writer.member("status", state)
        writer.member("impact", impact(outage.worst))
        writer.member("created_at", outage.startedAt)
        writer.member("updated_at", outage.endedAt ?? asOf)
        writer.member("monitoring_at", nil as String?)
        writer.member("resolved_at", outage.endedAt)
        writer.member("shortlink", "/api/v1/partners/\(outage.partner)")
        writer.member("started_at", outage.startedAt)
        writer.member("page_id", pageID)
        writer.array("incident_updates") { writer in
            writer.object {
                $0.member("id", outage.id + "-1")
                $0.member("status", state)
                $0.member("body", outage.reason)
                $0.member("incident_id", outage.id)
                $0.member("created_at", outage.startedAt)
                $0.member("updated_at", outage.endedAt ?? asOf)
                $0.member("display_at", outage.startedAt)
                $0.array("affected_components") { writer in
                    writer.object {
                        $0.member("code", outage.partner)
                        $0.member("name", outage.partnerName)
                        $0.member("old_status", "operational")
                        $0.member("new_status", outage.status)
                    }
                }
            }
        }
        writer.array("components") { writer in
            for (position, partner) in partners.enumerated()
            where partner.id == outage.partner && partner.verdict.status != .unknown {
                writer.object { component(partner, position + 1, &$0) }
            }
        }
    }

    private func impact(_ status: String) -> String {
        switch status {
        case PartnerStatus.majorOutage.rawValue: "critical"
        case PartnerStatus.partialOutage.rawValue: "major"
        default: "minor"
        }
    }
}
