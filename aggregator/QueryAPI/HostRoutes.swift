import CallModel
import Documents
import Transport

/// Agents: what they are, what they see, and what they lost.
func hostRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/hosts",
            summary: "Every agent: version, last seen, how far behind, what it can see, what it dropped and shed.",
            access: .read,
            parameters: [
                APIParameter(
                    name: "state", kind: .choice(["reporting", "silent"]), summary: "Only these; all when absent."),
                APIParameter(
                    name: "limit", kind: .integer(1...hostCountMax), summary: "How many at most; 1000 when absent."),
                APIParameter(name: "cursor", kind: .nameCursor, summary: "Where the last page ended."),
            ], schema: "HostList"
        ) { request in
            let limit = request.query["limit"].flatMap { Int($0) } ?? 1_000
            let page = hostPage(
                sources.hosts(), state: request.query["state"],
                after: request.query["cursor"].flatMap { NameCursor(text: $0) }, limit: limit)
            return .json(hostList(page.hosts, next: page.next, at: request.now))
        }
    ]
}

private let hostCountMax = 10_000

/// A place in a list ordered by name: behind that name. It stays right whatever comes and goes meanwhile.
struct NameCursor: Equatable {
    static let byteCountMax = 256

    var name: String

    init(name: String) { self.name = name }

    /// Hex of the name's UTF-8.
    init?(text: String) {
        guard !text.isEmpty, text.utf8.count.isMultiple(of: 2), text.utf8.count <= 2 * Self.byteCountMax,
            text.utf8.allSatisfy({ $0 &- 48 < 10 || $0 &- 97 < 6 })
        else { return nil }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while !rest.isEmpty {
            bytes.append(parseHex(rest.prefix(2)).map { UInt8($0) } ?? 0)  // Hex digits, as was seen above.
            rest = rest.dropFirst(2)
        }
        guard let name = String(validating: bytes, as: UTF8.self) else { return nil }
        self.name = name
    }

    var text: String { name.utf8.map { String(hexText(UInt64($0)).suffix(2)) }.joined() }
}

/// - Parameter hosts: In order of their agents' names.
func hostPage(
    _ hosts: [HostEntry], state: String?, after cursor: NameCursor?, limit: Int
) -> (hosts: [HostEntry], next: NameCursor?) {
    var page: [HostEntry] = []
    for host in hosts {
        if let cursor, host.agentID <= cursor.name { continue }
        if let state, host.isReporting != (state == "reporting") { continue }
        if page.count == limit { return (page, page.last.map { NameCursor(name: $0.agentID) }) }
        page.append(host)
    }
    return (page, nil)
}

private func hostList(_ hosts: [HostEntry], next: NameCursor?, at now: Instant) -> [UInt8] {
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
        writer.member("next_cursor", next?.text)
    }
    return writer.bytes
}

/// What is read out of a heartbeat. Agents of other releases report other things: whatever is not there is null.
struct HostReport {
    private(set) var version: String?
    private(set) var host: String?
    private(set) var region: String?
    private(set) var waitingCalls: Int64?
    private(set) var waitingBytes: Int64?
    private(set) var lost: [(name: String, count: Int64)] = []
    /// What the host can see, by the names under which its agent says it; JSON.
    private(set) var coverage: [(name: String, json: [UInt8])] = []

    /// Counts of what did not get through, as agents report them.
    private static let losses: [StaticString] = [
        "refused_calls", "dropped_calls", "shed_calls", "shed_payload_calls", "set_aside_calls",
        "packets_dropped_by_kernel",
    ]
    private static let sights: [StaticString] = [
        "probes", "probes_level", "tls_connections", "tls_sessions_read", "blind_processes", "blind_programs",
        "packets",
        "packets_level",
        "packets_seen", "packet_connections", "packet_evicted_connections", "packet_gap_bytes", "connections_seen",
        "connections_read", "connections_unnamed", "partner_connections",
    ]

    init(_ report: String, _ parser: JSONParser) {
        // The registry took only objects; a report that is none any more shows as empty.
        _ = try? parser.parse(Array(report.utf8)) { root in
            version = root.member("version")?.string
            host = root.member("host")?.string
            region = root.member("region")?.string
            waitingCalls = root.member("spooled_calls")?.int64
            waitingBytes = root.member("spooled_bytes")?.int64
            lost = Self.losses.compactMap { name in root.member(name)?.int64.map { ("\(name)", $0) } }
            coverage = Self.sights.compactMap { name in root.member(name).map { ("\(name)", $0.serialized()) } }
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
        writer.object("coverage") { for (name, json) in coverage { $0.member(name, json: json) } }
    }
}
