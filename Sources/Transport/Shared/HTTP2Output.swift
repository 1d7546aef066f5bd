import HTTP2
import NIOCore

/// Writes a session's output to a channel: frames as they are, large bodies without copying them.
enum HTTP2Output {
    /// Pieces below this are copied between their frames: one write costs less than three.
    private static let copiedPieceMax = 2 << 10

    /// Writes and flushes as much as the session has and the channel takes.
    ///
    /// A peer who does not read makes the channel unwritable; the session then holds back, and its own bounds apply. A flush
    /// can make room again at once, and tells so from inside this call, where the owner may not write: so this looks again
    /// itself until either the session or the channel has had enough.
    ///
    /// - Parameter body: that range of that stream's body; nil for a stream that was given up. Ranges of a stream come in order.
    static func write(
        _ session: HTTP2Session, to context: ChannelHandlerContext, body: (HTTP2StreamID, Range<Int>) -> ByteBuffer?
    ) throws(HTTP2Error) {
        var isMore = true
        // A flush can also find that the connection is gone.
        while isMore, context.channel.isActive, context.channel.isWritable {
            var hasWritten = false
            while isMore, context.channel.isWritable {
                isMore = try session.produce { frames, pieces in
                    hasWritten = true
                    write(frames, pieces, to: context, body: body)
                }
            }
            if hasWritten { context.flush() }
        }
    }

    private static func write(
        _ frames: UnsafeRawBufferPointer, _ pieces: [HTTP2BodyPiece], to context: ChannelHandlerContext,
        body: (HTTP2StreamID, Range<Int>) -> ByteBuffer?
    ) {
        var bytes = context.channel.allocator.buffer(capacity: frames.count)
        var start = 0
        for piece in pieces {
            bytes.writeBytes(frames[start..<piece.position])
            start = piece.position
            guard let slice = body(piece.stream, piece.range) else {
                // Given up when this frame was begun already: it must be as long as it said, and the reset follows it.
                bytes.writeRepeatingByte(0, count: piece.range.count)
                continue
            }
            if slice.readableBytes <= copiedPieceMax {
                bytes.writeImmutableBuffer(slice)
            } else {
                context.write(NIOAny(bytes), promise: nil)
                context.write(NIOAny(slice), promise: nil)
                bytes = context.channel.allocator.buffer(capacity: 512)
            }
        }
        bytes.writeBytes(frames[start...])
        if bytes.readableBytes > 0 { context.write(NIOAny(bytes), promise: nil) }
    }
}
