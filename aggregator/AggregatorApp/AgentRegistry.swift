import BatchFormat
import CallModel
import Documents
import QueryAPI
import Storage
import Synchronization

/// Every agent that was heard of, with its last heartbeat and how far its batches are acknowledged.
final class AgentRegistry: Sendable {
    fileprivate struct Agent {
        var firstSeen: Instant
        var lastSeen: Instant
        var report = "{}"
        /// As its calls name it.
        var host: String?
        var sight = HostSight()
        var clockOffsetSeconds: Double?
        var isStored = false
    }

    private struct State {
        var agents: [String: Agent] = [:]
        var floors: [Spool: UInt64] = [:]
    }

    private struct Spool: Hashable {
        var agentID: String
        var spoolID: SpoolID
    }

    /// Reports come every 10 s: three missed ones are silence.
    private static let silence: Duration = .seconds(35)
    private static let forgottenAfter: Duration = .seconds(86_400)
    private static let agentsMax = 100_000
    private static let floorsMax = 200_000

    private let state = Mutex(State())

    /// What the database remembers from before a restart.
    func restore(_ records: [AgentRecord]) {
        state.withLock { state in
            for record in records {
                state.agents[record.agentID] = Agent(record)
            }
        }
    }

    /// Takes a heartbeat; returns what is wrong with it.
    func heartbeat(_ agentID: String, _ body: [UInt8], at now: Instant) -> String? {
        let read: (report: [UInt8], sentAt: Instant?, host: String?, sight: HostSight)?
        do {
            read = try JSONParser(byteCountMax: 64 << 10).parse(body) { value in
                guard value.kind == .object else { return nil }
                var bytes: [UInt8] = []
                value.serialize(into: &bytes)
                let sentAt = value.member("sent_at")?.string.flatMap { Instant(rfc3339: $0) }
                return (bytes, sentAt, value.member("host")?.string, HostSight(value))
            }
        } catch {
            return "\(error)"
        }
        guard let read else { return "a JSON object is wanted" }
        // PostgreSQL's jsonb knows no NUL.
        let report = String(decoding: read.report, as: UTF8.self)
        guard !report.contains(#"\u0000"#) else { return "NUL is not allowed in it" }
        return state.withLock { state in
            guard state.agents[agentID] != nil || state.agents.count < Self.agentsMax else { return "too many agents" }
            var agent = state.agents[agentID] ?? Agent(firstSeen: now, lastSeen: now)
            agent.lastSeen = now
            agent.report = report
            agent.host = read.host
            agent.sight = read.sight
            agent.clockOffsetSeconds = read.sentAt.map { ($0 - now).inSeconds }
            agent.isStored = false
            state.agents[agentID] = agent
            return nil
        }
    }

    /// A batch came: its sender is alive, and everything below its floor is acknowledged.
    func batchArrived(_ batch: ReceivedBatch) {
        state.withLock { state in
            let spool = Spool(agentID: batch.identity.agentID, spoolID: batch.identity.spoolID)
            guard state.floors[spool] != nil || state.floors.count < Self.floorsMax else { return }
            state.floors[spool] = max(state.floors[spool] ?? 0, batch.floor)
        }
    }

    /// Heartbeats not yet in the database.
    func takeUnstored() -> [AgentRecord] {
        state.withLock { state in
            var records: [AgentRecord] = []
            for (agentID, agent) in state.agents where !agent.isStored {
                records.append(
                    AgentRecord(
                        agentID: agentID, firstSeen: agent.firstSeen, lastSeen: agent.lastSeen, report: agent.report))
                state.agents[agentID]!.isStored = true
            }
            return records
        }
    }

    /// How far each spool's batches are acknowledged; forgets them, the next batch tells again.
    func takeFloors() -> [(agentID: String, spool: (high: UInt64, low: UInt64), floor: UInt64)] {
        state.withLock { state in
            defer { state.floors.removeAll(keepingCapacity: true) }
            return state.floors.filter { $0.value > 0 }.map { spool, floor in
                (spool.agentID, (spool.spoolID.high, spool.spoolID.low), floor)
            }
        }
    }

    func entries(at now: Instant) -> [HostEntry] {
        let agents = state.withLock { $0.agents }
        return agents.sorted { $0.key < $1.key }.map { agentID, agent in
            HostEntry(
                agentID: agentID, firstSeen: agent.firstSeen, lastSeen: agent.lastSeen,
                isReporting: now - agent.lastSeen <= Self.silence, clockOffsetSeconds: agent.clockOffsetSeconds,
                report: agent.report)
        }
    }

    /// Of which hosts something is heard.
    struct Hearing: Sendable {
        var reporting = 0
        /// By the names their agents gave them.
        var silentHosts: [String] = []
        /// What those see that report.
        var coverage = FleetCoverage()
    }

    func hearing(at now: Instant) -> Hearing {
        state.withLock { state in
            var hearing = Hearing()
            var heard: Set<String> = []
            for (agentID, agent) in state.agents where now - agent.lastSeen <= Self.silence {
                hearing.reporting += 1
                hearing.coverage.add(agent.sight)
                heard.insert(agent.host ?? agentID)
            }
            for (agentID, agent) in state.agents where now - agent.lastSeen > Self.silence {
                let host = agent.host ?? agentID
                // Another agent may have taken its place.
                if !heard.contains(host) { hearing.silentHosts.append(host) }
            }
            return hearing
        }
    }

    /// What other aggregators heard and stored: every aggregator shows the whole fleet.
    func merge(_ records: [AgentRecord], at now: Instant) {
        state.withLock { state in
            // What a restart would not bring back either.
            state.agents = state.agents.filter { now - $0.value.lastSeen < Self.forgottenAfter }
            for record in records where record.lastSeen > state.agents[record.agentID]?.lastSeen ?? .epoch {
                guard state.agents[record.agentID] != nil || state.agents.count < Self.agentsMax else { continue }
                state.agents[record.agentID] = Agent(record)
            }
        }
    }
}

extension AgentRegistry.Agent {
    /// As it was stored.
    fileprivate init(_ record: AgentRecord) {
        self.init(firstSeen: record.firstSeen, lastSeen: record.lastSeen, report: record.report, isStored: true)
        let parser = JSONParser(byteCountMax: 64 << 10)
        // What is no JSON names no host, and the agent's id stands for it; nor does it see anything.
        let read = try? parser.parse(Array(record.report.utf8)) { ($0.member("host")?.string, HostSight($0)) }
        host = read?.0
        sight = read?.1 ?? HostSight()
    }
}
