import CCapture
import Glibc
import Privileges

/// A packet socket before its ring: made, with its filter, and not yet bound.
struct Socket: ~Copyable {
    let descriptor: Int32
    /// 0 for every interface.
    let interfaceIndex: Int32
    /// Packets begin with an Ethernet header; else with their network header.
    let hasLinkHeader: Bool

    private init(owning descriptor: Int32, interfaceIndex: Int32, hasLinkHeader: Bool) {
        self.descriptor = descriptor
        self.interfaceIndex = interfaceIndex
        self.hasLinkHeader = hasLinkHeader
    }

    static func open(
        _ configuration: InterfaceCapture.Configuration, _ part: PrivilegedPart, _ subject: String
    ) throws(CaptureError) -> Socket {
        let found = try interface(configuration.interface, subject)
        var request = PrivilegedRequest(.openPacketSocket)
        request.number = found.hasLinkHeader ? 1 : 0
        do throws(PrivilegedError) {
            guard let number = try part.ask(request).descriptors.first else {
                throw PrivilegedError(kind: request.kind, errno: EPROTO)
            }
            return Socket(owning: number, interfaceIndex: found.index, hasLinkHeader: found.hasLinkHeader)
        } catch {
            throw error.errno == EPERM || error.errno == EACCES
                ? .notPermitted : .failed(operation: "open a packet socket for", interface: subject, errno: error.errno)
        }
    }

    deinit { close(descriptor) }

    consuming func release() -> Int32 {
        let number = descriptor
        discard self
        return number
    }

    /// Interfaces with Ethernet headers keep them, for the tags inside. Of others, and of all together, the headers differ, so
    /// there the kernel takes them off.
    private static func interface(
        _ name: String?, _ subject: String
    ) throws(CaptureError) -> (index: Int32, hasLinkHeader: Bool) {
        guard let name else { return (0, false) }
        let index = if_nametoindex(name)
        guard index != 0 else { throw .noSuchInterface(name) }
        // Any socket can be asked; this one needs no privilege.
        let asking = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard asking >= 0 else { throw .failed(operation: "ask about", interface: subject, errno: errno) }
        defer { close(asking) }
        let hardware = farwatch_hardware_type(asking, name)
        guard hardware >= 0 else { throw .failed(operation: "ask about", interface: subject, errno: errno) }
        return (Int32(index), hardware == ARPHRD_ETHER || hardware == ARPHRD_LOOPBACK)
    }
}
