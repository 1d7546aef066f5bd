/// One request with its response, or with the error that stood in its place: the noun of the whole system.
///
/// Every source (receivers, packets, probes, files) yields these, `Redaction` masks them in place, and nothing else leaves a
/// host. Text is UTF-8; names of headers are lower case; times are the host's own clock.
public struct APICall: Sendable, Equatable {
    /// The id the sender supplied, at most `Limits.idByteCountMax` bytes; nil for one the aggregator will assign.
    public var id: String?
    /// When the call started.
    public var time: Instant
    /// When the call became known to the system, where that was recorded beside `time`.
    public var receivedAt: Instant?
    public var direction: Direction
    /// The partner's id in the catalogue, such as `stripe`.
    public var partner: String?
    /// Method and path template, such as `POST /v1/charges/{id}`.
    public var route: String?
    /// The part of ours that made or served the call, its release, where it ran and on whose behalf.
    public var service: String?
    public var serviceVersion: String?
    public var host: String?
    public var region: String?
    public var environment: String?
    public var customer: String?
    public var request: Request
    /// Nil when none came; then `error` says why.
    public var response: Response?
    public var error: FailureKind?
    /// Judged on the host before redaction, by the partner's own convention.
    public var outcome: Outcome
    /// From the request's first byte to the response's last; nil when unknown.
    public var duration: Duration?
    /// The far end's IP address as text.
    public var peerAddress: String?
    public var traceID: TraceID?
    public var spanID: SpanID?
    public var parentSpanID: SpanID?
    /// How many calls this one stands for, ≥ 1 (sampling).
    public var weight: UInt32
    public var source: CallSource
    public var webhook: Webhook?

    public init(time: Instant, direction: Direction = .outbound, request: Request, source: CallSource) {
        self.time = time
        self.direction = direction
        self.request = request
        self.outcome = .success
        self.weight = 1
        self.source = source
    }

    public struct Request: Sendable, Equatable {
        /// Upper case, such as `POST`.
        public var method: String
        /// Absolute, such as `https://api.stripe.com/v1/charges/ch_1?expand=x`.
        public var url: String
        public var headers: [Header]
        public var body: Body?
        /// The body's size on the wire, known also where the body itself was not kept.
        public var bodyByteCount: Int?
        /// `1.0`, `1.1`, `2` or `3`.
        public var httpVersion: String?

        public init(method: String, url: String, headers: [Header] = [], body: Body? = nil) {
            self.method = method
            self.url = url
            self.headers = headers
            self.body = body
        }
    }

    public struct Response: Sendable, Equatable {
        public var status: Int
        public var headers: [Header]
        public var body: Body?
        public var bodyByteCount: Int?

        public init(status: Int, headers: [Header] = [], body: Body? = nil) {
            self.status = status
            self.headers = headers
            self.body = body
        }
    }

    /// What is told of a webhook beside the request itself, sent or received.
    public struct Webhook: Sendable, Equatable {
        public var eventType: String?
        public var deliveryID: String?
        /// 1 for the first attempt.
        public var attempt: Int?
        public var subscription: String?
        public var recipient: String?

        public init() {}
    }
}

/// One header field. `name` is lower case, as HTTP/2 demands and comparison needs.
public struct Header: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

extension [Header] {
    /// The first value of a header by its lower-case name.
    public func value(of name: String) -> String? {
        first { $0.name == name }?.value
    }
}

/// The content of a message, after transfer and content decoding.
public struct Body: Sendable, Hashable {
    /// How much of the original is left in `bytes`.
    public enum Form: UInt8, Sendable, CaseIterable {
        /// As it travelled.
        case full = 0
        /// As it travelled, with secrets and personal data masked.
        case redacted = 1
        /// A JSON document of paths, types, formats and lengths, without any value.
        case shape = 2
    }

    public var form: Form
    public var bytes: [UInt8]

    public init(_ bytes: [UInt8], form: Form = .full) {
        self.bytes = bytes
        self.form = form
    }

    public init(_ text: String, form: Form = .full) {
        self.init(Array(text.utf8), form: form)
    }
}

/// Which way a call went, seen from our side.
public enum Direction: UInt8, Sendable, CaseIterable {
    /// We call a partner, or send a webhook.
    case outbound = 0
    /// A partner calls us.
    case inbound = 1
}

/// Who told us of a call.
public enum CallSource: UInt8, Sendable, CaseIterable {
    case otlp = 0
    case moesif = 1
    case json = 2
    case packets = 3
    case probe = 4
    case keylog = 5
}

extension Direction {
    public var name: String { self == .outbound ? "outbound" : "inbound" }
    public init?(name: some StringProtocol) {
        guard let match = Direction.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}

extension CallSource {
    public var name: String { "\(self)" }
    public init?(name: some StringProtocol) {
        guard let match = CallSource.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}
