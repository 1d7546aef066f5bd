import CallModel
import Glibc
import Runtime

/// Who this agent is, for good: made at its first start, kept beside its spool.
enum AgentIdentity {
    /// The id kept in the state directory, or a new one: the host's name, so that people recognise it, and random digits, so
    /// that a cloned name is no clone.
    static func load(_ stateDirectory: String, hostName: String) throws -> String {
        let path = stateDirectory + "/agent.id"
        if Files.exists(path) {
            let text = String(decoding: try Files.read(path, byteCountMax: 256), as: UTF8.self)
            let id = text.split(separator: "\n").first.map(String.init) ?? ""
            if (1...128).contains(id.utf8.count), id.utf8.allSatisfy({ (33...126).contains($0) }) { return id }
        }
        let name = hostName.utf8.prefix(64).map { (33...126).contains($0) ? $0 : UInt8(ascii: "-") }
        let id = String(decoding: name, as: UTF8.self) + "-" + hexText(UInt64.random(in: .min ... .max)).prefix(8)
        try Files.writeAtomically(Array((id + "\n").utf8), to: path)
        return id
    }

    /// The kernel's name for this host.
    static func hostName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
