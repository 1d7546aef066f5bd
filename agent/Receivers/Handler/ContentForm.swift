import Compression
import Transport

/// How the calls of a body are written.
enum BodyFormat: Sendable {
    case protobuf, json, ndjson

    /// By the type and subtype of a Content-Type (RFC 9110, section 8.3); parameters such as `charset` do not matter,
    /// because JSON is UTF-8 and protobuf no text.
    init?(contentType: String) {
        let type = contentType.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        switch type {
        case "application/x-protobuf", "application/protobuf": self = .protobuf
        case "application/json": self = .json
        case "application/x-ndjson", "application/ndjson": self = .ndjson
        default: return nil
        }
    }

    var contentType: String {
        switch self {
        case .protobuf: "application/x-protobuf"
        case .json: "application/json"
        case .ndjson: "application/x-ndjson"
        }
    }
}

/// How a body is compressed. One coding at most: stacked ones have no use but to hide a bomb.
enum ContentCoding: Sendable {
    case identity, gzip, zstd

    /// What a 415 offers (RFC 9110, section 12.5.3).
    static let offered = "gzip, zstd, identity"

    init?(_ headers: Headers) {
        let named = headers.fields.filter { $0.name == "content-encoding" }.map(\.value).joined(separator: ",")
        switch named.filter({ $0 != " " && $0 != "\t" }).lowercased() {
        case "", "identity": self = .identity
        // `deflate` is zlib's format by RFC 9110, which the same reader tells apart.
        case "gzip", "x-gzip", "deflate": self = .gzip
        case "zstd": self = .zstd
        default: return nil
        }
    }

    /// Hands `body` the decoded bytes, or throws why there are none. `byteCountMax` bounds what comes out, also of a
    /// bomb.
    func withDecoded<R>(
        _ bytes: UnsafeRawBufferPointer, byteCountMax: Int, _ body: (UnsafeRawBufferPointer) -> R
    ) throws(Refusal) -> R {
        do throws(CompressionError) {
            switch self {
            case .identity:
                guard bytes.count <= byteCountMax else { throw .tooLarge(max: byteCountMax) }
                return body(bytes)
            case .gzip: return try Gzip.decompress(bytes, byteCountMax: byteCountMax).withUnsafeBytes(body)
            case .zstd: return try Zstandard.decompress(bytes, byteCountMax: byteCountMax).withUnsafeBytes(body)
            }
        } catch {
            switch error {
            case .tooLarge: throw Refusal(.tooLarge, "the body is larger than \(byteCountMax) bytes")
            case .corrupt, .unsupported: throw Refusal(.badEncoding, error.description)
            }
        }
    }
}
