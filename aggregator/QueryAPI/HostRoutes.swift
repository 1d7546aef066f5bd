import CallModel
import Documents
import Transport

/// Agents: what they are, what they see, and what they lost.
func hostRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/hosts",
            summary: "Every agent: version, last seen, how far behind, what it can see, what it dropped and shed.",
            access: .read, schema: "HostList"
        ) { request in .json(hostList(sources.hosts(), at: request.now)) }
    ]
}

private func hostList(_ hosts: [HostEntry], at now: Instant) -> [UInt8] {
    let parser = JSONParser(byteCountMax: 1 << 20)
    var writer = JSONWriter()
    writer.object { writer in
        writer.member("as_of", now)
        writer.array("data") { writer in
            for host in hosts {
                writer.object { writer in
                    writer.member("agent", host.agentID)
                    writer.member("state", host.isReporting ? "reporting" : "silent")
                    writer.member("first_seen", host.firstSeen)
                    writer.member("last_seen", host.lastSeen)
                    writer.member("clock_offset_s", host.clockOffsetSeconds, decimals: 3)
                    HostReport(host.report, parser).append(to: &writer)
                    writer.member("report", json: Array(host.report.utf8))
                }
            }
        }
        writer.member("next_cursor", nil as String?)
    }
    return writer.bytes
}

/// What is read out of a heartbeat. Agents of other releases report other things: whatever is not there is null.
struct HostReport {
    var version: String?
    var host: String?
    var region: String?
    var waitingCalls: Int64?
    var waitingBytes: Int64?
    var lost: [(name: String, count: Int64)] = []
    /// What the host can see, as the agent says it; JSON.
    var coverage: [UInt8]?

    /// Counts of what did not get through, by the names under which agents report them.
    private static let losses: [StaticString] = [
        "refused_calls", "dropped_calls", "shed_calls", "shed_payloads", "set_aside_batches", "capture_dropped_packets",
    ]

    init(_ report: String, _ parser: JSONParser) {
        // The registry took only objects; a report that is none any more shows as empty.
        _ = try? parser.parse(Array(report.utf8)) { root in
            version = root.member("version")?.string
            host = root.member("host")?.string
            region = root.member("region")?.string
            waitingCalls = root.member("spooled_calls")?.int64
            waitingBytes = root.member("spooled_bytes")?.int64
            for name in Self.losses {
                if let count = root.member(name)?.int64 { lost.append(("\(name)", count)) }
            }
            coverage = (root.member("coverage") ?? root.member("sees"))?.serialized()
        }
    }

    func append(to writer: inout JSONWriter) {
        writer.member("host", host)
        writer.member("region", region)
        writer.member("version", version)
        writer.object("lag") {
            $0.member("calls_waiting", waitingCalls)
            $0.member("bytes_waiting", waitingBytes)
        }
        writer.object("lost") { for (name, count) in lost { $0.member(name, count) } }
        writer.member("coverage", json: coverage ?? Array("null".utf8))
    }
}
