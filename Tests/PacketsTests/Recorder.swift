import CallModel
import Packets

/// A consumer that keeps what it is given, as text a test can read.
struct Recorder: StreamConsumer {
    struct Stream {
        var bytes: [UInt8] = []
        var gaps: [Int?] = []
        var isEnded = false
        /// Bytes with each gap as `[n]`: what a test compares.
        var text = ""
    }

    struct Connection {
        var id: ConnectionID
        var origin: ConnectionOrigin
        var openedAt: Instant
        var toServer = Stream()
        var toClient = Stream()
        var reason: CloseReason?
        var closedAt: Instant?
        var chunkTimes: [Instant] = []

        subscript(_ direction: StreamDirection) -> Stream {
            get { direction == .toServer ? toServer : toClient }
            set { if direction == .toServer { toServer = newValue } else { toClient = newValue } }
        }
    }

    var connections: [Connection] = []
    var datagrams: [(bytes: [UInt8], from: SocketEndpoint, to: SocketEndpoint)] = []
    var keyLogs: [[UInt8]] = []
    /// Promises of the joint that were broken; a test expects none.
    var complaints: [String] = []
    private var places: [ConnectionID: Int] = [:]

    mutating func opened(_ connection: ConnectionID, _ origin: ConnectionOrigin, at now: Instant) {
        if places[connection] != nil { complaints.append("\(connection.rawValue) opened twice") }
        places[connection] = connections.count
        connections.append(Connection(id: connection, origin: origin, openedAt: now))
    }

    private mutating func place(_ connection: ConnectionID, _ event: String) -> Int? {
        guard let place = places[connection] else {
            complaints.append("\(event) of \(connection.rawValue), which was never opened")
            return nil
        }
        if connections[place].reason != nil { complaints.append("\(event) of \(connection.rawValue) after its end") }
        return place
    }

    mutating func chunk(
        _ bytes: Span<UInt8>, of connection: ConnectionID, _ direction: StreamDirection, at now: Instant
    ) {
        guard let place = place(connection, "chunk") else { return }
        if bytes.isEmpty { complaints.append("an empty chunk") }
        if connections[place][direction].isEnded { complaints.append("a chunk after the end of its direction") }
        connections[place].chunkTimes.append(now)
        bytes.withUnsafeBufferPointer {
            connections[place][direction].bytes.append(contentsOf: $0)
            connections[place][direction].text += String(decoding: $0, as: UTF8.self)
        }
    }

    mutating func gap(byteCount: Int?, of connection: ConnectionID, _ direction: StreamDirection, at now: Instant) {
        guard let place = place(connection, "gap") else { return }
        if byteCount ?? 1 <= 0 { complaints.append("a gap of \(byteCount ?? 0)") }
        connections[place][direction].gaps.append(byteCount)
        connections[place][direction].text += "[\(byteCount.map(String.init) ?? "?")]"
    }

    mutating func halfClosed(_ connection: ConnectionID, _ direction: StreamDirection, at now: Instant) {
        guard let place = place(connection, "half close") else { return }
        if connections[place][direction].isEnded { complaints.append("a direction ended twice") }
        connections[place][direction].isEnded = true
    }

    mutating func closed(_ connection: ConnectionID, _ reason: CloseReason, at now: Instant) {
        guard let place = place(connection, "close") else { return }
        connections[place].reason = reason
        connections[place].closedAt = now
    }

    mutating func datagram(_ bytes: Span<UInt8>, from: SocketEndpoint, to: SocketEndpoint, at now: Instant) {
        datagrams.append((bytes.withUnsafeBufferPointer { Array($0) }, from, to))
    }

    mutating func keyLog(_ text: Span<UInt8>) { keyLogs.append(text.withUnsafeBufferPointer { Array($0) }) }
}
