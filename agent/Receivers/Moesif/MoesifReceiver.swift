import CallModel
import Documents
import Transport

/// The collector API that Moesif's SDKs speak: they work against the agent by changing their base URI alone.
///
/// Events become calls, `Incoming` ones inbound and `Outgoing` ones outbound; `Internal` ones are let go. A batch keeps its good
/// events though others are refused, because an SDK sends neither twice. Every answer to events carries the tags of the two
/// documents that SDKs fetch (`MoesifDocuments`), so that they fetch them once. docs/formats/moesif.md is the table for users.
struct MoesifReceiver: Receiver {
    let configuration: ReceiverConfiguration

    var kind: ReceiverKind { .moesif }
    var paths: [String] { ["/v1/events", "/v1/events/batch"] }
    var documentPaths: [String] { [MoesifDocuments.configPath, MoesifDocuments.rulesPath] }
    var formats: [BodyFormat] { [.json] }
    /// Some SDKs name no type; all send JSON.
    var defaultFormat: BodyFormat? { .json }

    func decode(
        _ bytes: UnsafeRawBufferPointer, _ format: BodyFormat, now: Instant, with tools: inout DecodingTools
    ) -> Result<DecodedRequest, Refusal> {
        defer { tools.parser.shrink() }
        do throws(JSONError) {
            return read(try tools.parser.root(of: bytes), now)
        } catch {
            return .failure(moesifRefusal(error))
        }
    }

    /// One event or an array of them, on either path: what was meant is plain.
    private func read(_ root: JSONValue, _ now: Instant) -> Result<DecodedRequest, Refusal> {
        var reader = MoesifEventReader(configuration: configuration, now: now)
        var request = DecodedRequest()
        switch root.kind {
        case .object: reader.read(root, index: 0, into: &request)
        case .array:
            guard root.childCount <= configuration.callCountMax else {
                return .failure(Refusal(.tooLarge, "more than \(configuration.callCountMax) events"))
            }
            var index = 0
            root.forEachElement { element in
                reader.read(element, index: index, into: &request)
                index += 1
            }
        case .string, .integer, .unsigned, .double, .bool, .null:
            return .failure(Refusal(.malformed, "an event or an array of events is wanted"))
        }
        // Nothing of it was an event: the sender is told, as the collector does.
        if request.calls.isEmpty, request.letGoCount == 0, let first = request.rejections.first {
            return .failure(Refusal(.malformed, "event \(first.index), \(first.pointer): \(first.detail)"))
        }
        return .success(request)
    }

    func answer(_ decoded: DecodedRequest, stored: StoredCounts, _ format: BodyFormat) -> Response {
        MoesifDocuments.tagged(.make(status: 201, contentType: "application/json", Array("{}".utf8)))
    }

    func answer(_ refusal: Refusal, _ format: BodyFormat?) -> Response { moesifAnswer(refusal) }

    func document(_ path: String, _ head: RequestHead) -> Response { MoesifDocuments.answer(path, head) }
}

/// Users, companies, subscriptions and actions: who our customers' people are is none of Farwatch's business. They are taken, so
/// that SDKs work, counted, and let go before anything of them is kept.
struct MoesifEntities: Receiver {
    let configuration: ReceiverConfiguration

    var kind: ReceiverKind { .moesif }
    var paths: [String] {
        ["users", "companies", "subscriptions", "actions"].flatMap { ["/v1/\($0)", "/v1/\($0)/batch"] }
    }
    var formats: [BodyFormat] { [.json] }
    var defaultFormat: BodyFormat? { .json }

    func decode(
        _ bytes: UnsafeRawBufferPointer, _ format: BodyFormat, now: Instant, with tools: inout DecodingTools
    ) -> Result<DecodedRequest, Refusal> {
        defer { tools.parser.shrink() }
        do throws(JSONError) {
            let root = try tools.parser.root(of: bytes)
            guard root.kind == .object || root.kind == .array else {
                return .failure(Refusal(.malformed, "an object or an array of objects is wanted"))
            }
            var request = DecodedRequest()
            request.letGoCount = root.kind == .array ? root.childCount : 1
            return .success(request)
        } catch {
            return .failure(moesifRefusal(error))
        }
    }

    func answer(_ decoded: DecodedRequest, stored: StoredCounts, _ format: BodyFormat) -> Response {
        MoesifDocuments.tagged(.make(status: 201, contentType: "application/json", Array("{}".utf8)))
    }

    func answer(_ refusal: Refusal, _ format: BodyFormat?) -> Response { moesifAnswer(refusal) }
}

private func moesifRefusal(_ error: JSONError) -> Refusal {
    switch error {
    case .tooLarge: Refusal(.tooLarge, "\(error)")
    case .malformed, .tooDeep, .outOfMemory: Refusal(.malformed, "\(error)")
    }
}

/// SDKs judge by the status; those that show a text read `moesif_error.msg`.
private func moesifAnswer(_ refusal: Refusal) -> Response {
    var bytes = Array(#"{"moesif_error":{"code":"#.utf8)
    JSONText.appendString(refusal.reason.rawValue, to: &bytes)
    bytes += #","msg":"#.utf8
    JSONText.appendString(refusal.detail, to: &bytes)
    bytes += "}}".utf8
    var response = Response.make(status: refusal.status, contentType: "application/json", bytes)
    response.addFields(of: refusal)
    return response
}
