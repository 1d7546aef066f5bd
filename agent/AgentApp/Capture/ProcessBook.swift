import Attribution
import CallModel
import Probes

/// What is known of the processes whose calls probes see: their units and containers.
///
/// A process is looked at when a connection of its is opened, while it is still there: its calls are told later, when many short
/// programs have ended. Then it is known, and looked at again only when it opens one after a minute: numbers are used again, but
/// not so soon.
struct ProcessBook {
    static let processCountMax = 8_192
    static let trustMax: Duration = .seconds(60)

    private struct Entry {
        /// Nil for one that was gone already, or that may not be read.
        var facts: ProcessFacts?
        var readAt: Instant
    }

    private let isWanted: Bool
    private let read: (Int32) -> String?
    private var entries: [Int32: Entry] = [:]
    private(set) var readCount = 0

    /// - Parameters:
    ///   - isWanted: Whether any rule asks; if none does nothing is read.
    ///   - read: The text of a process's `/proc/PID/cgroup`.
    init(isWanted: Bool, read: @escaping (Int32) -> String? = { ControlGroups.text(of: $0) }) {
        self.isWanted = isWanted
        self.read = read
    }

    /// A connection of this process was opened.
    mutating func opened(by process: Int32?, at now: Instant) {
        guard isWanted, let process else { return }
        if let known = entries[process], now - known.readAt < Self.trustMax { return }
        look(at: process, now)
    }

    /// Of the process at this end of a connection that was seen: as long as that is open its number is nobody else's.
    mutating func facts(of process: Int32?, at now: Instant) -> ProcessFacts? {
        guard isWanted, let process else { return nil }
        if entries[process] == nil { look(at: process, now) }
        return entries[process]?.facts
    }

    private mutating func look(at process: Int32, _ now: Instant) {
        if entries[process] == nil, entries.count >= Self.processCountMax {
            entries = entries.filter { now - $0.value.readAt < Self.trustMax }
            // So many within a minute: whoever is still there is looked at again.
            if entries.count >= Self.processCountMax { entries = [:] }
        }
        readCount += 1
        entries[process] = Entry(facts: read(process).map { ProcessFacts(cgroup: $0) }, readAt: now)
    }
}
