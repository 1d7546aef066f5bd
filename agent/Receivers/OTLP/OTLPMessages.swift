import Documents

/// The few messages OTLP answers with, in both encodings.
enum OTLPMessages {
    /// ExportTraceServiceResponse: partial_success = 1 {rejected_spans = 1, error_message = 2}.
    static func partialSuccess(rejectedSpans: Int, _ message: String) -> [UInt8] {
        var partial: [UInt8] = []
        appendVarint(UInt64(rejectedSpans), field: 1, to: &partial)
        appendBlock(Array(message.utf8), field: 2, to: &partial)
        var response: [UInt8] = []
        appendBlock(partial, field: 1, to: &response)
        return response
    }

    /// 64-bit integers are text in protobuf's JSON.
    static func partialSuccessJSON(rejectedSpans: Int, _ message: String) -> [UInt8] {
        var bytes = Array(#"{"partialSuccess":{"rejectedSpans":"\#(rejectedSpans)","errorMessage":"#.utf8)
        JSONText.appendString(message, to: &bytes)
        return bytes + "}}".utf8
    }

    /// google.rpc.Status: code = 1, message = 2.
    static func status(code: Int, _ message: String) -> [UInt8] {
        var bytes: [UInt8] = []
        appendVarint(UInt64(code), field: 1, to: &bytes)
        appendBlock(Array(message.utf8), field: 2, to: &bytes)
        return bytes
    }

    static func statusJSON(code: Int, _ message: String) -> [UInt8] {
        var bytes = Array(#"{"code":\#(code),"message":"#.utf8)
        JSONText.appendString(message, to: &bytes)
        return bytes + "}".utf8
    }

    private static func appendVarint(_ value: UInt64, field: UInt8, to bytes: inout [UInt8]) {
        bytes.append(field << 3)
        appendNumber(value, to: &bytes)
    }

    private static func appendBlock(_ block: [UInt8], field: UInt8, to bytes: inout [UInt8]) {
        bytes.append(field << 3 | 2)
        appendNumber(UInt64(block.count), to: &bytes)
        bytes += block
    }

    private static func appendNumber(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
