import CallModel

/// Makes the calls of one host, each told from all others by its trace id: the host's number and the call's.
public struct GeneratedCalls: Sendable {
    public let hostNumber: Int
    public private(set) var madeCount = 0
    private var random: SeededGenerator

    /// - Parameter hostNumber: from 0 up.
    public init(hostNumber: Int, seed: UInt64) {
        self.hostNumber = hostNumber
        random = SeededGenerator(seed: seed)
    }

    private static let outcomes: [Outcome] = [
        .success, .success, .success, .success, .success, .rejected, .rateLimited, .serverError,
        .noAnswer(.responseTimeout),
    ]

    /// - Parameter bodyByteCountMax: of the request's body, random text that compresses as badly as real bodies do.
    public mutating func next(at time: Instant, bodyByteCountMax: Int = 200) -> APICall {
        madeCount += 1
        let partner = ["stripe", "zendesk", "slack"].randomElement(using: &random) ?? "stripe"
        let path = "/v1/items/\(madeCount)"
        var call = APICall(
            time: time, direction: random.oneIn(8) ? .inbound : .outbound,
            request: .init(method: "POST", url: "https://api.\(partner).example\(path)"), source: .json)
        call.traceID = TraceID(high: UInt64(hostNumber) + 1, low: UInt64(madeCount))
        call.partner = partner
        call.route = "POST /v1/items/{id}"
        call.host = "host-\(hostNumber)"
        call.region = ["eu", "us"].randomElement(using: &random)
        call.customer = random.oneIn(2) ? "customer-\(Int.random(in: 0..<5, using: &random))" : nil
        call.serviceVersion = random.oneIn(3) ? nil : "1.\(Int.random(in: 0..<3, using: &random))"
        call.outcome = Self.outcomes.randomElement(using: &random) ?? .success
        call.weight = random.oneIn(5) ? UInt32.random(in: 2...50, using: &random) : 1
        call.duration = .microseconds(Int.random(in: 100...3_000_000, using: &random))
        call.request.body = Body(text(Int.random(in: 0...bodyByteCountMax, using: &random)), form: .redacted)
        if case .noAnswer(let kind) = call.outcome {
            call.error = kind
        } else {
            call.response = .init(status: call.outcome == .success ? 200 : 500)
        }
        return call
    }

    private mutating func text(_ byteCount: Int) -> [UInt8] {
        (0..<byteCount).map { _ in UInt8.random(in: 97...122, using: &random) }
    }
}

extension TraceID {
    /// Which host made the call, from 0 up; only for calls of `GeneratedCalls`.
    public var generatedHostNumber: Int { Int(clamping: high) - 1 }
    public var generatedCallNumber: Int { Int(clamping: low) }
}
