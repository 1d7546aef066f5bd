import CallModel

/// Makes calls of HTTP spans: which attribute becomes what. docs/formats/otlp.md is the table of it for users.
///
/// Where a span carries both generations of names (OTEL_SEMCONV_STABILITY_OPT_IN=http/dup) the stable one wins and
/// there is one call. It asks for no partner and judges no outcome but the lack of an answer: the rest is the
/// catalogue's.
struct SpanMapping {
    enum Mapped {
        case call(APICall)
        /// No HTTP client or server span.
        case letGo
        case rejected(SpanRejection)
    }

    let configuration: OTLPConfiguration
    let customers: ArraySlice<SpanAttribute>
    /// Values cut to their bound in `Limits`.
    var cutCount = 0
    /// Where URLs are put together; kept for its memory.
    var scratch: [UInt8] = []

    init(configuration: OTLPConfiguration) {
        self.configuration = configuration
        customers = SpanAttribute.customers.prefix(configuration.customerAttributes.count)
    }

    mutating func names(ofResource attributes: AttributeValues) -> ResourceNames {
        var names = ResourceNames()
        // `unknown_service:python` is what an SDK says when nobody named the service.
        if let text = attributes.text(.serviceName), !text.starts(with: "unknown_service".utf8) {
            names.service = name(text)
        }
        names.serviceVersion = attributes.text(.serviceVersion).map { name($0) }
        names.environment = attributes.text(.deploymentEnvironmentName, .deploymentEnvironment).map { name($0) }
        names.host = attributes.text(.hostName, .k8sNodeName).map { name($0) }
        names.region = attributes.text(.cloudRegion).map { name($0) }
        names.customer = customer(attributes)
        return names
    }

    mutating func call(of record: borrowing SpanRecord, resource: borrowing ResourceNames, now: Instant) -> Mapped {
        guard let kind = record.kind, let method = record.attributes.text(.httpRequestMethod, .httpMethod) else {
            return .letGo
        }
        guard record.startNs != 0, let startNs = Int64(exactly: record.startNs) else { return .rejected(.noTime) }
        let time = Instant(nanosecondsSinceEpoch: startNs)
        guard time <= now + configuration.futureMax else { return .rejected(.future) }
        guard let verb = verb(method, original: record.attributes.text(.httpRequestMethodOriginal)) else {
            return .rejected(.badMethod)
        }
        let direction: Direction = kind == .client ? .outbound : .inbound
        guard let url = url(of: record, direction, host: resource.host) else { return .rejected(.noURL) }

        var call = APICall(time: time, direction: direction, request: .init(method: verb, url: url), source: .otlp)
        call.id = id(record.traceID, record.spanID)
        call.traceID = record.traceID
        call.spanID = record.spanID
        call.parentSpanID = record.parentSpanID
        call.service = resource.service
        call.serviceVersion = resource.serviceVersion
        call.environment = resource.environment
        call.host = resource.host
        call.region = resource.region
        call.customer = customer(record.attributes) ?? resource.customer
        call.route = route(record.attributes, direction, verb)
        // An end before the start, or none, leaves the duration unknown: clocks step back.
        if record.endNs >= record.startNs, record.endNs <= UInt64(Int64.max) {
            call.duration = .nanoseconds(Int64(record.endNs - record.startNs))
        }
        call.peerAddress = peerAddress(record.attributes, direction)
        if let state = record.traceState {
            call.weight = sampledWeight(traceState: state, max: configuration.weightMax)
        }
        fill(&call.request, of: record)
        call.response = response(of: record)
        if call.response == nil, let failure = failure(of: record, direction) {
            call.error = failure
            call.outcome = .noAnswer(failure)
        }
        return .call(call)
    }

    private func verb(_ method: BorrowedText, original: BorrowedText?) -> String? {
        // `_OTHER` stands for a method the SDK does not know; the true one lies beside it.
        let bytes = method.equals("_OTHER") ? original ?? method : method
        guard bytes.count <= 32, bytes.allSatisfy(isTokenByte) else { return nil }
        return String(unsafeUninitializedCapacity: bytes.count) { output in
            for index in 0..<bytes.count { output[index] = upperCase(bytes[index]) }
            return bytes.count
        }
    }

    /// `traceid-spanid`. Exporters send a request again when its answer was lost; ids seen in the last ten minutes are
    /// suppressed, so the second copy counts for nothing.
    private func id(_ trace: TraceID?, _ span: SpanID?) -> String? {
        guard let trace, let span else { return nil }
        return String(unsafeUninitializedCapacity: 49) { output in
            writeHex(trace.high, to: output, at: 0)
            writeHex(trace.low, to: output, at: 16)
            output[32] = UInt8(ascii: "-")
            writeHex(span.bits, to: output, at: 33)
            return 49
        }
    }

    /// The best of the configured attributes, as text or as a number.
    private mutating func customer(_ attributes: AttributeValues) -> String? {
        for attribute in customers {
            switch attributes[attribute] {
            case .text(let text) where !text.isEmpty: return name(text)
            case .integer(let number): return String(number)
            case .text, .number, .boolean, nil: continue
            }
        }
        return nil
    }
}
