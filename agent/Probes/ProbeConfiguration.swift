import CallModel

/// The knobs of `Probes`.
public struct ProbeConfiguration: Sendable {
    /// What may be done on this host.
    public enum Mode: String, Sendable, CaseIterable {
        /// Nothing is loaded.
        case off
        /// Processes with TLS are listed, and connections counted; nothing is attached to them, no byte is read.
        case observe
        case on
    }

    public var mode = Mode.off
    /// Only processes of these systemd units, with or without `.service`; all where empty.
    public var units: [String] = []
    /// Where the crash marker lies.
    public var stateDirectory: String
    public var governor = Governor.Configuration()
    public var streams = ProbeStreams.Configuration()
    /// The ring is looked at so often while calls come, and more rarely otherwise.
    public var readInterval: Duration = .milliseconds(20)
    public var idleReadInterval: Duration = .milliseconds(100)
    /// A backlog of so many bytes wakes the agent at once. The ring holds 8 MiB.
    public var backlogWake = 1 << 20
    /// All processes are looked through so often for libraries they loaded late.
    public var scanInterval: Duration = .seconds(30)
    /// After a program was started its libraries are looked for at these times.
    public var looksAfterStart: [Duration] = [.milliseconds(50), .milliseconds(500), .seconds(3)]
    /// Looking at processes takes at most so long between two looks at the ring, one file more or less.
    public var lookMax: Duration = .milliseconds(20)
    /// What looking at processes may use of a core, and how much more at once, as at the start, when every file is new.
    public var lookShareMax = 0.005
    public var lookBurst: Duration = .seconds(5)
    /// Files probes are set on, and files remembered at all.
    public var attachedFileCountMax = 128
    public var knownFileCountMax = 16_384
    /// Processes kept account of.
    public var processCountMax = 4_096
    /// Without a sign of life for so long the watchdog detaches everything.
    public var watchdogMax: Duration = .seconds(10)
    public var governorInterval: Duration = .milliseconds(250)

    public init(stateDirectory: String) { self.stateDirectory = stateDirectory }
}
