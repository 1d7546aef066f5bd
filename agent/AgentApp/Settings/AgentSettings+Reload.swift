/// Which settings can change while the agent runs.
///
/// What calls are named, attributed and redacted by, where they go and by which token, from whom they are taken, how large the spool may
/// be, and the level of the log: those are used at once. What is bound to a socket, a probe or a directory waits for the next start.
extension AgentSettings {
    /// The settings of which these have another value than `running`, and that take effect at the next start only.
    func waitingForStart(since running: AgentSettings) -> [String] {
        var keys: [String] = []
        func compare<T: Equatable>(_ key: String, _ field: (AgentSettings) -> T) {
            if field(self) != field(running) { keys.append(key) }
        }
        compare("state_directory") { $0.stateDirectory }
        compare("user") { $0.user }
        compare("host.name") { $0.hostName }
        compare("receive.listen") { $0.receive.address }
        compare("receive.tls") { $0.receive.tls }
        compare("health.listen") { $0.healthAddress }
        compare("capture") { $0.capture }
        compare("catalogue") { $0.published }
        compare("sent") { $0.sent }
        // Whether processes are looked up is settled when the probes start.
        if capture.probes == .on, attribution.asksProcesses, !running.attribution.asksProcesses {
            keys.append("rules by unit or cgroup")
        }
        return keys
    }

    /// These, with the values of `running` wherever a change waits for the next start: what is in force from now on.
    func inForce(since running: AgentSettings) -> AgentSettings {
        var settings = self
        settings.stateDirectory = running.stateDirectory
        settings.user = running.user
        settings.hostName = running.hostName
        settings.receive.address = running.receive.address
        settings.receive.tls = running.receive.tls
        settings.healthAddress = running.healthAddress
        settings.capture = running.capture
        settings.published = running.published
        settings.sent = running.sent
        return settings
    }
}
