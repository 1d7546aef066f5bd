import Glibc
import NIOCore
import NIOPosix

/// Turns names into addresses, off the event loops: `getaddrinfo` blocks for as long as name servers let it.
enum Resolver {
    /// Addresses in the system's order of preference (RFC 6724), at most 16.
    static func addresses(of host: String, port: Int, on loop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        NIOThreadPool.singleton.runIfActive(eventLoop: loop) { try lookUp(host, port) }
    }

    private static func lookUp(_ host: String, _ port: Int) throws(TransportError) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        // An address needs no configured interface of its family: a test on loopback alone has none.
        if let literal = try? SocketAddress(ipAddress: host, port: port) { return [literal] }
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            throw TransportError(
                .dnsFailed, operation: "resolve", subject: host, cause: String(cString: gai_strerror(code)),
                hint: "is the name spelt right?", isUnprocessed: true)
        }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next, addresses.count < 16 {
            next = entry.pointee.ai_next
            guard let address = address(entry.pointee, port) else { continue }
            addresses.append(address)
        }
        return addresses
    }

    private static func address(_ entry: addrinfo, _ port: Int) -> SocketAddress? {
        guard let raw = entry.ai_addr else { return nil }
        let bigEndianPort = in_port_t(UInt16(truncatingIfNeeded: port)).bigEndian
        switch entry.ai_family {
        case AF_INET:
            var address = UnsafeRawPointer(raw).loadUnaligned(as: sockaddr_in.self)
            address.sin_port = bigEndianPort
            return SocketAddress(address)
        case AF_INET6:
            var address = UnsafeRawPointer(raw).loadUnaligned(as: sockaddr_in6.self)
            address.sin6_port = bigEndianPort
            return SocketAddress(address)
        default: return nil
        }
    }
}

extension SocketAddress {
    /// 4 or 16 bytes; empty for a path in the file system.
    var addressBytes: [UInt8] {
        switch self {
        case .v4(let address): withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address): withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
        case .unixDomainSocket: []
        }
    }
}
