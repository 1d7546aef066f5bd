import CallModel
import Glibc
import Protocols

/// The addresses of this host, which tell whether a connection was made here, or to here.
struct LocalAddresses {
    /// With port 0.
    private var endpoints: Set<SocketEndpoint> = []
    /// A host of many containers has some hundreds.
    static let countMax = 16_384

    init(_ endpoints: Set<SocketEndpoint> = []) { self.endpoints = endpoints }

    func contains(_ endpoint: SocketEndpoint) -> Bool {
        endpoint.isLoopback || endpoints.contains(SocketEndpoint(high: endpoint.high, low: endpoint.low, port: 0))
    }

    /// As they are now; nil where the system does not tell.
    static func current() -> LocalAddresses? {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return nil }
        defer { freeifaddrs(first) }
        var found: Set<SocketEndpoint> = []
        var next = first
        // The list and what it points at stay as they are until it is freed, after the loop.
        while let entry = next, found.count < countMax {
            if let address = entry.pointee.ifa_addr, let endpoint = endpoint(UnsafeRawPointer(address)) {
                found.insert(endpoint)
            }
            next = entry.pointee.ifa_next
        }
        return LocalAddresses(found)
    }

    /// - Precondition: `address` points to a `sockaddr` as long as its family says.
    private static func endpoint(_ address: UnsafeRawPointer) -> SocketEndpoint? {
        switch Int32(address.loadUnaligned(as: sockaddr.self).sa_family) {
        case AF_INET:
            let address = address.loadUnaligned(as: sockaddr_in.self)
            return SocketEndpoint(ipv4: UInt32(bigEndian: address.sin_addr.s_addr), port: 0)
        case AF_INET6:
            let address = address.loadUnaligned(as: sockaddr_in6.self)
            // Sixteen bytes, read as two numbers of eight.
            return withUnsafeBytes(of: address.sin6_addr) {
                SocketEndpoint(
                    high: UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                    low: UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)), port: 0)
            }
        default: return nil
        }
    }
}
