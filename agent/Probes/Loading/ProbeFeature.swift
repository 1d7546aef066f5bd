/// What probes can tell, in parts: each is tried, and what the kernel refuses is said in one line with what it costs us.
public struct ProbeFeature: Sendable, Equatable {
    public var name: String
    /// Why it is missing; nil where it works.
    public var refusal: String?
    public var lossWhenMissing: String

    /// The parts, with the programs each takes.
    static let all: [(name: String, programs: [String], loss: String)] = [
        ("calls", ["callEntered", "callReturned"], "nothing encrypted can be read"),
        ("addresses", ["socketSent", "socketReceived"], "calls have no peer address (the kernel is older than 6.3)"),
        ("connects", ["stateChanged"], "refused and unanswered connections are not seen"),
        ("processes", ["processExecuted", "processExited"], "new programs are noticed up to half a minute late"),
        ("children", ["processForked"], "children of listed units are noticed up to half a minute late"),
        ("handshakes", ["handshakeEntered", "handshakeReturned"], "failed TLS handshakes are not seen"),
        ("roles", ["roleSet"], "who is the client is concluded from who speaks first"),
        ("names", ["controlEntered", "gnutlsNameSet"], "servers are named by the Host header alone"),
        (
            "lookups", ["lookupEntered", "lookupReturned"],
            "names that do not resolve are not seen, and refused connections have no name"
        ),
        ("ends", ["sessionFreed", "shutdownEntered"], "the end of a session is noticed late"),
    ]

    /// Programs that stand on events of the kernel and are attached once.
    static let kernelPrograms = [
        "socketSent", "socketReceived", "stateChanged", "processExecuted", "processExited", "processForked",
    ]

    /// - Parameter refused: Programs that could not be loaded or attached, each with its reason.
    static func report(refused: [String: String]) -> [ProbeFeature] {
        all.map { name, programs, loss in
            ProbeFeature(
                name: name, refusal: programs.lazy.compactMap { refused[$0] }.first, lossWhenMissing: loss)
        }
    }

    /// `connects: on`, or `connects: refused (Operation not permitted): refused and unanswered connections are not seen`.
    public var line: String {
        refusal.map { "\(name): refused (\($0)): \(lossWhenMissing)" } ?? "\(name): on"
    }
}
