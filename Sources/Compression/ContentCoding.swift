/// Undoes HTTP's content codings (RFC 9110, section 8.4) as an observer does: what can be read is kept.
///
/// A reader of traffic often has only the first part of a body, because it keeps no more or because bytes were lost. So
/// damage and missing ends are no errors here: they end the output.
public enum ContentCoding {
    /// - Parameters:
    ///   - codings: the value of `content-encoding`: the codings in the order they were applied.
    ///   - byteCountMax: the bound of every step's output.
    /// - Returns: nil where a coding is not known, where one follows more than three others, or where nothing came out.
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, codings: some Collection<UInt8>, byteCountMax: Int
    ) -> [UInt8]? {
        let names = Array(codings).split(separator: UInt8(ascii: ",")).map { normalised($0) }.filter { !$0.isEmpty }
        guard names.count <= layerCountMax else { return nil }
        var decoded: [UInt8]?
        for name in names.reversed() where name != "identity" {
            var output: [UInt8] = []
            let isKnown =
                if let decoded {
                    decoded.withUnsafeBytes { decode($0, name, byteCountMax, into: &output) }
                } else {
                    decode(bytes, name, byteCountMax, into: &output)
                }
            guard isKnown, !output.isEmpty else { return nil }
            decoded = output
        }
        return decoded
    }

    private static let layerCountMax = 3

    private static func normalised(_ name: ArraySlice<UInt8>) -> String {
        String(decoding: name.filter { $0 > 0x20 }, as: UTF8.self).lowercased()
    }

    private static func decode(
        _ bytes: UnsafeRawBufferPointer, _ name: String, _ byteCountMax: Int, into output: inout [UInt8]
    ) -> Bool {
        switch name {
        case "gzip", "x-gzip": _ = Gzip.decompress(bytes, .gzipOrZlib, byteCountMax: byteCountMax, into: &output)
        case "deflate": deflate(bytes, byteCountMax, into: &output)
        case "br": _ = Brotli.decompress(bytes, byteCountMax: byteCountMax, into: &output)
        case "zstd": _ = Zstandard.decompress(bytes, byteCountMax: byteCountMax, into: &output)
        default: return false
        }
        return true
    }

    /// With zlib's header as it should be, or without, as some servers send it (RFC 9110, section 8.4.1.2, note).
    private static func deflate(_ bytes: UnsafeRawBufferPointer, _ byteCountMax: Int, into output: inout [UInt8]) {
        let end = Gzip.decompress(bytes, .gzipOrZlib, byteCountMax: byteCountMax, into: &output)
        guard end == .corrupt, output.isEmpty else { return }
        _ = Gzip.decompress(bytes, .raw, byteCountMax: byteCountMax, into: &output)
    }
}

/// How decoding ended that keeps what it has.
enum DecodingEnd {
    case complete
    /// The input ends before the stream does.
    case inputEnded
    /// There is more than the bound allows.
    case outputFull
    case corrupt
}
