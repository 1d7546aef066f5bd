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
}

/// A call as one witness saw it, without its content: what it can be recognised by.
struct Sighting: Sendable {
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
        let method = call.request.method == Self.unknownMethod ? nil : hash.of(call.request.method)
        let status = call.response?.status
        (request, likeness) = call.request.url.withBytes { Self.hashes(method, $0, status, call.direction) }
        beganNs = call.time.nanosecondsSinceEpoch
        endedNs = call.duration.map { (call.time + $0).nanosecondsSinceEpoch }
        span = call.direction == .outbound ? call.spanID : call.parentSpanID
        group = hash.of(hash.of(call.partner ?? ""), hash.of(call.service ?? ""))
    }

    /// The same of a row.
    init(_ row: CallRow, by witness: Witness) {
        self.witness = witness
        let method = row.method.hasSameBytes(as: "_OTHER") ? nil : hash.of(UnsafeRawBufferPointer(row.method))
        (request, likeness) = Self.hashes(method, UnsafeRawBufferPointer(row.url), row.status, row.direction)
        beganNs = row.time.nanosecondsSinceEpoch
        endedNs = row.duration.map { (row.time + $0).nanosecondsSinceEpoch }
        span = row.direction == .outbound ? row.spanID : row.parentSpanID
        group = hash.of(
            hash.of(UnsafeRawBufferPointer(row[.partner])), hash.of(UnsafeRawBufferPointer(row[.service])))
    }

    /// - Parameter method: its hash; nil where it is not known.
    private static func hashes(
        _ method: UInt64?, _ url: UnsafeRawBufferPointer, _ status: Int?, _ direction: Direction
    ) -> (request: UInt64?, likeness: UInt64) {
        let target = RequestTarget(url)
        let path = target.path.isEmpty ? hash.of("/") : hash.of(UnsafeRawBufferPointer(rebasing: url[target.path]))
        let request = hash.of(method ?? hash.of(unknownMethod), path)
        let known = method == nil ? nil : request
        let direction = UInt64(direction == .outbound ? 1 : 2)
        guard let status else { return (known, hash.of(direction, lowerCaseHash(url, target.host))) }
        let origin = hash.of(lowerCaseHash(url, target.scheme), lowerCaseHash(url, target.authority))
        let end = hash.of(direction, UInt64(truncatingIfNeeded: status))
        return (known, hash.of(hash.of(request, origin), end))
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
        // A connection that failed begins with its first packet, before anything a library does on it.
        let lagMax = lesser.request == nil ? configuration.leadMax.nanoseconds : 0
        guard lead >= -lagMax - tolerance, lead <= leadMax + tolerance else { return nil }
        if let ended = better.endedNs, lesser.beganNs &- ended > tolerance { return nil }
        if let ended = lesser.endedNs, better.beganNs &- ended > tolerance { return nil }
        guard let betterEnd = better.endedNs, let lesserEnd = lesser.endedNs else { return abs(lead) }
        return abs(lead) &+ abs(betterEnd &- lesserEnd)
    }
}

/// What a row can be recognised by.
public struct RowSighting: Sendable {
    let sighting: Sighting
    let partner: String?
    let hasID: Bool

    public init(_ row: CallRow, by witness: Witness) {
        sighting = Sighting(row, by: witness)
        partner = row[.partner].isEmpty ? nil : String(decoding: row[.partner], as: UTF8.self)
        hasID = !row.id.isEmpty
    }
}

/// Where in a URL the parts stand that two witnesses write alike: no usual port, no query, no fragment, no user. Of scheme and authority
/// the case does not matter.
struct RequestTarget {
    var scheme = 0..<0
    /// Host and port.
    let authority: Range<Int>
    let host: Range<Int>
    /// Empty stands for `/`.
    let path: Range<Int>

    init(_ url: UnsafeRawBufferPointer) {
        var start = 0
        if let colon = url.firstIndex(of: UInt8(ascii: ":")), url[colon...].starts(with: "://".utf8) {
            scheme = 0..<colon
            start = colon + 3
        }
        let end = url[start...].firstIndex {
            $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#")
        }
        var named = start..<(end ?? url.count)
        if let user = url[named].lastIndex(of: UInt8(ascii: "@")) { named = user + 1..<named.upperBound }
        let isEncrypted = scheme.count == 5 && lowerCaseHash(url, scheme) == hash.of("https")
        let usualPort: [UInt8] = Array(isEncrypted ? ":443".utf8 : ":80".utf8)
        if url[named].suffix(usualPort.count).elementsEqual(usualPort) {
            named = named.lowerBound..<named.upperBound - usualPort.count
        }
        authority = named
        // The colons of an IPv6 address stand within brackets.
        if let colon = url[named].lastIndex(of: UInt8(ascii: ":")),
            !url[colon..<named.upperBound].contains(UInt8(ascii: "]"))
        {
            host = named.lowerBound..<colon
        } else {
            host = named
        }
        let behind = url[(end ?? url.count)...]
        let pathEnd = behind.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? url.count
        path = behind.startIndex..<pathEnd
    }
}

private func lowerCaseHash(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt64 {
    let part = UnsafeRawBufferPointer(rebasing: bytes[range])
    guard part.contains(where: { $0 &- 65 < 26 }) else { return hash.of(part) }
    return part.map { $0 &- 65 < 26 ? $0 | 0x20 : $0 }.withUnsafeBytes { hash.of($0) }
}

extension String {
    /// Lends the UTF-8 bytes, which are copied only where the text is not kept as such.
    fileprivate func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if let result = utf8.withContiguousStorageIfAvailable({ body(UnsafeRawBufferPointer($0)) }) { return result }
        return Array(utf8).withUnsafeBytes(body)
    }
}

private let hash = ByteHash()

extension ByteHash {
    fileprivate func of(_ text: String) -> UInt64 { text.withBytes { of($0) } }

    /// Of two hashes one.
    fileprivate func of(_ first: UInt64, _ second: UInt64) -> UInt64 {
        withUnsafeBytes(of: (first, second)) { of($0) }
    }
}
