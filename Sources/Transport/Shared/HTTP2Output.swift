import HTTP2
import NIOCore

/// Writes a session's output to a channel: frames as they are, large bodies without copying them.
enum HTTP2Output {
    /// Pieces below this are copied between their frames: one write costs less than three.
    private static let copiedPieceMax = 2 << 10

    /// Writes as much as the session has and the channel takes, without flushing.
    ///
    /// A peer who does not read makes the channel unwritable; the session then holds back, and its own bounds apply.
    /// - Returns: whether anything was written.
    static func write(
        _ session: HTTP2Session, to context: ChannelHandlerContext, body: (HTTP2StreamID) -> ByteBuffer?
    ) throws(HTTP2Error) -> Bool {
        var hasWritten = false
        var isMore = true
        while isMore, context.channel.isWritable {
            isMore = try session.produce { frames, pieces in
                hasWritten = true
                write(frames, pieces, to: context, body: body)
            }
        }
        return hasWritten
    }

    private static func write(
        _ frames: UnsafeRawBufferPointer, _ pieces: [HTTP2BodyPiece], to context: ChannelHandlerContext,
        body: (HTTP2StreamID) -> ByteBuffer?
    ) {
        var bytes = context.channel.allocator.buffer(capacity: frames.count)
        var start = 0
        for piece in pieces {
            bytes.writeBytes(frames[start..<piece.position])
            start = piece.position
            // The session asks only for what it was promised, from streams it has not closed.
            guard let whole = body(piece.stream),
                let slice = whole.getSlice(at: whole.readerIndex + piece.range.lowerBound, length: piece.range.count)
            else { preconditionFailure("a session asked for a body that nobody has") }
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
