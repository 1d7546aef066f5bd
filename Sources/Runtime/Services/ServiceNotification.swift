import Glibc

/// Tells the service manager how this process is doing: sd_notify(3), one datagram a message, without its library.
///
/// Outside a service (no `NOTIFY_SOCKET`) every message goes nowhere, quietly.
public struct ServiceNotification: Sendable {
    /// Where messages go; nil when nobody listens. An abstract address starts with `@`.
    public let socketPath: String?
    /// How often the manager expects `watchdog`; nil when it does not. Send it twice as often.
    public let watchdogInterval: Duration?

    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` from the process's variables.
    public init(environment: [String: String]) {
        let path = environment["NOTIFY_SOCKET"] ?? ""
        socketPath = path.hasPrefix("/") || path.hasPrefix("@") ? path : nil
        // The manager may mean another process of the same service.
        let isForUs = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdogInterval = isForUs && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    /// Started, or reloaded.
    @discardableResult
    public func ready(status: String? = nil) -> Bool { send(["READY=1"] + statusLines(status)) }

    /// A reload begins; `ready` ends it. The stamp lets the manager tell this reload from one asked for later.
    @discardableResult
    public func reloading() -> Bool { send(["RELOADING=1", "MONOTONIC_USEC=\(MonotonicClock.now() / 1000)"]) }

    @discardableResult
    public func stopping(status: String? = nil) -> Bool { send(["STOPPING=1"] + statusLines(status)) }

    /// One line for people, shown by `systemctl status`.
    @discardableResult
    public func status(_ text: String) -> Bool { send(statusLines(text)) }

    /// Still alive.
    @discardableResult
    public func watchdog() -> Bool { send(["WATCHDOG=1"]) }

    private func statusLines(_ text: String?) -> [String] {
        guard let text else { return [] }
        // A line break would begin another assignment.
        return ["STATUS=" + String(text.map { $0.isNewline ? " " : $0 })]
    }

    /// False when nobody listens or the message could not be sent; a service goes on either way.
    private func send(_ lines: [String]) -> Bool {
        guard let socketPath, var address = unixAddress(socketPath) else { return false }
        let raw = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard raw >= 0 else { return false }
        let descriptor = Descriptor(owning: raw)
        // A manager that does not read must not hold us up for longer than this.
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(
            descriptor.number, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let message = Array(lines.joined(separator: "\n").utf8)
        let sent = withUnsafePointer(to: &address.value) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                retryingInterrupted {
                    sendto(
                        descriptor.number, message, message.count, Int32(MSG_NOSIGNAL), generic, address.byteCount)
                }
            }
        }
        return sent == message.count
    }
}

/// Nil when the path is longer than the system allows. An abstract address is a null byte and a name without a
/// terminator (unix(7)), so its length counts exactly.
private func unixAddress(_ path: String) -> (value: sockaddr_un, byteCount: socklen_t)? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    var bytes = Array(path.utf8)
    let isAbstract = bytes.first == UInt8(ascii: "@")
    if isAbstract { bytes[0] = 0 } else { bytes.append(0) }
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
        guard bytes.count <= room.count else { return false }
        room.copyBytes(from: bytes)
        return true
    }
    let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!
    return fits ? (address, socklen_t(offset + bytes.count)) : nil
}
