/// A route somebody wrote down: `POST /v1/charges/{id}`, `/repos/{owner}/{repo}/**`.
///
/// The method may be left out, or `*`, for every method. A segment `{name}` matches any one segment, and `{id}.json` or `{a}:{b}` one
/// in which something stands around the fixed parts; `{name...}` at the end matches all that is left, and `/**` at the end hands
/// what is left to `RouteTemplate`. Among the patterns of one partner the one with more literal segments wins, then the one with
/// more that are literal in part, then the one written first.
public struct RoutePattern: Sendable, Hashable {
    public static let segmentCountMax = RouteTemplate.segmentCountMax

    enum Segment: Sendable, Hashable {
        case literal([UInt8])
        case parameter([UInt8])
        /// As written, and what is fixed in it: before the first parameter, between each two, behind the last.
        case mixed([UInt8], fixed: [[UInt8]])
    }

    enum Tail: Sendable, Hashable {
        case none
        /// `{name...}`, with its name.
        case swallowed([UInt8])
        /// `/**`
        case templated
    }

    /// Nil for every method.
    public let method: String?
    let segments: [Segment]
    let tail: Tail
    /// As it was written, for the version of a catalogue and for people.
    public let text: String

    /// Nil for what is no pattern.
    public init?(_ text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: true)
        guard (1...2).contains(parts.count), let path = parts.last, path.hasPrefix("/") else { return nil }
        method = parts.count == 2 && parts[0] != "*" ? parts[0].uppercased() : nil
        var segments: [Segment] = []
        var tail = Tail.none
        for part in path.split(separator: "/") {
            guard tail == .none, segments.count < RoutePattern.segmentCountMax, !part.contains("?") else { return nil }
            if part == "**" {
                tail = .templated
            } else if part.hasPrefix("{"), part.hasSuffix("...}") {
                tail = .swallowed(Array(part.dropFirst().dropLast(4).utf8))
            } else {
                segments.append(Segment(part))
            }
        }
        self.segments = segments
        self.tail = tail
        self.text = text
    }

    init(unreadable text: String) {
        method = nil
        segments = [.literal(Array(text.utf8))]
        tail = .none
        self.text = text
    }

    /// Greater for what says more: whole literals first, then segments that are literal in part.
    var specificity: Int {
        segments.reduce(0) { count, segment in
            switch segment {
            case .literal: count + RoutePattern.segmentCountMax + 1
            case .mixed: count + 1
            case .parameter: count
            }
        }
    }

    /// Whether this is the path's route. Literals match byte for byte, as paths do.
    func matches(_ path: PathSegments, method: String) -> Bool {
        switch tail {
        case .none: guard path.count == segments.count else { return false }
        case .swallowed, .templated: guard path.count >= segments.count else { return false }
        }
        for (index, segment) in segments.enumerated() {
            switch segment {
            case .literal(let literal): guard path.isEqual(index, literal) else { return false }
            case .mixed(_, let fixed): guard RoutePattern.fits(path.segment(index), fixed) else { return false }
            case .parameter: break
            }
        }
        return self.method == nil || self.method == method
    }

    /// Writes the template of a path that matches.
    func write(_ path: PathSegments, to writer: inout TextWriter) {
        for segment in segments {
            writer.append("/")
            switch segment {
            case .literal(let text), .parameter(let text), .mixed(let text, _):
                text.withUnsafeBufferPointer { writer.append($0) }
            }
        }
        if path.count > segments.count {
            switch tail {
            case .none: break
            case .swallowed(let name):
                writer.append("/{")
                name.withUnsafeBufferPointer { writer.append($0) }
                writer.append("}")
            case .templated:
                RouteTemplate.write(path: path.rest(from: segments.count), isRest: !segments.isEmpty, to: &writer)
            }
        } else if segments.isEmpty {
            writer.append("/")
        }
    }
}

extension RoutePattern {
    /// Whether the fixed parts stand in the segment in their order, each with at least a byte between it and the next.
    ///
    /// The first place that fits is taken, which finds one wherever there is one: the last part alone is bound to the end.
    static func fits(_ segment: UnsafeBufferPointer<UInt8>, _ fixed: [[UInt8]]) -> Bool {
        guard let first = fixed.first, let last = fixed.last, segment.starts(with: first) else { return false }
        var at = first.count
        for part in fixed.dropFirst().dropLast() {
            var place = at + 1
            while place + part.count <= segment.count, !segment[place...].starts(with: part) { place += 1 }
            guard place + part.count <= segment.count else { return false }
            at = place + part.count
        }
        return segment.count >= at + 1 + last.count && segment.suffix(last.count).elementsEqual(last)
    }
}

extension RoutePattern.Segment {
    /// A brace that has no partner is literal. Parameters without anything between them count as one.
    fileprivate init(_ text: Substring) {
        var fixed: [[UInt8]] = []
        var literal: [UInt8] = []
        var rest = text.utf8
        while let open = rest.firstIndex(of: UInt8(ascii: "{")),
            let close = rest[open...].firstIndex(of: UInt8(ascii: "}"))
        {
            literal += rest[..<open]
            if fixed.isEmpty || !literal.isEmpty { fixed.append(literal) }
            literal = []
            rest = rest[rest.index(after: close)...]
        }
        guard !fixed.isEmpty else {
            self = .literal(Array(text.utf8))
            return
        }
        fixed.append(literal + Array(rest))
        self = fixed.allSatisfy(\.isEmpty) ? .parameter(Array(text.utf8)) : .mixed(Array(text.utf8), fixed: fixed)
    }
}
