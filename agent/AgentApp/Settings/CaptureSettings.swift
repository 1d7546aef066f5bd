import Capture
import Probes
import Runtime

/// What the agent looks at by itself: `capture`. Nothing, until the operator says so.
public struct CaptureSettings: Sendable, Equatable {
    public var probes = ProbeConfiguration.Mode.off
    /// Units of systemd whose processes are watched; all where empty.
    public var units: [String] = []
    /// Ceilings, as parts of one: of a core for the agent, of their own time for the applications.
    public var agentShareMax = 0.02
    public var applicationShareMax = 0.005
    /// Whether packets are captured, on which interface (`any` for all), and of which TCP ports (of all where empty).
    public var packets = false
    public var interface = CaptureSettings.everyInterface
    public var ports: [UInt16] = []
    /// Whether what is inside IP in IP, GRE, VXLAN and GENEVE is captured.
    public var tunnels = false
    /// The file applications write their TLS secrets to, and until when it is read.
    public var keyLog: KeyLogGrant?
    /// Whether a call that an application reports and that is seen on the wire too is one call.
    public var joinsReports = true

    static let everyInterface = "any"
    /// IFNAMSIZ of linux/if.h, its end included.
    private static let interfaceByteCountMax = 15

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
        joinsReports = section.bool("join_reports") ?? joinsReports
        readPackets(section)
        keyLog = KeyLogGrant(section.section("key_log"), packets: packets)
    }

    var seesCalls: Bool { packets || probes == .on }

    private mutating func readPackets(_ section: SettingsSection) {
        packets = section.choice("packets", of: ["off", "on"]) == "on"
        interface = section.string("interface") ?? interface
        if interface.isEmpty || interface.utf8.count > Self.interfaceByteCountMax || interface.contains("/") {
            section.report(
                "interface", "is no name of an interface", hint: "`ip link` lists them; `any` is all of them")
        }
        tunnels = section.bool("tunnels") ?? tunnels
        let texts = section.strings("ports")
        ports = texts.compactMap { UInt16($0) }.filter { $0 > 0 }
        if ports.count < texts.count { section.report("ports", "each must be a number from 1 to 65535") }
        if ports.count > CaptureFilter.onlyPortsMax {
            section.report(
                "ports", "are more than \(CaptureFilter.onlyPortsMax)", hint: "leave them out to see all ports")
        }
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
