/// Reads server-sent events (the HTML standard, section 9.2) out of a stream of bytes that is cut anywhere.
///
/// Takes lines that end in LF, with or without CR before it, which is what our server writes. A line beyond `lineByteCountMax`
/// is let go with its event, so that memory stays bounded whatever comes.
struct EventReader {
    struct Event: Equatable {
        var name: String
        var id: String?
        var data: [UInt8]
    }

    private static let lineByteCountMax = 8 << 20

    /// Where to go on after what was read, of the last event that bore an id: one without data is none, and its id counts.
    private(set) var lastID: String?
    private var line: [UInt8] = []
    private var isTooLong = false
    private var event = Event(name: "message", id: nil, data: [])
    private var hasData = false

    /// Events that are complete with these bytes, in order.
    mutating func read(_ bytes: [UInt8]) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                if line.count < Self.lineByteCountMax { line.append(byte) } else { isTooLong = true }
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if let complete = lineEnded() { events.append(complete) }
            line.removeAll(keepingCapacity: line.capacity < 1 << 20)
        }
        return events
    }

    private mutating func lineEnded() -> Event? {
        guard !line.isEmpty else {
            if let id = event.id { lastID = id }
            defer {
                event = Event(name: "message", id: nil, data: [])
                (hasData, isTooLong) = (false, false)
            }
            return hasData && !isTooLong ? event : nil
        }
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        var value = line.dropFirst(name.count + 1)
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: name, as: UTF8.self) {
        case "event": event.name = String(decoding: value, as: UTF8.self)
        case "id": event.id = String(decoding: value, as: UTF8.self)
        case "data":
            if hasData { event.data.append(UInt8(ascii: "\n")) }
            event.data += value
            hasData = true
        default: break  // Comments and what we do not know.
        }
        return nil
    }
}
