import NIOCore
import NIOHTTP1

extension HTTP1Connection {
    func take(_ part: HTTPServerRequestPart) {
        switch (state, part) {
        case (.waiting, .head(let head)): headArrived(head)
        case (.collecting(let head, let collector, _), .body(let bytes)): bodyArrived(bytes, head, collector)
        case (.collecting(let head, let collector, let keepsAlive), .end):
            requestEnded(head, collector, keepsAlive: keepsAlive)
        case (.skipping, .end):
            state = .waiting
            since = .now()
        // The rest of what was answered already, or of a connection we are leaving.
        case (.waiting, _), (.collecting, _), (.skipping, _), (.handling, _), (.streaming, _), (.finishing, _),
            (.lingering, _), (.closed, _):
            break
        }
    }

    private func headArrived(_ line: HTTPRequestHead) {
        requestCount += 1
        since = .now()
        let (path, query) = RequestHead.split(target: line.uri)
        let head = RequestHead(
            method: line.method.rawValue, path: path, query: query,
            headers: Headers(line.headers.map { (name: $0.name.lowercased(), value: $0.value) }),
            version: line.version.minor == 0 ? .http1_0 : .http1_1, peer: peer)
        let framing = Framing(head)
        let keepsAlive = line.isKeepAlive && !framing.leavesHTTP && !core.isShuttingDown.load(ordering: .relaxed)
        if let fault = framing.fault {
            return answerEarly(core.malformed(fault), to: head, framing, keepsAlive: false)
        }
        switch core.admit(head) {
        case .answer(let response): answerEarly(response, to: head, framing, keepsAlive: keepsAlive)
        case .collect(let collector):
            if framing.expectsContinue, framing.hasBody { write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")) }
            state = .collecting(head, collector, keepsAlive: keepsAlive)
        }
    }

    private func bodyArrived(_ bytes: ByteBuffer, _ head: RequestHead, _ collector: BodyCollector) {
        switch collector.append(bytes) {
        case .kept: break
        case .tooLarge:
            let response = core.oversized(head, byteCountMax: collector.byteCountMax)
            answerEarly(response, to: head, Framing(head), keepsAlive: false)
        case .overloaded: answerEarly(core.overloaded(), to: head, Framing(head), keepsAlive: false)
        }
    }

    private func requestEnded(_ head: RequestHead, _ collector: BodyCollector, keepsAlive: Bool) {
        guard let context else { return }
        let number = requestCount
        state = .handling(
            number: number,
            Manner(isForHead: head.method == "HEAD", isHTTP1_0: head.version == .http1_0, keepsAlive: keepsAlive))
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        core.handle(head, collector, on: context.eventLoop) { connection.value.answer($0, number: number) }
    }

    private func answer(_ response: Response, number: Int) {
        guard case .handling(number, var manner) = state, context != nil else {
            core.counters.add(.responsesDropped)
            response.stream?.end()
            return
        }
        if core.isShuttingDown.load(ordering: .relaxed) || isPeerDone, parts.isEmpty { manner.keepsAlive = false }
        if response.stream != nil { return open(response, manner) }
        write(response, manner)
        if manner.keepsAlive {
            state = .waiting
            since = .now()
            advance()
        }
    }

    /// Answers before the request's end. A short rest is read past; otherwise the connection cannot be used any further.
    func answerEarly(_ response: Response, to head: RequestHead, _ framing: Framing, keepsAlive: Bool) {
        let manner = Manner(
            isForHead: head.method == "HEAD", isHTTP1_0: head.version == .http1_0,
            keepsAlive: keepsAlive && framing.isRestShort)
        write(response, manner)
        if manner.keepsAlive { state = .skipping }
    }

    func answerFailure(_ error: HTTPParserError) {
        let response =
            switch error {
            case .headerOverflow: core.headersTooLarge()
            default: core.malformed("The bytes received are not HTTP: \(error).")
            }
        write(response, Manner(isForHead: false, isHTTP1_0: false, keepsAlive: false))
    }
}

/// How a request's body is delimited, and what follows from it (RFC 9112, section 6).
struct Framing {
    let hasBody: Bool
    let expectsContinue: Bool
    /// Another protocol was asked for: the decoder stops here, so the connection cannot be kept.
    let leavesHTTP: Bool
    /// A rest worth reading past, rather than ending the connection.
    let isRestShort: Bool
    let fault: String?

    private static let shortRestMax = 64 << 10

    init(_ head: RequestHead) {
        let isChunked = head.headers[first: "transfer-encoding"] != nil
        let length = head.headers[first: "content-length"]
        hasBody = isChunked || (head.contentLength ?? 0) > 0
        let expectation = head.headers[first: "expect"]?.lowercased()
        expectsContinue = expectation == "100-continue" && head.version == .http1_1
        leavesHTTP = head.headers[first: "upgrade"] != nil || head.method == "CONNECT"
        isRestShort = !hasBody || (!isChunked && !expectsContinue && (head.contentLength ?? 0) <= Self.shortRestMax)
        let hosts = head.headers[all: "host"].count
        fault =
            if isChunked && length != nil {
                // The two ends of a proxy could take different views of where this request ends.
                "Content-Length and Transfer-Encoding exclude each other."
            } else if isChunked && head.version == .http1_0 {
                "HTTP/1.0 has no Transfer-Encoding."
            } else if length != nil && head.contentLength == nil {
                "Content-Length is not a number."
            } else if hosts > 1 || (hosts == 0 && head.version == .http1_1) {
                "There must be one Host field."
            } else if let expectation, expectation != "100-continue" {
                "Nothing but 100-continue can be expected."
            } else {
                nil
            }
    }
}
