import CallJSON
import CallModel
import Documents
import Transport

/// One protocol that senders speak to the agent. A new one is a folder with a type like this, and a line in
/// `ReceiverHandler`.
///
/// `Handler` does what all share (routing, bounds, decompression, threads, hosts, metrics); a receiver says what its
/// bodies hold and what its answers look like.
protocol Receiver: Sendable {
    var kind: ReceiverKind { get }
    /// Paths taken with POST.
    var paths: [String] { get }
    var formats: [BodyFormat] { get }
    /// What a body without a content type is taken for; nil refuses it.
    var defaultFormat: BodyFormat? { get }
    /// Paths of fixed documents, fetched with GET.
    var documentPaths: [String] { get }

    /// - Parameter tools: buffers and parsers for the use of this call alone.
    func decode(
        _ bytes: UnsafeRawBufferPointer, _ format: BodyFormat, now: Instant, with tools: inout DecodingTools
    ) -> Result<DecodedRequest, Refusal>

    /// The answer when `decoded` is complete: the pipeline's refusals have been added.
    func answer(_ decoded: DecodedRequest, stored: StoredCounts, _ format: BodyFormat) -> Response

    /// - Parameter format: nil where the sender's own could not be told.
    func answer(_ refusal: Refusal, _ format: BodyFormat?) -> Response

    /// One of `documentPaths`.
    func document(_ path: String, _ head: RequestHead) -> Response
}

extension Receiver {
    var defaultFormat: BodyFormat? { nil }
    var documentPaths: [String] { [] }
    func document(_ path: String, _ head: RequestHead) -> Response {
        answer(Refusal(.notFound, "there is no document at \(path)"), nil)
    }
}

/// What the pipeline did with the calls it took.
struct StoredCounts: Sendable {
    var kept = 0
    var notOurs = 0
    var suppressed = 0
}

/// What decoding needs and is worth keeping from request to request. One thread at a time.
struct DecodingTools {
    var otlp: OTLPTraceDecoder
    let parser: JSONParser
    /// Remembers names from one request to the next.
    var calls = CallJSONReader()

    init(_ configuration: ReceiverConfiguration) {
        otlp = OTLPTraceDecoder(configuration: configuration.otlp)
        parser = JSONParser(byteCountMax: configuration.bodyByteCountMax)
    }
}
