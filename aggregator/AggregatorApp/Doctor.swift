import CallModel
import Postgres
import Runtime
import Storage
import Transport

/// What `doctor` found: each with a mark, and with one remedy where something is to be done.
public struct Finding: Sendable, Equatable {
    public enum Mark: String, Sendable, Equatable {
        case good = "✓"
        case warning = "!"
        case bad = "✗"
    }

    public var mark: Mark
    public var text: String
    public var remedy: String?

    static func good(_ text: String) -> Finding { Finding(mark: .good, text: text, remedy: nil) }
    static func warning(_ text: String, _ remedy: String) -> Finding {
        Finding(mark: .warning, text: text, remedy: remedy)
    }
    static func bad(_ text: String, _ remedy: String) -> Finding { Finding(mark: .bad, text: text, remedy: remedy) }
}

/// What the doctor sees of the database: values alone, so that the findings are arithmetic.
struct DatabaseState: Sendable {
    var serverVersion = 0
    var schemaVersion: Int32 = 0
    var programVersion: Int32 = 0
    var size = StorageSize(parts: [])
    var tokens: [TokenRecord] = []
    var agents: [AgentRecord] = []
    var unfoldedBlocks: Int64 = 0
    var newestStatus: Instant?
}

/// Looks at everything an operator would have to, and says what to do: no finding without a remedy that can be typed.
enum Doctor {
    static func settingsFindings(_ settings: AggregatorSettings) -> [Finding] {
        var findings: [Finding] = []
        for (name, address) in [("ingest", settings.ingestAddress), ("api", settings.apiAddress)] {
            if address.isLoopback {
                findings.append(
                    name == "ingest"
                        ? .warning(
                            "\(name) listens on \(address): only agents on this machine reach it",
                            "set ingest.listen to 0.0.0.0:7443 and tls.certificate, tls.key")
                        : .good("\(name) listens on \(address), on this machine only"))
            } else {
                findings.append(.good("\(name) listens on \(address), with TLS"))
            }
        }
        if let rule = settings.certificates {
            let whose = rule.names.isEmpty ? "any name" : rule.names.joined(separator: ", ")
            findings.append(.good("agents may show a client certificate of \(whose) instead of a token"))
        }
        if settings.heartbeat == nil, !settings.notifiers.isEmpty {
            findings.append(
                .warning(
                    "nothing outside would notice if this aggregator stopped telling people",
                    "set heartbeat.url to a service that sounds when calls stop"))
        }
        if settings.retention.byteCountMax == nil {
            findings.append(
                .warning(
                    "retention.max_bytes is not set: the database grows until \(spanText(settings.retention.calls)) "
                        + "of calls fit or the disk is full",
                    "set retention.max_bytes to four fifths of the disk"))
        }
        return findings
    }

    /// Of files with certificates, by when they end.
    static func certificateFindings(
        _ settings: AggregatorSettings, at now: Instant, endOf: (_ file: String, TLSFiles.Kind) -> Instant?
    ) -> [Finding] {
        let own = settings.tls.map { [($0.certificateFile, TLSFiles.Kind.own)] } ?? []
        let authorities = settings.ingestTLS?.clientCAFile.map { [($0, TLSFiles.Kind.authorities)] } ?? []
        return (own + authorities).map { file, kind in
            guard let end = endOf(file, kind) else {
                return .bad(
                    "\(file) holds no certificate that this user can read", "run doctor as the aggregator's user")
            }
            let remedy = "put a renewed one there, then systemctl reload farwatch-aggregator"
            if end <= now { return .bad("\(file) has expired", remedy) }
            let left = spanText(end - now)
            return end - now < .seconds(14 * 86_400)
                ? .warning("\(file) expires in \(left)", remedy) : .good("\(file) holds for \(left)")
        }
    }

    static func diskFindings(_ settings: AggregatorSettings, freeBytes: Int?) -> [Finding] {
        guard let freeBytes else {
            return [
                .bad(
                    "\(settings.stateDirectory) cannot be read", "create it, owned by the user the aggregator runs as")
            ]
        }
        guard settings.databaseURL == nil else {
            return [.good("the state directory is there; the database is elsewhere")]
        }
        let free = bytesText(freeBytes)
        if freeBytes < 1 << 30 {
            return [
                .bad("only \(free) are free under \(settings.stateDirectory)", "make room, or lower retention.calls")
            ]
        }
        return [.good("\(free) are free under \(settings.stateDirectory)")]
    }

    static func findings(
        _ state: DatabaseState, _ settings: AggregatorSettings, freeBytes: Int?, at now: Instant
    ) -> [Finding] {
        var findings = [schema(state)]
        findings.append(
            state.serverVersion < 140_000
                ? .bad("PostgreSQL \(state.serverVersion / 10_000) is too old", "use PostgreSQL 14 or later")
                : .good("PostgreSQL \(state.serverVersion / 10_000) answers"))
        findings += size(state, settings, freeBytes, now)
        findings += tokens(state, settings, now) + agents(state, now) + work(state, now)
        return findings
    }

