import CallJSON
import CallModel
import Documents
import Glibc
import PartnerCatalog
import Protocols
import Redaction

/// Writing to standard output failed.
struct OutputError: Error {
    var code: Int32
}

/// Prints calls as they come, in large pieces.
struct CallPrinter: CallSink {
    enum Format: String, CaseIterable {
        /// The native form, one call a line.
        case ndjson
        /// HTTP Archive 1.2.
        case har
        /// Columns, for people.
        case table
        /// The number of calls alone.
        case count
    }

    private let format: Format
    private var redactor: Redactor?
    private let catalogue = Catalogue.builtIn
    private let parser = JSONParser(byteCountMax: Limits.bodyByteCountMax)
    private let configuration = ProtocolConfiguration()
    private var bytes: [UInt8] = []
    private var har = HARWriter()
    private var callCount = 0
    private var failure: Int32 = 0

    private static let bufferByteCount = 256 << 10

    init(_ format: Format, redactor: Redactor?) {
        self.format = format
        self.redactor = redactor
        bytes.reserveCapacity(Self.bufferByteCount + (64 << 10))
        switch format {
        case .ndjson, .count: break
        case .har: har.begin(&bytes)
        case .table: CallTable.appendHeading(to: &bytes)
        }
    }

    mutating func observed(_ observed: ObservedCall) {
        guard failure == 0 else { return }
        callCount += 1
        guard format != .count else { return }
        var call = observed.makeCall(configuration: configuration)
        judge(&call)
        switch format {
        case .ndjson:
            CallJSONWriter.append(call, id: nil, to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        case .har: har.append(call, to: &bytes)
        case .table: CallTable.append(call, to: &bytes)
        case .count: break
        }
        if bytes.count >= Self.bufferByteCount { flush() }
    }

    /// Everything is out when this returns.
    mutating func finish() throws {
        switch format {
        case .ndjson, .table: break
        case .har: har.end(&bytes)
        case .count: bytes.append(contentsOf: "\(callCount)\n".utf8)
        }
        flush()
        try throwIfFailed()
    }

    func throwIfFailed() throws {
        if failure != 0 { throw OutputError(code: failure) }
    }

    /// Partner, route and outcome, as the agent tells them; then what the operator asked to be masked.
    private mutating func judge(_ call: inout APICall) {
        if case .partner(let id, let route, let isWebhook) = catalogue.resolve(call) {
            call.partner = id
            call.route = route
            if isWebhook { call.webhook = catalogue.webhookDetails(of: call, partner: id) }
        }
        if call.response != nil || call.error != nil {
            call.outcome = catalogue.outcome(of: call, partner: call.partner ?? "", parser: parser)
        }
        redactor?.redact(&call, now: call.time)
    }

    private mutating func flush() {
        var start = 0
        while start < bytes.count, failure == 0 {
            let written = bytes.withUnsafeBytes { buffer in
                // `start` is within the buffer, and no more than its rest is written.
                write(STDOUT_FILENO, buffer.baseAddress.map { $0 + start }, buffer.count - start)
            }
            if written >= 0 { start += written } else if errno != EINTR { failure = errno }
        }
        bytes.removeAll(keepingCapacity: true)
    }
}
