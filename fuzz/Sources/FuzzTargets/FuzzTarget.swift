/// A decoder of bytes from outside, with what must be true of whatever it makes of them.
public struct FuzzTarget: Sendable {
    public let name: String
    /// Must return. What must not be traps.
    public let run: @Sendable ([UInt8]) -> Void
    /// A few good inputs to begin with, made here.
    public let seeds: @Sendable () -> [[UInt8]]

    public static let all: [FuzzTarget] = [
        .batch, .otlpProtobuf, .otlpJSON, .moesif, .nativeJSON, .http1, .spoolFiles, .rollups,
        .capture, .streams, .tls,
    ]
}

/// What must be true; says so before it traps.
func must(_ isTrue: Bool, _ what: String) {
    guard !isTrue else { return }
    fatalError(what)
}
