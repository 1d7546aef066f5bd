import Synchronization

/// What a server or client counts. The raw value is the metric's name after a prefix the app chooses.
public enum TransportCounter: String, Sendable, CaseIterable {
    case connectionsAccepted = "connections_accepted_total"
    /// Beyond `connectionsMax`.
    case connectionsRefused = "connections_refused_total"
    case connectionsClosed = "connections_closed_total"
    case requestsReceived = "requests_received_total"
    case requestBytesReceived = "request_body_bytes_received_total"
    case responsesSent = "responses_sent_total"
    case responseBytesSent = "response_body_bytes_sent_total"
    /// Answers whose body has no end yet.
    case streamsStarted = "streamed_responses_started_total"
    /// Refused with 503 because `streamedResponsesMax` are open.
    case streamsRefused = "streamed_responses_refused_total"
    /// Answered after the peer had gone, or a second time.
    case responsesDropped = "responses_dropped_total"
    case malformedRequests = "requests_rejected_malformed_total"
    case oversizedRequests = "requests_rejected_too_large_total"
    case headersTooLarge = "requests_rejected_headers_too_large_total"
    /// Refused with 503 because the bodies held already fill the bound.
    case overloadedRequests = "requests_rejected_overloaded_total"
    /// Answers given up with 503 because those waiting for slow readers fill the bound.
    case overloadedResponses = "responses_rejected_overloaded_total"
    case requestTimeouts = "requests_timed_out_total"
    case idleTimeouts = "connections_closed_idle_total"
    /// Peers who stopped reading what they had asked for.
    case writeTimeouts = "connections_closed_stalled_total"
    case streamsReset = "streams_reset_total"
    case protocolErrors = "connections_closed_protocol_error_total"
    case floods = "connections_closed_flood_total"
    case tlsFailures = "tls_handshakes_failed_total"
}

/// Plain counters, safe from any thread. The app reads them into its metrics.
public final class TransportCounters: Sendable {
    private final class Cell: Sendable {
        let value = Atomic(0)
    }

    private let cells: [TransportCounter: Cell]

    public init() {
        cells = Dictionary(uniqueKeysWithValues: TransportCounter.allCases.map { ($0, Cell()) })
    }

    public subscript(counter: TransportCounter) -> Int {
        cells[counter]?.value.load(ordering: .relaxed) ?? 0
    }

    func add(_ counter: TransportCounter, _ count: Int = 1) {
        cells[counter]?.value.wrappingAdd(count, ordering: .relaxed)
    }
}
