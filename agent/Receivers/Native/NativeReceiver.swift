import CallJSON
import CallModel
import Documents
import Transport

/// The native form of calls: one object, an array, or NDJSON. Good calls are kept though others are refused.
struct NativeReceiver: Receiver {
    let configuration: ReceiverConfiguration

    var kind: ReceiverKind { .native }
    var paths: [String] { ["/v1/calls"] }
    var formats: [BodyFormat] { [.json, .ndjson] }

    func decode(
        _ bytes: UnsafeRawBufferPointer, _ format: BodyFormat, now: Instant, with tools: inout DecodingTools
    ) -> Result<DecodedRequest, Refusal> {
        var limits = CallDocumentLimits()
        limits.callCountMax = configuration.callCountMax
        let shortcut = configuration.shortcuts?.borrow()
        defer { if let shortcut { configuration.shortcuts?.giveBack(shortcut) } }
        shortcut?.begin(at: now)
        do throws(CallDocumentError) {
            let decoded = try decodeCalls(
                bytes, form: format == .ndjson ? .ndjson : .json, parser: tools.parser, reader: &tools.calls,
                limits: limits, taker: shortcut)
            var request = request(decoded, now)
            request.taken = shortcut?.finish()
            return .success(request)
        } catch {
            switch error {
            case .tooManyCalls, .malformed(.tooLarge): return .failure(Refusal(.tooLarge, error.description))
            case .malformed, .noCalls: return .failure(Refusal(.malformed, error.description))
            }
        }
    }

    private func request(_ decoded: DecodedCalls, _ now: Instant) -> DecodedRequest {
        var request = DecodedRequest()
        request.droppedBodyCount = decoded.droppedBodyCount
        request.ignoredFieldCount = decoded.ignoredFieldCount
        if decoded.rejectedCount > 0 { request.rejectedCounts["invalid"] = decoded.rejectedCount }
        request.rejections = decoded.rejections.prefix(configuration.rejectionsToldMax).map {
            DecodedRequest.Rejection(index: $0.index, pointer: $0.error.pointer, detail: $0.error.detail)
        }
        let latest = now + configuration.futureMax
        guard decoded.calls.contains(where: { $0.time > latest }) else {
            request.calls = decoded.calls
            request.indices = decoded.indices
            return request
        }
        for (call, index) in zip(decoded.calls, decoded.indices) {
            if call.time <= latest {
                request.calls.append(call)
                request.indices.append(index)
            } else {
                rejectFuture(index, in: &request)
            }
        }
        return request
    }

    private func rejectFuture(_ index: Int, in request: inout DecodedRequest) {
        request.rejectedCounts["future", default: 0] += 1
        guard request.rejections.count < configuration.rejectionsToldMax else { return }
        let hours = Int(configuration.futureMax.components.seconds / 3_600)
        let detail = "expected a time at most \(hours) hours ahead of this host's clock"
        request.rejections.append(.init(index: index, pointer: "/time", detail: detail))
    }

    func answer(_ decoded: DecodedRequest, stored: StoredCounts, _ format: BodyFormat) -> Response {
        var bytes = Array(
            #"{"accepted":\#(decoded.acceptedCount),"rejected":\#(decoded.rejectedCount),"errors":["#.utf8)
        for (position, rejection) in decoded.rejections.sorted(by: { $0.index < $1.index }).enumerated() {
            if position > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += #"{"index":\#(rejection.index),"pointer":"#.utf8
            JSONText.appendString(rejection.pointer, to: &bytes)
            bytes += #","detail":"#.utf8
            JSONText.appendString(rejection.detail, to: &bytes)
            bytes.append(UInt8(ascii: "}"))
        }
        // Accepted calls that are not kept: of no partner, or seen before.
        bytes += #"],"not_ours":\#(stored.notOurs),"suppressed":\#(stored.suppressed)}"#.utf8
        return .make(status: 202, contentType: "application/json", bytes)
    }

    func answer(_ refusal: Refusal, _ format: BodyFormat?) -> Response {
        .problem(refusal)
    }
}
