import Synchronization

/// The settings in force. They change while the agent runs, so whoever shows them or acts on them asks here. Thread-safe.
final class LiveSettings: Sendable {
    private let settings: Mutex<AgentSettings>

    init(_ settings: AgentSettings) { self.settings = Mutex(settings) }

    var current: AgentSettings { settings.withLock { $0 } }

    func replace(_ new: AgentSettings) { settings.withLock { $0 = new } }
}
