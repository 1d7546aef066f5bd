import CallModel

/// Cuts one direction of a TCP connection to a resolver into messages, each with its length in two bytes before it (RFC 1035, section
/// 4.2.2). After lost bytes nothing more is read: where the next message begins is not known.
struct NameStream {
    private var held: [UInt8] = []
    private var isLost = false

    /// Answers about names are a few hundred bytes; what is longer holds other kinds of records.
    private static let messageByteCountMax = 8 << 10

    mutating func bytesLost() {
        isLost = true
        held = []
    }

    /// Calls `message` with each one that is whole.
    mutating func bytesArrived(_ bytes: Span<UInt8>, _ message: (Span<UInt8>) -> Void) {
        guard !isLost else { return }
        held.append(bytes, in: 0..<bytes.count)
        var start = 0
        while let byteCount = held.span.bigEndian16(at: start).map(Int.init) {
            guard byteCount <= Self.messageByteCountMax else { return bytesLost() }
            let end = start + 2 + byteCount
            guard held.count >= end else { break }
            message(held.span.extracting((start + 2)..<end))
            start = end
        }
        if start > 0 { held.removeFirst(start) }
    }
}
