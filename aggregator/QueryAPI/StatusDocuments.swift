import CallModel
import Detection
import Documents

extension StatusSnapshot {
    /// Every document that the snapshot answers, by the path under which it is asked for. Made once a second, served as bytes.
    public func documents() -> [String: [UInt8]] {
        var documents = ["/api/v1/status": status(), "/api/v1/partners": partnerList()]
        for partner in partners { documents["/api/v1/partners/" + partner.id] = detail(partner) }
        documents.merge(statuspageDocuments()) { first, _ in first }
        return documents
    }

    private func head(_ writer: inout JSONWriter) {
        writer.member("as_of", asOf)
        writer.member("stale", false)
    }

    private func status() -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            head(&writer)
            writer.member("indicator", indicator)
            writer.member("description", description)
            writer.object("fleet") {
                $0.member("hosts_reporting", hostsReporting)
                $0.member("hosts_silent", hostsSilent)
            }
            writer.object("coverage") {
                coverage.total.append(to: &$0)
                $0.member("processes_blind", coverage.processesBlind)
            }
            writer.array("partners") { writer in
                for partner in partners { writer.object { figures(partner, &$0) } }
            }
            writer.array("hosts_in_trouble") { writer in
                for host in troubledHosts {
                    writer.object {
                        $0.member("host", host.host)
                        $0.member("since", host.since)
                        $0.member("calls", host.calls)
                        $0.member("calls_failed", host.callsFailed)
                        $0.member("partners_affected", host.partnersAffected)
                    }
                }
            }
        }
        return writer.bytes
    }

    private func partnerList() -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            head(&writer)
            writer.array("data") { writer in
                for partner in partners {
                    writer.object {
                        figures(partner, &$0)
                        $0.member("facts", partner.facts.state.rawValue)
                    }
                }
            }
            writer.member("next_cursor", nil as String?)
        }
        return writer.bytes
    }

    private func figures(_ partner: Partner, _ writer: inout JSONWriter) {
        let verdict = partner.verdict
        let figures = verdict.figures
        writer.member("id", partner.id)
        writer.member("name", partner.name)
        writer.member("status", verdict.status.rawValue)
        writer.member("since", verdict.since)
        writer.member("reason", verdict.reason)
        writer.member("calls_per_minute", figures.callsPerMinute, decimals: 1)
        writer.member("failure_ratio", figures.failureRatio)
        writer.member("baseline_failure_ratio", figures.baselineFailureRatio)
        writer.member("p50_ms", figures.p50Ms, decimals: 3)
        writer.member("p95_ms", figures.p95Ms, decimals: 3)
        writer.member("baseline_p95_ms", figures.baselineP95Ms, decimals: 3)
        writer.member("hosts_affected", verdict.hostsAffected)
        writer.member("hosts_calling", figures.hostsCalling)
        writer.member("customers_affected", verdict.customersAffected)
        writer.member("incident", verdict.incident.map { "\($0)" })
        writer.array("regions") { writer in
            for region in partner.regions {
                writer.object {
                    $0.member("name", region.name)
                    $0.member("status", region.status.rawValue)
                    $0.member("calls", region.calls)
                    $0.member("calls_failed", region.failures)
                }
            }
        }
        let coverage = coverage.partners[partner.id] ?? FleetCoverage.Share()
        writer.object("coverage") { coverage.append(to: &$0) }
        writer.member("partner_says", partner.says)
    }

    private func detail(_ partner: Partner) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            head(&writer)
            figures(partner, &writer)
            writer.object("facts") { partner.facts.append(to: &$0) }
            for (name, shares) in [
                ("routes", partner.routes), ("hosts", partner.hosts), ("customers", partner.customers),
            ] {
                writer.array(name) { writer in
                    for share in shares {
                        writer.object {
                            $0.member("name", share.name)
                            $0.member("calls", share.calls)
                            $0.member("calls_failed", share.failures)
                        }
                    }
                }
            }
            writer.array("outages") { writer in
                for outage in outages where outage.partner == partner.id {
                    writer.object {
                        $0.member("id", outage.id)
                        $0.member("started_at", outage.startedAt)
                        $0.member("ended_at", outage.endedAt)
                        $0.member("worst_status", outage.worst)
                        $0.member("reason", outage.reason)
                        $0.member("calls_failed", outage.callsFailed)
                    }
                }
            }
        }
        return writer.bytes
    }
}
