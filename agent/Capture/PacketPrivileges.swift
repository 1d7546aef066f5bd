import Glibc
import Privileges

/// Answers the one question of packets that needs privilege: a socket that receives them (packet(7)). It is bound to nothing and has
/// no filter yet; both are for who asked.
public enum PacketPrivileges {
    /// This process opens it itself, with what it is allowed.
    public static let here = PrivilegedPart { answer($0) ?? PrivilegedAnswer(error: EINVAL) }

    /// Nil for what is not about packets.
    public static func answer(_ request: PrivilegedRequest) -> PrivilegedAnswer? {
        guard request.kind == .openPacketSocket else { return nil }
        let type = request.number == 1 ? SOCK_RAW : SOCK_DGRAM
        // Without a protocol nothing is received before the socket is bound.
        let number = socket(AF_PACKET, Int32(type.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        return number < 0 ? PrivilegedAnswer(error: errno) : PrivilegedAnswer(descriptors: [number])
    }
}
