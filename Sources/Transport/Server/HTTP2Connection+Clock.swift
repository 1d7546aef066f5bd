import HTTP2
import NIOCore

extension HTTP2Connection {
    /// Two steps (RFC 9113, section 6.8): the first GOAWAY names no stream, because requests may be on their way. When the
    /// client has answered our ping it has seen it, and the second names the last stream that will be answered.
    func beginShutdown() {
        guard !isShuttingDown else { return }
        isShuttingDown = true
        isEndExpected = true
        finishSources()
        session.announceShutdown()
        session.ping()
        // A client that does not answer pings gets the second step all the same.
        context?.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [weak self] in
            guard let self, self.context != nil else { return }
            self.session.goAway()
            self.schedulePump()
        }
        schedulePump()
    }

    func scheduleTick() {
        guard let context else { return }
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(core.configuration.tickInterval)) {
            [weak self] in
            guard let self, self.context != nil else { return }
            self.tick(at: .now())
            self.scheduleTick()
        }
    }

    private func tick(at now: NIODeadline) {
        session.forgiveBarrenFrames()
        let writeTimeout = TimeAmount(core.configuration.writeTimeout)
        if let unwritableSince, now - unwritableSince > writeTimeout {
            core.counters.add(.writeTimeouts)
            return close()
        }
        guard !hasEnded else { return }
        if !hasGreeted, now - idleSince > TimeAmount(core.configuration.headTimeout) {
            core.counters.add(.requestTimeouts)
            return close()
        }
        if streams.isEmpty, now - idleSince > TimeAmount(core.configuration.idleTimeout) {
            core.counters.add(.idleTimeouts)
            isEndExpected = true
            session.terminate(.noError)
            return schedulePump()
        }
        // The thousands that lie idle cost no more than this look.
        guard !streams.isEmpty else { return }
        let bodyTimeout = TimeAmount(core.configuration.bodyTimeout)
        for (id, stream) in streams {
            switch stream.state {
            case .handling: break
            case .collecting:
                guard now - stream.since > bodyTimeout else { continue }
                stream.state = .answering
                answer(core.requestTimedOut(), isForHead: false, on: id)
            case .answering:
                guard !stream.isWaitingForWriter, now - stream.since > writeTimeout else { continue }
                core.counters.add(.writeTimeouts)
                session.cancel(id, code: .cancel)
                stream.since = now
            }
        }
        schedulePump()
    }
}
