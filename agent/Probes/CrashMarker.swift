import Runtime

/// Remembers across a crash of the kernel that probes were attached.
///
/// The file is written before the first probe is set and removed when the last is gone. Found at a start, it tells by the boot's
/// id what happened: the same boot, and only the agent died (its probes went with it); another boot, and the machine went down while
/// probes were attached. Whose fault that was nobody knows, so probes stay off until the operator removes the file.
public struct CrashMarker: Sendable {
    public let path: String

    public init(stateDirectory: String) { path = stateDirectory + "/probes.attached" }

    /// Whether the machine went down while probes were attached.
    public func showsCrash(bootID: [UInt8]) -> Bool {
        guard Files.exists(path), let written = try? Files.read(path, byteCountMax: 256) else { return false }
        return Self.trimmed(written) != Self.trimmed(bootID)
    }

    public func set(bootID: [UInt8]) throws(FileError) { try Files.writeAtomically(bootID, to: path) }

    public func clear() throws(FileError) { if Files.exists(path) { try Files.remove(path) } }

    static func currentBootID() -> [UInt8] {
        // Without it no boot can be told from another: then the marker never speaks.
        (try? Files.read("/proc/sys/kernel/random/boot_id", byteCountMax: 256)) ?? []
    }

    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] { bytes.filter { $0 > 32 } }
}
