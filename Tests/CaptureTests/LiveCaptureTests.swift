import Capture
import Glibc
import Testing

/// Captures on the loopback interface, which needs CAP_NET_RAW. Without it these tests say so and are skipped.
struct LiveCaptureTests {
    private static let isPermitted: Bool = {
        do {
            _ = try InterfaceCapture(.init(interface: "lo"))
            return true
        } catch {
            print("LiveCaptureTests are skipped: \(error)")
            return false
        }
    }()

    /// A TCP listener on loopback.
    private struct Listener: ~Copyable {
        let descriptor: Int32
        private var address: sockaddr_in6

        /// - Parameter isIPv6: listens on ::1 rather than on 127.0.0.1, mapped.
        init(isIPv6: Bool = false) {
            descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
            address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            let text = isIPv6 ? "::1" : "::ffff:127.0.0.1"
            #expect(inet_pton(AF_INET6, text, &address.sin6_addr) == 1)
            let descriptor = descriptor
            var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
            Self.withAddress(&address) {
                #expect(bind(descriptor, $0, size) == 0 && listen(descriptor, 1) == 0)
                getsockname(descriptor, $0, &size)
            }
        }

        deinit { close(descriptor) }

        var port: UInt16 { UInt16(bigEndian: address.sin6_port) }

        /// A connection that carries the text.
        mutating func talk(_ text: String) {
            let client = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
            let size = socklen_t(MemoryLayout<sockaddr_in6>.size)
            Self.withAddress(&address) { #expect(connect(client, $0, size) == 0) }
            let server = accept(descriptor, nil, nil)
            let bytes = Array(text.utf8)
            #expect(send(client, bytes, bytes.count, 0) == bytes.count)
            var received = [UInt8](repeating: 0, count: bytes.count)
            #expect(recv(server, &received, received.count, Int32(MSG_WAITALL)) == bytes.count)
            close(client)
            close(server)
        }

        /// The address outlives the call, and every kind of address begins like `sockaddr`.
        private static func withAddress(_ address: inout sockaddr_in6, _ body: (UnsafeMutablePointer<sockaddr>) -> Void)
        {
            withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0) }
            }
        }
    }

    private static func sendDatagram(_ text: String, to port: UInt16) {
        let sender = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(sender) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let bytes = Array(text.utf8)
        // The address outlives the call.
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(sender, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private struct Seen {
        var linkType: UInt32
        var bytes: [UInt8]
        var original: Int
        var time: Int64
    }

    /// Other tests talk on loopback at the same time, and this one's thread may have to wait for its turn: the ring has room
    /// for seconds of that, by bytes and by blocks that are handed over when they are old.
    private static func configuration(_ interface: String?) -> InterfaceCapture.Configuration {
        var configuration = InterfaceCapture.Configuration(interface: interface)
        configuration.ringByteCount = 32 << 20
        configuration.blockWait = .milliseconds(200)
        return configuration
    }

    /// What carries `text`: received until `last` has come, and for a while after that.
    private static func drain(_ capture: InterfaceCapture, _ text: String, until last: String) throws -> [Seen] {
        var seen: [Seen] = []
        var end = ContinuousClock.now + .seconds(120)
        var hasCome = false
        while ContinuousClock.now < end {
            try capture.receive(waitingUpTo: .milliseconds(200)) { bytes, packet in
                let bytes = bytes.withUnsafeBufferPointer { Array($0) }
                guard contains(bytes, text) else { return }
                seen.append(
                    Seen(
                        linkType: packet.linkType, bytes: bytes, original: packet.originalByteCount,
                        time: packet.nanosecondsSinceEpoch))
            }
            if !hasCome, seen.contains(where: { contains($0.bytes, last) }) {
                hasCome = true
                end = .now + .milliseconds(600)
            }
        }
        return seen
    }

    private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        String(decoding: bytes, as: UTF8.self).contains(text)
    }

    @Test(.enabled(if: isPermitted), arguments: ["lo", nil])
    func `each loopback packet is seen once, whole, with its time`(interface: String?) throws {
        let capture = try InterfaceCapture(Self.configuration(interface))
        var before = timespec()
        clock_gettime(CLOCK_REALTIME, &before)
        let text = "farwatch \(getpid()) \(interface ?? "any")"
        var listener = Listener()
        listener.talk(text)
        let mine = try Self.drain(capture, text, until: text)
        #expect(mine.count == 1)
        let packet = try #require(mine.first)
        #expect(packet.linkType == (interface == nil ? 101 : 1))
        #expect(packet.original == packet.bytes.count)
        #expect(abs(packet.time - Int64(before.tv_sec) * 1_000_000_000) < 60_000_000_000)
        #expect(capture.counters().receivedPackets >= 1 && capture.counters().kernelDrops == 0)
    }

    @Test(.enabled(if: isPermitted), arguments: [false, true])
    func `connections of ports to be ignored are not captured, others are`(isIPv6: Bool) throws {
        var mine = Listener(isIPv6: isIPv6)
        var other = Listener(isIPv6: isIPv6)
        for interface in ["lo", nil] {
            var configuration = Self.configuration(interface)
            configuration.filter = CaptureFilter(ignoredPorts: Array(1...15) + [mine.port])
            let capture = try InterfaceCapture(configuration)
            let text = "farwatch \(getpid()) \(isIPv6) \(interface ?? "any")"
            mine.talk(text + " ignored")
            other.talk(text + " wanted")
            let seen = try Self.drain(capture, text, until: text + " wanted")
            #expect(seen.contains { Self.contains($0.bytes, text + " wanted") })
            #expect(!seen.contains { Self.contains($0.bytes, text + " ignored") })
        }
    }

    @Test(.enabled(if: isPermitted), arguments: [false, true])
    func `of ports that are listed connections are captured, of others not`(isIPv6: Bool) throws {
        var mine = Listener(isIPv6: isIPv6)
        var other = Listener(isIPv6: isIPv6)
        for interface in ["lo", nil] {
            var configuration = Self.configuration(interface)
            configuration.filter = CaptureFilter(ignoredPorts: Array(1...16), onlyPorts: Array(21...35) + [mine.port])
            let capture = try InterfaceCapture(configuration)
            let text = "farwatch \(getpid()) \(isIPv6) \(interface ?? "any")"
            other.talk(text + " unlisted")
            mine.talk(text + " listed")
            let seen = try Self.drain(capture, text, until: text + " listed")
            #expect(seen.contains { Self.contains($0.bytes, text + " listed") })
            #expect(!seen.contains { Self.contains($0.bytes, text + " unlisted") })
        }
    }

    @Test(.enabled(if: isPermitted)) func `of UDP only names are captured`() throws {
        let capture = try InterfaceCapture(Self.configuration(nil))
        let text = "farwatch datagram \(getpid())"
        Self.sendDatagram(text, to: 53)
        Self.sendDatagram(text, to: 5_399)
        // Nobody listens, so ICMP answers with a copy; only UDP is looked at.
        let seen = try Self.drain(capture, text, until: text).filter { $0.bytes[9] == 17 }
        #expect(seen.map { Int($0.bytes[22]) << 8 | Int($0.bytes[23]) } == [53])
    }

    @Test(arguments: ["nowhere0", "a-name-longer-than-any-interface-has"])
    func `an interface that is not there is named`(_ name: String) {
        #expect(throws: CaptureError.noSuchInterface(name)) { try InterfaceCapture(.init(interface: name)) }
    }
}
