/// Why bytes could not be compressed or decompressed.
public enum CompressionError: Error, Equatable, CustomStringConvertible {
    /// The input is no valid stream of its format, or ends early.
    case corrupt(String)
    /// The output would be larger than the caller allowed: a bomb, or a bound that is too small.
    case tooLarge(max: Int)
    /// Valid, but of a kind that is not read here.
    case unsupported(String)

    public var description: String {
        switch self {
        case .corrupt(let detail): "the compressed data is damaged: \(detail)"
        case .tooLarge(let max): "the decompressed data is larger than \(max) bytes"
        case .unsupported(let detail): "the compression is not supported: \(detail)"
        }
    }
}
