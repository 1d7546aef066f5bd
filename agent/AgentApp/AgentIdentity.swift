import CallModel
import Glibc
import Logging
import Runtime

/// Who this agent is, for good: made at its first start, kept beside its spool.
enum AgentIdentity {
    /// The id kept in the state directory, or a new one: the host's name, so that people recognise it, and random digits, so
    /// that a cloned name is no clone.
    ///
    /// Where the directory can be neither read nor written, the digits come from the machine's id, so that the next start says the
    /// same: an agent must run, and be the same agent, on a disk that is full or read-only.
    static func load(_ stateDirectory: String, hostName: String, logger: Logger) -> String {
        if let id = known(stateDirectory) { return id }
        let name = hostName.utf8.prefix(64).map { (33...126).contains($0) ? $0 : UInt8(ascii: "-") }
        let prefix = String(decoding: name, as: UTF8.self) + "-"
        let id = prefix + hexText(UInt64.random(in: .min ... .max)).prefix(8)
        do {
            try Files.writeAtomically(Array((id + "\n").utf8), to: path(stateDirectory))
            return id
        } catch {
            logger.warning("the agent's id cannot be kept", metadata: ["error": "\(error)"])
            return prefix + machineDigits()
        }
    }

    /// The id that was made before; nil where there is none, or none that can be read.
    static func known(_ stateDirectory: String) -> String? {
        // Not there, or not readable: none either way.
        guard let bytes = try? Files.read(path(stateDirectory), byteCountMax: 256) else { return nil }
        let id = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
        return (1...128).contains(id.utf8.count) && id.utf8.allSatisfy { (33...126).contains($0) } ? id : nil
    }

    private static func path(_ stateDirectory: String) -> String { stateDirectory + "/agent.id" }

    /// Eight digits that tell machines apart (machine-id(5)); FNV-1a.
    private static func machineDigits() -> String {
        let bytes = (try? Files.read("/etc/machine-id", byteCountMax: 64)) ?? []
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return String(hexText(hash).prefix(8))
    }

    /// The kernel's name for this host.
    static func hostName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
