import CallModel

/// Who told of a call. Of two that saw the same one the greater is believed, and the lesser completes it.
public enum Witness: UInt8, Comparable, Sendable, CaseIterable {
    case packets = 0
    case probe = 1
    /// The application itself, by an SDK.
    case report = 2

    public init(_ source: CallSource) {
        switch source {
        case .otlp, .moesif, .json: self = .report
        case .probe: self = .probe
        case .packets, .keylog: self = .packets
        }
    }

    public static func < (left: Witness, right: Witness) -> Bool { left.rawValue < right.rawValue }

    var bit: UInt8 { 1 << rawValue }
    static let everyBit: UInt8 = 0b111
}

/// A call as one witness saw it, without its content: what it can be recognised by.
struct Sighting {
    let witness: Witness
    /// What both witnesses must agree on: direction, origin, method, path and status; for a call without an answer direction and host.
    let likeness: UInt64
    /// Method and path; nil where no request was seen, because the connection failed.
    let request: UInt64?
    let beganNs: Int64
    /// Nil where the duration is not known.
    let endedNs: Int64?
    /// The span that made the request: the SDK's own for a call we make, its parent for one we answer.
    let span: SpanID?
    /// Whose habits are learnt: partner and service.
    let group: UInt64

    /// OpenTelemetry's word for a method that is not known; the connection failed before there was one.
    private static let unknownMethod = "_OTHER"

    init(_ call: APICall, by witness: Witness) {
        self.witness = witness
        let target = RequestTarget(call.request.url)
        let known = call.request.method != Self.unknownMethod
        request = known ? suppliedIDHash("\(call.request.method) \(target.path)") : nil
        if let response = call.response {
            likeness = suppliedIDHash(
                "\(call.direction.rawValue) \(call.request.method) \(target.origin)\(target.path) \(response.status)")
        } else {
            likeness = suppliedIDHash("\(call.direction.rawValue) \(target.host)")
        }
        beganNs = call.time.nanosecondsSinceEpoch
        endedNs = call.duration.map { (call.time + $0).nanosecondsSinceEpoch }
        span = call.direction == .outbound ? call.spanID : call.parentSpanID
        group = suppliedIDHash("\(call.partner ?? "") \(call.service ?? "")")
    }

    /// SDKs that know no fraction of a second say a whole one.
    private var isCoarse: Bool { beganNs % 1_000_000_000 == 0 }

    /// How far apart two sightings are, in nanoseconds; nil when they cannot be of one call. Both have the same `likeness`.
    ///
    /// An SDK's call begins before the request's first byte: the name is looked up, the connection made, TLS agreed on. It ends
    /// with the answer's head or with its body, as the SDK pleases, so only that they overlap is asked for.
    static func distance(_ one: Sighting, _ other: Sighting, _ configuration: SightingBook.Configuration) -> Int64? {
        guard one.witness != other.witness else { return nil }
        if let one = one.request, let other = other.request, one != other { return nil }
        let (better, lesser) = one.witness > other.witness ? (one, other) : (other, one)
        let tolerance =
            (better.isCoarse || lesser.isCoarse ? configuration.coarseTolerance : configuration.tolerance).nanoseconds
        let lead = lesser.beganNs &- better.beganNs
        let leadMax = better.witness == .report ? configuration.leadMax.nanoseconds : 0
        guard lead >= -tolerance, lead <= leadMax + tolerance else { return nil }
        if let ended = better.endedNs, lesser.beganNs &- ended > tolerance { return nil }
        guard let betterEnd = better.endedNs, let lesserEnd = lesser.endedNs else { return abs(lead) }
        return abs(lead) &+ abs(betterEnd &- lesserEnd)
    }
}

/// The parts of a URL that two witnesses write alike: lower-case host, no usual port, no query, no fragment, no user.
struct RequestTarget {
    let origin: String
    let host: String
    let path: String

    init(_ url: String) {
        let text = url.utf8
        var at = text.startIndex
        var scheme = ""
        if let colon = text.firstIndex(of: UInt8(ascii: ":")), text[colon...].starts(with: "://".utf8) {
            scheme = String(url[..<colon]).lowercased()
            at = text.index(colon, offsetBy: 3)
        }
        let rest = text[at...]
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        var authority = rest[..<(end ?? rest.endIndex)]
        if let user = authority.lastIndex(of: UInt8(ascii: "@")) {
            authority = authority[authority.index(after: user)...]
        }
        var named = (String(Substring(authority))).lowercased()
        let usualPort = scheme == "https" ? ":443" : ":80"
        if named.hasSuffix(usualPort) { named.removeLast(usualPort.utf8.count) }
        origin = "\(scheme)://\(named)"
        // The colons of an IPv6 address stand within brackets.
        if let colon = named.lastIndex(of: ":"), named[colon...].allSatisfy({ $0 != "]" }) {
            host = String(named[..<colon])
        } else {
            host = named
        }
        let behind = rest[(end ?? rest.endIndex)...]
        let path = behind.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        self.path = path.isEmpty ? "/" : String(Substring(path))
    }
}
