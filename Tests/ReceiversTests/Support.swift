import CallModel
import Compression
import Documents
import Receivers
import Testing

/// An hour after the spans of the tests.
let testNow = Instant(nanosecondsSinceEpoch: 1_795_497_600_000_000_000)

func decode(
    _ bytes: [UInt8], configuration: OTLPConfiguration = OTLPConfiguration(), now: Instant = testNow
) throws -> DecodedSpans {
    var decoder = OTLPTraceDecoder(configuration: configuration)
    return try bytes.withUnsafeBytes { try decoder.decode(protobuf: $0, now: now) }
}

func decodeJSON(_ bytes: [UInt8], now: Instant = testNow) throws -> DecodedSpans {
    var decoder = OTLPTraceDecoder()
    return try JSONParser().parse(bytes) { try decoder.decode(json: $0, now: now) }
}

func decodeJSON(_ text: String) throws -> DecodedSpans { try decodeJSON(Array(text.utf8)) }

/// The one call of one span.
func call(
    _ span: SpanSketch, resource: Attributes = [:], configuration: OTLPConfiguration = OTLPConfiguration()
) throws -> APICall {
    let decoded = try decode(export([span], resource: resource), configuration: configuration)
    return try #require(decoded.calls.first, "rejected: \(decoded.rejections)")
}

/// gzip in base64.
func unpacked(_ text: String) throws -> [UInt8] {
    try base64(text).withUnsafeBytes { try Gzip.decompress($0, byteCountMax: 1 << 20) }
}

func base64(_ text: String) -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var bitCount = 0
    for character in text.utf8 {
        guard let digit = alphabet.firstIndex(of: character) else { continue }
        bits = bits << 6 | UInt32(digit)
        bitCount += 6
        if bitCount >= 8 {
            bitCount -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
        }
    }
    return bytes
}
