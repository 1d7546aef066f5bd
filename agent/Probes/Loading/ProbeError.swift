/// Why the kernel would not have something. `description` is for the operator: what, why, what to do.
public enum ProbeError: Error, Equatable, Sendable {
    case open(reason: String)
    case load(reason: String)
    case ring(reason: String)
    case map(name: String, reason: String)
    case attach(function: String, path: String, reason: String)

    /// The system's own words.
    var reason: String {
        switch self {
        case .open(let reason), .load(let reason), .ring(let reason), .map(_, let reason), .attach(_, _, let reason):
            reason
        }
    }
}

extension ProbeError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .open(let reason): "the probe object cannot be opened: \(reason)"
        case .load(let reason):
            "the kernel refuses the probes: \(reason); root (CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN) and a kernel with BTF are needed"
        case .ring(let reason): "the ring cannot be read: \(reason)"
        case .map(let name, let reason): "the map \(name) of the probes: \(reason)"
        case .attach(let function, let path, let reason): "\(function) of \(path): \(reason)"
        }
    }
}
