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
    private let announced: Int
    private var body = ByteBuffer()

    /// Of an announced body no more than this is asked for before it comes. What is not touched takes no memory.
    private static let announcedMax = 4 << 20

    /// - Parameter announced: bytes that the sender says there will be, 0 where it does not say.
    init(byteCountMax: Int, announced: Int, budget: ByteBudget) {
        self.byteCountMax = byteCountMax
        self.announced = min(announced, byteCountMax, Self.announcedMax)
        reservation = ByteReservation(budget: budget)
    }

    /// Copies: keeping slices would keep whole read buffers alive, which nobody counts.
    func append(_ bytes: ByteBuffer) -> Outcome {
        let count = bytes.readableBytes
        guard count <= byteCountMax - body.readableBytes else { return .tooLarge }
        guard reservation.grow(by: count) else { return .overloaded }
        // Grown piece by piece it would be copied several times.
        if body.capacity == 0, announced > count { body.reserveCapacity(announced) }
        body.writeImmutableBuffer(bytes)
        return .kept
    }

    func takeBody() -> ByteBuffer {
        defer { body = ByteBuffer() }
        return body
    }
}
