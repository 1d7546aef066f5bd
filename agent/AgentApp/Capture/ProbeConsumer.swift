import CallModel
import Protocols

/// Between probes and the protocols: notes whose connection it is, when it is opened.
struct ProbeConsumer: StreamConsumer {
    let reader: CallReader<CaptureSink>

    func opened(_ connection: ConnectionID, _ origin: ConnectionOrigin, at now: Instant) {
        reader.sink.processes.opened(by: origin.processID, at: now)
        reader.opened(connection, origin, at: now)
    }

    func chunk(_ bytes: Span<UInt8>, of connection: ConnectionID, _ direction: StreamDirection, at now: Instant) {
        reader.chunk(bytes, of: connection, direction, at: now)
    }

    func gap(byteCount: Int?, of connection: ConnectionID, _ direction: StreamDirection, at now: Instant) {
        reader.gap(byteCount: byteCount, of: connection, direction, at: now)
    }

    func halfClosed(_ connection: ConnectionID, _ direction: StreamDirection, at now: Instant) {
        reader.halfClosed(connection, direction, at: now)
    }

    func closed(_ connection: ConnectionID, _ reason: CloseReason, at now: Instant) {
        reader.closed(connection, reason, at: now)
    }

    func datagram(_ bytes: Span<UInt8>, from: SocketEndpoint, to: SocketEndpoint, at now: Instant) {
        reader.datagram(bytes, from: from, to: to, at: now)
    }

    func secured(_ connection: ConnectionID, _ session: SecureSession, at now: Instant) {
        reader.secured(connection, session, at: now)
    }

    func handshakeFailed(_ connection: ConnectionID, alert: UInt8?, at now: Instant) {
        reader.handshakeFailed(connection, alert: alert, at: now)
    }

    func keyLog(_ text: Span<UInt8>) {}
}
