import NIOCore

extension HTTP1Connection {
    /// Bodies below this are copied behind their head: one write costs less than two.
    private static let copiedBodyMax = 2 << 10
    /// Larger ones are written in pieces, so that a slow reader is seen to make progress.
    private static let pieceByteCount = 128 << 10

    /// Writes an answer. Without keep-alive it is the last one: the connection then ends in good order.
    func write(_ response: Response, _ manner: Manner) {
        let (response, reservation) = core.reserve(response)
        core.counters.add(.responsesSent)
        var bytes = ByteBuffer()
        HTTP1ResponseWriter.appendHead(
            of: response,
            .init(
                keepsAlive: manner.keepsAlive, isForHead: manner.isForHead, isHTTP1_0: manner.isHTTP1_0,
                date: core.date.now()),
            to: &bytes)
        var body = manner.isForHead || !response.mayHaveBody ? ByteBuffer() : response.body
        core.counters.add(.responseBytesSent, body.readableBytes)
        if body.readableBytes <= Self.copiedBodyMax { bytes.writeBuffer(&body) }
        if !manner.keepsAlive {
            state = .finishing
            parts.removeAll()
        }
        var rest = body
        write(bytes, isLast: rest.readableBytes == 0, reservation, manner)
        while rest.readableBytes > 0, let piece = rest.readSlice(length: min(Self.pieceByteCount, rest.readableBytes)) {
            write(piece, isLast: rest.readableBytes == 0, reservation, manner)
        }
    }

    /// Writes what is no answer by itself.
    func write(_ bytes: ByteBuffer) {
        guard let context else { return }
        context.write(wrapOutboundOut(bytes), promise: nil)
        scheduleFlush()
    }

    /// A piece of an answer that has no length; the connection ends after the last.
    func writePiece(_ bytes: ByteBuffer, isLast: Bool) {
        let manner = Manner(isForHead: false, isHTTP1_0: false, keepsAlive: false)
        write(bytes, isLast: isLast, ByteReservation(budget: core.responseBudget), manner)
    }

    private func write(_ bytes: ByteBuffer, isLast: Bool, _ reservation: ByteReservation, _ manner: Manner) {
        guard let context else { return }
        if pendingWriteCount == 0 { lastWriteFinished = .now() }
        pendingWriteCount += 1
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { result in
            self.pendingWriteCount -= 1
            self.lastWriteFinished = .now()
            guard isLast else { return }
            reservation.release()
            guard !manner.keepsAlive else { return }
            if case .success = result { self.linger() } else { self.close() }
        }
        context.write(wrapOutboundOut(bytes), promise: written)
        scheduleFlush()
    }

    private func linger() {
        guard case .finishing = state, let context else { return }
        guard !isPeerDone else { return close() }
        state = .lingering
        since = .now()
        context.close(mode: .output).assumeIsolated().whenFailure { _ in self.close() }
        advance()
    }

    func scheduleTick() {
        guard let context else { return }
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(core.configuration.tickInterval)) {
            [weak self] in
            guard let self, self.context != nil else { return }
            if case .closed = self.state { return }
            self.tick(at: .now())
            self.scheduleTick()
        }
    }

    private func tick(at now: NIODeadline) {
        if pendingWriteCount > 0, now - lastWriteFinished > TimeAmount(core.configuration.writeTimeout) {
            core.counters.add(.writeTimeouts)
            return close()
        }
        let waited = now - since
        switch patience {
        case .head:
            guard waited > TimeAmount(core.configuration.headTimeout) else { return }
            write(core.requestTimedOut(), Manner(isForHead: false, isHTTP1_0: false, keepsAlive: false))
        case .body:
            guard waited > TimeAmount(core.configuration.bodyTimeout) else { return }
            if case .skipping = state {
                core.counters.add(.requestTimeouts)
                return close()
            }
            write(core.requestTimedOut(), Manner(isForHead: false, isHTTP1_0: false, keepsAlive: false))
        case .idle:
            guard waited > TimeAmount(core.configuration.idleTimeout), pendingWriteCount == 0 else { return }
            core.counters.add(.idleTimeouts)
            close()
        case .linger:
            guard waited > TimeAmount(core.configuration.lingerTimeout) else { return }
            close()
        case .none: break
        }
    }
}
