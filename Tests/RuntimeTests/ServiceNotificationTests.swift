import Glibc
import Runtime
import Testing

@Suite struct ServiceNotificationTests {
    /// A socket such as the service manager's.
    private final class Manager {
        let descriptor: Int32
        init(_ path: String) throws {
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let isAbstract = path.hasPrefix("@")
            let bytes = (isAbstract ? [0] + Array(path.utf8.dropFirst()) : Array(path.utf8) + [0])
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            let byteCount = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count)
            let bound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, byteCount) }
            }
            try #require(bound == 0)
        }
        deinit { close(descriptor) }

        func next() -> String {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            return count < 0 ? "" : String(decoding: buffer[..<count], as: UTF8.self)
        }
    }

    @Test(arguments: [true, false])
    func `each change of state is one datagram`(_ isAbstract: Bool) throws {
        let directory = try TemporaryDirectory()
        let path = isAbstract ? "@\(directory.path)" : directory.file("notify")
        let manager = try Manager(path)
        let service = ServiceNotification(environment: ["NOTIFY_SOCKET": path])
        #expect(service.ready())
        #expect(manager.next() == "READY=1")
        #expect(service.ready(status: "3 partners\nREADY=0"))
        #expect(manager.next() == "READY=1\nSTATUS=3 partners READY=0")
        #expect(service.status("busy"))
        #expect(manager.next() == "STATUS=busy")
        #expect(service.watchdog())
        #expect(manager.next() == "WATCHDOG=1")
        #expect(service.stopping(status: "draining"))
        #expect(manager.next() == "STOPPING=1\nSTATUS=draining")
        let before = MonotonicClock.now() / 1000
        #expect(service.reloading())
        let lines = manager.next().split(separator: "\n")
        try #require(lines.count == 2)
        #expect(lines[0] == "RELOADING=1")
        let stamp = try #require(Int64(lines[1].dropFirst("MONOTONIC_USEC=".count)))
        #expect(stamp >= before && stamp <= MonotonicClock.now() / 1000)
    }

    @Test(arguments: [nil, "", "relative", "/nonexistent/socket", "/" + String(repeating: "x", count: 200)])
    func `without a manager nothing happens`(_ path: String?) {
        let service = ServiceNotification(environment: path.map { ["NOTIFY_SOCKET": $0] } ?? [:])
        #expect(!service.ready())
        #expect(service.watchdogInterval == nil)
    }

    @Test func `the watchdog is for the process it names`() {
        func interval(_ environment: [String: String]) -> Duration? {
            ServiceNotification(environment: environment).watchdogInterval
        }
        #expect(interval(["WATCHDOG_USEC": "30000000"]) == .seconds(30))
        #expect(interval(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "\(getpid())"]) == .seconds(30))
        #expect(interval(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "0"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "x"]) == nil)
    }
}
