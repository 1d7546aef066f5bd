import Runtime

/// Why packets cannot be captured.
public enum CaptureError: Error, Equatable, Sendable {
    /// The process lacks `CAP_NET_RAW`.
    case notPermitted
    case noSuchInterface(String)
    /// The interface went down or away while it was captured on.
    case interfaceGone
    case failed(operation: String, interface: String, errno: Int32)
}

extension CaptureError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notPermitted:
            "capturing needs the capability CAP_NET_RAW: run as root, or give it (AmbientCapabilities=CAP_NET_RAW in the unit)"
        case .noSuchInterface(let name): "there is no interface \(name); `ip link` lists those of this host"
        case .interfaceGone: "the interface went down or away"
        case .failed(let operation, let interface, let number):
            "cannot \(operation) \(interface): \(systemMessage(number))"
        }
    }
}
