import NIOCore

/// Puts a request's body together, within what `admit` allowed and what the whole server may hold.
final class BodyCollector {
    enum Outcome {
        case kept
        case tooLarge
        case overloaded
    }

    let byteCountMax: Int
    let reservation: ByteReservation
    private var body = ByteBuffer()

    init(byteCountMax: Int, budget: ByteBudget) {
        self.byteCountMax = byteCountMax
        reservation = ByteReservation(budget: budget)
    }

    /// Copies: keeping slices would keep whole read buffers alive, which nobody counts.
    func append(_ bytes: ByteBuffer) -> Outcome {
        let count = bytes.readableBytes
        guard count <= byteCountMax - body.readableBytes else { return .tooLarge }
        guard reservation.grow(by: count) else { return .overloaded }
        body.writeImmutableBuffer(bytes)
        return .kept
    }

    func takeBody() -> ByteBuffer {
        defer { body = ByteBuffer() }
        return body
    }
}
