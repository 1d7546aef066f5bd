import CallModel

/// Calls as lines with columns: time, method, status or error, duration, sizes, URL.
enum CallTable {
    static func appendHeading(to bytes: inout [UInt8]) {
        bytes.append(
            contentsOf: "TIME                      METHOD   STATUS             MS      SENT  RECEIVED  URL\n".utf8)
    }

    static func append(_ call: APICall, to bytes: inout [UInt8]) {
        append(call.time.rfc3339, width: 24, to: &bytes)
        append(call.request.method, width: 7, to: &bytes)
        append(result(of: call), width: 15, to: &bytes)
        appendRight(call.duration.map(milliseconds) ?? "-", width: 6, to: &bytes)
        appendRight(size(call.request.bodyByteCount), width: 8, to: &bytes)
        appendRight(size(call.response?.bodyByteCount), width: 8, to: &bytes)
        appendSafe(call.request.url, to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
    }

    private static func result(of call: APICall) -> String {
        switch (call.response, call.error) {
        case (let response?, let error?): "\(response.status) \(error.name)"
        case (let response?, nil): "\(response.status)"
        case (nil, let error?): error.name
        case (nil, nil): "?"
        }
    }

    private static func milliseconds(_ duration: Duration) -> String {
        let tenths = duration.nanoseconds / 100_000
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func size(_ byteCount: Int?) -> String { byteCount.map { "\($0)" } ?? "-" }

    private static func append(_ text: String, width: Int, to bytes: inout [UInt8]) {
        let before = bytes.count
        appendSafe(text, to: &bytes)
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: max(0, width - (bytes.count - before)) + 2))
    }

    private static func appendRight(_ text: String, width: Int, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: max(0, width - text.utf8.count)))
        bytes.append(contentsOf: text.utf8)
        bytes.append(contentsOf: "  ".utf8)
    }

    /// Text from the wire as a terminal may get it: what is not printable ASCII is percent-encoded, as a URL would have it.
    private static func appendSafe(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            if byte >= 0x20, byte < 0x7f {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? 48 + digit : 55 + digit) }
            }
        }
    }
}
