/// What becomes of the bytes of one output of a child.
struct OutputCollector {
    private let plan: ProcessConfiguration.Output
    private(set) var kept: [UInt8] = []
    private(set) var droppedByteCount = 0

    init(_ plan: ProcessConfiguration.Output) { self.plan = plan }

    /// Takes a chunk and returns the lines to hand on.
    mutating func chunkArrived(_ chunk: ArraySlice<UInt8>) -> [String] {
        switch plan {
        case .discarded, .inherited:
            droppedByteCount &+= chunk.count
        case .head(let max):
            let wanted = chunk.prefix(Swift.max(0, max - kept.count))
            kept += wanted
            droppedByteCount &+= chunk.count - wanted.count
        case .tail(let max):
            kept += chunk
            // Cut now and then, so that long output is not moved at every chunk.
            if kept.count > 2 * max { trimTail(to: max) }
        case .lines(let max, _):
            return lines(in: chunk, byteCountMax: max)
        }
        return []
    }

    /// The last line, if nothing ended it.
    mutating func ended() -> [String] {
        switch plan {
        case .discarded, .inherited, .head: return []
        case .tail(let max):
            trimTail(to: max)
            return []
        case .lines:
            defer { kept = [] }
            return kept.isEmpty ? [] : [String(decoding: kept, as: UTF8.self)]
        }
    }

    private mutating func trimTail(to max: Int) {
        let excess = Swift.max(0, kept.count - max)
        kept.removeFirst(excess)
        droppedByteCount &+= excess
    }

    private mutating func lines(in chunk: ArraySlice<UInt8>, byteCountMax: Int) -> [String] {
        var lines: [String] = []
        for byte in chunk {
            if byte != UInt8(ascii: "\n") { kept.append(byte) }
            guard byte == UInt8(ascii: "\n") || kept.count >= byteCountMax else { continue }
            if kept.last == UInt8(ascii: "\r") { kept.removeLast() }
            lines.append(String(decoding: kept, as: UTF8.self))
            kept.removeAll(keepingCapacity: true)
        }
        return lines
    }
}
