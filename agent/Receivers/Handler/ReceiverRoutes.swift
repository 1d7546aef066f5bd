import Transport

/// Which receiver takes a request, judged by its head alone, so that a hopeless one is refused before its body arrives.
struct ReceiverRoutes: Sendable {
    struct Plan: Sendable {
        var receiver: any Receiver
        var format: BodyFormat
        var coding: ContentCoding
    }

    /// A refusal, who words it, and in which format.
    struct Refused: Error {
        var refusal: Refusal
        /// Nil: nobody has this path, and the answer is a plain problem.
        var receiver: (any Receiver)?
        var format: BodyFormat?

        var response: Response { receiver?.answer(refusal, format) ?? .problem(refusal) }
    }

    private let receivers: [String: any Receiver]
    private let documents: [String: any Receiver]
    private let otlp: OTLPReceiver
    private let tokens: AcceptedTokens

    init(_ receivers: [any Receiver], otlp: OTLPReceiver, tokens: AcceptedTokens) {
        self.otlp = otlp
        self.tokens = tokens
        var (byPath, documents): ([String: any Receiver], [String: any Receiver]) = ([:], [:])
        for receiver in receivers {
            for path in receiver.paths { byPath[path] = receiver }
            for path in receiver.documentPaths { documents[path] = receiver }
        }
        self.receivers = byPath
        self.documents = documents
    }

    /// Who answers a GET of a fixed document; nil where the path is none.
    func document(for head: RequestHead) throws(Refused) -> (any Receiver)? {
        guard let receiver = documents[head.path] else { return nil }
        guard head.method == "GET" else {
            throw Refused(
                refusal: Refusal(.wrongMethod, "\(head.path) takes GET", allow: "GET"), receiver: receiver,
                format: .json)
        }
        try authenticate(head, receiver, .json)
        return receiver
    }

    private func authenticate(
        _ head: RequestHead, _ receiver: any Receiver, _ format: BodyFormat?
    ) throws(Refused) {
        guard !tokens.accept(head.headers) else { return }
        let refusal = Refusal(.unauthorized, "a token of this agent is wanted, as `authorization: Bearer …`")
        throw Refused(refusal: refusal, receiver: receiver, format: format)
    }

    func plan(for head: RequestHead) throws(Refused) -> Plan {
        let contentType = head.headers[first: "content-type"]
        var format = contentType.flatMap { BodyFormat(contentType: $0) }
        if let signal = OTLPReceiver.otherSignals[head.path] {
            let refusal = Refusal(.notFound, "this agent takes traces at /v1/traces, no \(signal)")
            throw Refused(refusal: refusal, receiver: otlp, format: format)
        }
        guard let receiver = receivers[head.path] else {
            let known = (Array(receivers.keys) + Array(documents.keys)).sorted().joined(separator: ", ")
            throw Refused(refusal: Refusal(.notFound, "no such path; there is \(known)"))
        }
        if contentType == nil { format = receiver.defaultFormat }
        try authenticate(head, receiver, format)
        guard head.method == "POST" else {
            let refusal = Refusal(.wrongMethod, "\(head.path) takes POST", allow: "POST")
            throw Refused(refusal: refusal, receiver: receiver, format: format)
        }
        guard let format, receiver.formats.contains(format) else {
            let known = receiver.formats.map(\.contentType).joined(separator: ", ")
            let refusal = Refusal(.unsupportedType, "the content type must be one of \(known)")
            throw Refused(refusal: refusal, receiver: receiver, format: format)
        }
        guard let coding = ContentCoding(head.headers) else {
            let refusal = Refusal(.unsupportedEncoding, "the content encoding must be one of \(ContentCoding.offered)")
            throw Refused(refusal: refusal, receiver: receiver, format: format)
        }
        return Plan(receiver: receiver, format: format, coding: coding)
    }
}