    private static func schema(_ state: DatabaseState) -> Finding {
        if state.schemaVersion > state.programVersion {
            return .warning(
                "the schema is at version \(state.schemaVersion), this program knows \(state.programVersion)",
                "upgrade this aggregator; until then both work")
        }
        if state.schemaVersion < state.programVersion {
            return .warning(
                "the schema is at version \(state.schemaVersion) of \(state.programVersion)",
                "farwatch-aggregator migrate (the next start does it, too)")
        }
        return .good("the schema is at version \(state.schemaVersion), as this program wants it")
    }

    private static func size(
        _ state: DatabaseState, _ settings: AggregatorSettings, _ freeBytes: Int?, _ now: Instant
    ) -> [Finding] {
        let total = state.size.byteCount
        let rate = state.size.bytesPerDay(at: now).map { ", a day of calls takes \(bytesText(Int($0)))" } ?? ""
        let policy = settings.retention
        guard let byteCountMax = policy.byteCountMax else {
            guard settings.databaseURL == nil, let freeBytes,
                let left = state.size.timeUntilFull(byteCountMax: total + freeBytes, policy, at: now)
            else { return [.good("the database takes \(bytesText(total))\(rate)")] }
            return [
                .bad(
                    "the database takes \(bytesText(total))\(rate): the disk is full in \(spanText(left))",
                    "set retention.max_bytes, or lower retention.calls")
            ]
        }
        let held = "the database takes \(bytesText(total)) of \(bytesText(byteCountMax))\(rate)"
        if total > byteCountMax {
            return [
                .warning("\(held): bodies are being given up", "raise retention.max_bytes or lower retention.calls")
            ]
        }
        guard let left = state.size.timeUntilFull(byteCountMax: byteCountMax, policy, at: now) else {
            return [.good(held)]
        }
        return [
            .warning(
                "\(held): full in \(spanText(left)), then bodies of successful calls go first",
                "raise retention.max_bytes or lower retention.calls")
        ]
    }

    private static func tokens(_ state: DatabaseState, _ settings: AggregatorSettings, _ now: Instant) -> [Finding] {
        let valid = state.tokens.filter { $0.isValid(at: now) }
        guard valid.contains(where: { $0.scopes.contains(.ingest) }) || settings.certificates != nil else {
            return [
                .bad(
                    "no token lets an agent deliver",
                    "farwatch-aggregator token create --scope ingest --name agents, and put it into forward.token")
            ]
        }
        var findings = [Finding.good("\(valid.count) valid token\(valid.count == 1 ? "" : "s")")]
        for token in valid {
            guard let end = token.expiresAt, end - now < .seconds(14 * 86_400) else { continue }
            findings.append(
                .warning(
                    "the token \(token.id) (\(token.name)) expires in \(spanText(end - now))",
                    "farwatch-aggregator token create with the same scopes, then exchange it"))
        }
        return findings
    }

    private static func agents(_ state: DatabaseState, _ now: Instant) -> [Finding] {
        guard !state.agents.isEmpty else {
            return [
                .warning("no agent has reported in a day", "start farwatch-agent on a host, and run its doctor there")
            ]
        }
        let silent = state.agents.filter { now - $0.lastSeen > .seconds(60) }
        guard let oldest = silent.min(by: { $0.lastSeen < $1.lastSeen }) else {
            return [.good("\(state.agents.count) agent\(state.agents.count == 1 ? " reports" : "s report")")]
        }
        return [
            .warning(
                "\(silent.count) of \(state.agents.count) agents are silent, \(oldest.agentID) for "
                    + spanText(now - oldest.lastSeen),
                "run farwatch-agent doctor on those hosts; farwatch hosts lists them")
        ]
    }

    private static func work(_ state: DatabaseState, _ now: Instant) -> [Finding] {
        var findings: [Finding] = []
        if state.unfoldedBlocks > 5_000 {
            findings.append(
                .warning(
                    "\(state.unfoldedBlocks) blocks of counts wait to be folded: the history is behind",
                    "look for 'fold rollups' in the log of the aggregator"))
        } else {
            findings.append(.good("counts are folded as they come"))
        }
        guard let newest = state.newestStatus else {
            return findings + [
                .warning("no status has been worked out yet", "start the aggregator: farwatch-aggregator run")
            ]
        }
        findings.append(
            now - newest > .seconds(15)
                ? .bad("the status is \(spanText(now - newest)) old", "start the aggregator, or look into its log")
                : .good("the status is of this moment"))
        return findings
    }
}

/// `1.2 GB`, decimal as in the settings.
func bytesText(_ count: Int) -> String {
    var value = Double(max(0, count))
    for unit in ["bytes", "kB", "MB", "GB"] {
        if value < 1_000 { return unit == "bytes" ? "\(count) bytes" : "\((value * 10).rounded() / 10) \(unit)" }
        value /= 1_000
    }
    return "\((value * 10).rounded() / 10) TB"
}

/// `40 s`, `12 min`, `3 h`, `5 days`.
func spanText(_ duration: Duration) -> String {
    let seconds = max(0, Int64(duration.inSeconds))
    switch seconds {
    case ..<120: return "\(seconds) s"
    case ..<7_200: return "\(seconds / 60) min"
    case ..<172_800: return "\(seconds / 3_600) h"
    default: return "\(seconds / 86_400) days"
    }
}
