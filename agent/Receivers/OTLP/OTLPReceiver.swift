import CallModel
import Documents
import Transport

/// OTLP/HTTP (opentelemetry.io, "OTLP Specification"): traces in protobuf and JSON, answers in the encoding of the
/// request.
struct OTLPReceiver: Receiver {
    var kind: ReceiverKind { .otlp }
    var paths: [String] { ["/v1/traces"] }
    var formats: [BodyFormat] { [.protobuf, .json] }

    /// Exporters that send more than traces to one address are told which of it is not taken here.
    static let otherSignals = ["/v1/metrics": "metrics", "/v1/logs": "logs", "/v1development/profiles": "profiles"]

    func decode(
        _ bytes: UnsafeRawBufferPointer, _ format: BodyFormat, now: Instant, with tools: inout DecodingTools
    ) -> Result<DecodedRequest, Refusal> {
        // No bytes are an empty request in protobuf, and JSON exporters mean the same by them.
        if bytes.isEmpty { return .success(DecodedRequest()) }
        do {
            let spans =
                try format == .json ? decodeJSON(bytes, now, &tools) : tools.otlp.decode(protobuf: bytes, now: now)
            return .success(request(spans))
        } catch let error as ReceiverError {
            return .failure(Refusal(.malformed, error.description))
        } catch JSONError.tooLarge(_, let max) {
            return .failure(Refusal(.tooLarge, "the body is larger than \(max) bytes"))
        } catch {
            return .failure(Refusal(.malformed, "\(error)"))
        }
    }

    private func decodeJSON(
        _ bytes: UnsafeRawBufferPointer, _ now: Instant, _ tools: inout DecodingTools
    ) throws -> DecodedSpans {
        defer { tools.parser.shrink() }
        return try tools.otlp.decode(json: tools.parser.root(of: bytes), now: now)
    }

    private func request(_ spans: DecodedSpans) -> DecodedRequest {
        var request = DecodedRequest()
        request.calls = spans.calls
        request.indices = spans.spanIndices
        request.letGoCount = spans.letGoCount
        request.cutCount = spans.cutCount
        for (reason, count) in spans.rejectedCounts { request.rejectedCounts[reason.rawValue] = count }
        request.rejections = spans.rejections.map {
            DecodedRequest.Rejection(index: $0.spanIndex, pointer: "", detail: $0.reason.text)
        }
        return request
    }

    func answer(_ decoded: DecodedRequest, stored: StoredCounts, _ format: BodyFormat) -> Response {
        let rejectedCount = decoded.rejectedCount
        // On full success `partial_success` is left unset, so the message is empty.
        guard rejectedCount > 0 else {
            return .make(status: 200, contentType: format.contentType, format == .json ? Array("{}".utf8) : [])
        }
        var message = "\(rejectedCount) of \(decoded.receivedCount) HTTP spans were rejected"
        if let first = decoded.rejections.first { message += "; span \(first.index): \(first.detail)" }
        let body =
            format == .json
            ? OTLPMessages.partialSuccessJSON(rejectedSpans: rejectedCount, message)
            : OTLPMessages.partialSuccess(rejectedSpans: rejectedCount, message)
        return .make(status: 200, contentType: format.contentType, body)
    }

    /// google.rpc.Status, in JSON where the sender's encoding could not be told.
    func answer(_ refusal: Refusal, _ format: BodyFormat?) -> Response {
        let isProtobuf = format == .protobuf
        let code = statusCode(of: refusal.reason)
        let body =
            isProtobuf
            ? OTLPMessages.status(code: code, refusal.detail) : OTLPMessages.statusJSON(code: code, refusal.detail)
        var response = Response.make(
            status: refusal.status, contentType: isProtobuf ? "application/x-protobuf" : "application/json", body)
        response.addFields(of: refusal)
        return response
    }

    /// google.rpc.Code. Senders decide by the HTTP status; this is for people.
    private func statusCode(of reason: Refusal.Reason) -> Int {
        switch reason {
        case .unsupportedType, .unsupportedEncoding, .badEncoding, .malformed: 3  // INVALID_ARGUMENT
        case .tooLarge: 8  // RESOURCE_EXHAUSTED
        case .notFound, .wrongMethod: 12  // UNIMPLEMENTED
        case .unauthorized: 16  // UNAUTHENTICATED
        case .busy, .failed: 14  // UNAVAILABLE
        }
    }
}
