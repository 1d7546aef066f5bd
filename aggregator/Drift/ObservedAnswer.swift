import CallModel

/// One answer of a partner, as drift looks at it.
public struct ObservedAnswer: Sendable {
    /// What an answer has, as one text a thing: `k 2xx $.id string` (a key and its type), `h 2xx etag` (a header), `v
    /// stripe-version 2024-06-20` (a version).
    public struct Feature: Hashable, Sendable {
        public var text: String

        init(text: String) { self.text = text }

        /// - Parameter path: Of the key.
        public static func key(_ path: String, type: String, of answers: String) -> Feature {
            Feature(text: "k \(answers) \(path) \(type)")
        }
        public static func header(_ name: String, of answers: String) -> Feature {
            Feature(text: "h \(answers) \(name)")
        }
        public static func version(_ name: String, _ value: String) -> Feature { Feature(text: "v \(name) \(value)") }

        enum Kind { case key, header, version }
        var kind: Kind {
            text.utf8.first == UInt8(ascii: "k") ? .key : text.utf8.first == UInt8(ascii: "h") ? .header : .version
        }

        /// Without its last word, the type or the value.
        var subject: String {
            let text = text.dropFirst(2)
            guard kind != .header, let blank = kind == .version ? text.firstIndex(of: " ") : text.lastIndex(of: " ")
            else { return String(text) }
            return String(text[..<blank])
        }

        var value: String {
            kind == .header ? "" : String(text.dropFirst(3 + subject.count))
        }

        /// The features among which it is counted: `k 2xx`, `h 4xx`, `v`.
        var family: String { kind == .version ? "v" : text.prefix(1) + " " + text.dropFirst(2).prefix { $0 != " " } }

        /// The key that holds this one; nil for others and at the top.
        var holder: Feature? {
            guard kind == .key else { return nil }
            let subject = subject
            if subject.hasSuffix("[]") { return Feature(text: "k \(subject.dropLast(2)) array") }
            guard let dot = subject.lastIndex(of: ".") else { return nil }
            return Feature(text: "k \(subject[..<dot]) object")
        }
    }

    public struct Notice: Sendable, Equatable {
        public var kind: DriftFinding.Kind
        /// As it was sent.
        public var text: String
        public var at: Instant?
    }

    public var partner: String
    public var route: String
    public var host: String
    public var callID: String
    public var time: Instant
    /// `2xx`; answers of different classes have different keys.
    public var answers: String
    public var features: Set<Feature> = []
    public var notices: [Notice] = []
    public var duration: Duration?
    /// Whether its body was there to be looked into: one that was not kept says nothing of what is missing.
    public var hasBody = false

    /// Those that could show a feature: without a body there is nothing to say of keys.
    var families: [String] { ["v", "h " + answers] + (hasBody ? ["k " + answers] : []) }

    public init(partner: String, route: String, host: String, callID: String, time: Instant, answers: String) {
        self.partner = partner
        self.route = route
        self.host = host
        self.callID = callID
        self.time = time
        self.answers = answers
    }
}
