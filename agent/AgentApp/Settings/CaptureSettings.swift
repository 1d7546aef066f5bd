import Probes
import Runtime

/// What the agent looks at by itself: `capture`. Nothing, until the operator says so.
public struct CaptureSettings: Sendable {
    public var probes = ProbeConfiguration.Mode.off
    /// Units of systemd whose processes are watched; all where empty.
    public var units: [String] = []
    /// Ceilings, as parts of one: of a core for the agent, of their own time for the applications.
    public var agentShareMax = 0.02
    public var applicationShareMax = 0.005

    init() {}

    init(_ section: SettingsSection) {
        let modes = ProbeConfiguration.Mode.allCases.map(\.rawValue)
        probes = section.choice("probes", of: modes).flatMap(ProbeConfiguration.Mode.init) ?? probes
        units = section.strings("units")
        let limits = section.section("limits")
        let agent = limits.double("agent_cpu_percent", in: 0.1...100)
        agentShareMax = agent.map { $0 / 100 } ?? agentShareMax
        let application = limits.double("application_cpu_percent", in: 0.01...100)
        applicationShareMax = application.map { $0 / 100 } ?? applicationShareMax
    }

    func probeConfiguration(stateDirectory: String) -> ProbeConfiguration {
        var configuration = ProbeConfiguration(stateDirectory: stateDirectory)
        configuration.mode = probes
        configuration.units = units
        configuration.governor.agentShareMax = agentShareMax
        configuration.governor.applicationShareMax = applicationShareMax
        return configuration
    }
}
