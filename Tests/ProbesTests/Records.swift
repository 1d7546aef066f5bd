import CallModel
import Probes

/// Builds records as the kernel writes them, field by field of `fw_event`: the tests' own reading of the layout.
struct RecordBuilder {
    var kind: UInt16
    var timeNs: UInt64 = 1_000_000_000
    var session: UInt64 = 7
    var offset: UInt64 = 0
    var processID: UInt32 = 4_711
    var byteCount: UInt32?
    var captured: UInt32?
    var value: UInt32 = 0
    var isToPeer = false
    var role: UInt8 = 0
    var flags: UInt32 = 0
    var command = "curl"
    var payload: [UInt8] = []

    init(_ kind: UInt16) { self.kind = kind }

    static func data(
        _ text: String, toPeer: Bool, offset: UInt64, session: UInt64 = 7, flags: UInt32 = 4, role: UInt8 = 0
    ) -> RecordBuilder {
        var record = RecordBuilder(1)
        record.payload = Array(text.utf8)
        record.isToPeer = toPeer
        record.offset = offset
        record.session = session
        record.flags = flags
        record.role = role
        return record
    }

    static func address(
        session: UInt64 = 7, localPort: UInt16 = 40_000, remotePort: UInt16 = 443, isActive: Bool = true,
        method: UInt32 = 1
    ) -> RecordBuilder {
        var record = RecordBuilder(2)
        record.session = session
        record.value = method
        record.payload = addressBytes(localPort: localPort, remotePort: remotePort, isActive: isActive)
        return record
    }

    static func addressBytes(localPort: UInt16, remotePort: UInt16, isActive: Bool) -> [UInt8] {
        let prefix = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
        return prefix + [10, 0, 0, 1] + prefix + [203, 0, 113, 7] + little(localPort) + little(remotePort)
            + little(UInt32(1_500)) + little(UInt64(80_000)) + [isActive ? 1 : 0] + [UInt8](repeating: 0, count: 7)
    }

    static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        (0..<MemoryLayout<Value>.size).map { UInt8(truncatingIfNeeded: value >> Value($0 * 8)) }
    }

    var bytes: [UInt8] {
        var name = Array(command.utf8.prefix(15))
        name += [UInt8](repeating: 0, count: 16 - name.count)
        let head: [[UInt8]] = [
            Self.little(timeNs), Self.little(session), Self.little(offset), Self.little(processID),
            Self.little(processID), Self.little(byteCount ?? UInt32(payload.count)),
            Self.little(captured ?? UInt32(payload.count)), Self.little(value), Self.little(kind),
            [isToPeer ? 1 : 0, role], Self.little(flags), Self.little(UInt32(0)), name,
        ]
        // The ring reserves more than is written.
        return head.flatMap { $0 } + payload + [0xee, 0xee]
    }
}

/// Keeps what a consumer is told, one line an event.
struct Listener: StreamConsumer {
    var lines: [String] = []
    var origins: [ConnectionOrigin] = []
    var connections: [ConnectionID] = []
    var datagrams: [[UInt8]] = []

    mutating func opened(_ connection: ConnectionID, _ origin: ConnectionOrigin, at now: Instant) {
        lines.append("opened")
        origins.append(origin)
        connections.append(connection)
    }

    mutating func chunk(_ bytes: Span<UInt8>, of: ConnectionID, _ direction: StreamDirection, at now: Instant) {
        lines.append("\(direction) \(String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self))")
    }

    mutating func gap(byteCount: Int?, of: ConnectionID, _ direction: StreamDirection, at now: Instant) {
        lines.append("\(direction) gap \(byteCount.map(String.init) ?? "?")")
    }

    mutating func halfClosed(_: ConnectionID, _ direction: StreamDirection, at now: Instant) {
        lines.append("\(direction) ended")
    }

    mutating func closed(_: ConnectionID, _ reason: CloseReason, at now: Instant) { lines.append("closed \(reason)") }

    mutating func datagram(_ bytes: Span<UInt8>, from: SocketEndpoint, to: SocketEndpoint, at now: Instant) {
        datagrams.append(bytes.indices.map { bytes[$0] })
    }

    mutating func secured(_: ConnectionID, _ session: SecureSession, at now: Instant) {
        lines.append("secured \(session.serverName ?? "-")")
    }

    mutating func handshakeFailed(_: ConnectionID, alert: UInt8?, at now: Instant) { lines.append("handshake failed") }
}

/// The streams with a listener behind them.
struct Conversation {
    var streams: ProbeStreams
    var listener = Listener()

    init(_ configuration: ProbeStreams.Configuration = ProbeStreams.Configuration()) {
        streams = ProbeStreams(configuration: configuration)
    }

    mutating func hear(_ records: RecordBuilder...) {
        for record in records { streams.recordArrived(record.bytes.span, clockOffset: 0, to: &listener) }
    }

    mutating func advance(toSeconds seconds: Double) {
        streams.advance(to: Instant(nanosecondsSinceEpoch: Int64(seconds * 1e9)), &listener)
    }

    /// What was told since this was asked last.
    mutating func said() -> [String] {
        defer { listener.lines = [] }
        return listener.lines
    }
}
