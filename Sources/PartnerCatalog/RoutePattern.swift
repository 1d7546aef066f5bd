/// A route somebody wrote down: `POST /v1/charges/{id}`, `/repos/{owner}/{repo}/**`.
///
/// The method may be left out, or `*`, for every method. A segment `{name}` matches any one segment; `{name...}` at the end matches
/// all that is left, and `/**` at the end hands what is left to `RouteTemplate`. Among the patterns of one partner the one with
/// more literal segments wins, then the one written first.
public struct RoutePattern: Sendable, Hashable {
    public static let segmentCountMax = RouteTemplate.segmentCountMax

    enum Segment: Sendable, Hashable {
        case literal([UInt8])
        case parameter([UInt8])
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
            } else if part.hasPrefix("{"), part.hasSuffix("}") {
                segments.append(.parameter(Array(part.utf8)))
            } else {
                segments.append(.literal(Array(part.utf8)))
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

    var literalCount: Int {
        segments.reduce(0) { count, segment in
            if case .literal = segment { count + 1 } else { count }
        }
    }

    /// Whether this is the path's route. Literals match byte for byte, as paths do.
    func matches(_ path: PathSegments, method: String) -> Bool {
        switch tail {
        case .none: guard path.count == segments.count else { return false }
        case .swallowed, .templated: guard path.count >= segments.count else { return false }
        }
        for (index, segment) in segments.enumerated() {
            guard case .literal(let literal) = segment else { continue }
            guard path.isEqual(index, literal) else { return false }
        }
        return self.method == nil || self.method == method
    }

    /// Writes the template of a path that matches.
    func write(_ path: PathSegments, to writer: inout TextWriter) {
        for segment in segments {
            writer.append("/")
            switch segment {
            case .literal(let text), .parameter(let text): text.withUnsafeBufferPointer { writer.append($0) }
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
