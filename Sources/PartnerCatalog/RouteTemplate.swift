import CallModel

/// Turns a path into its route: what identifies one object becomes `{id}`, what names a function stays.
///
/// Stateless and deterministic, so every host gives the same names without talking to another: each segment is judged alone, by
/// its spelling (`SegmentSpelling`). Templates written down in the catalogue come first (`RoutePattern`); this is for everything
/// else, and it must err on the side of `{id}`: a word taken for an id merges two routes, an id taken for a word makes one route
/// a customer. What spelling cannot tell (a user's name in `/users/alice`) only the aggregator can cap.
///
/// One level of percent escapes is decoded first. Empty and `.` segments are dropped, `..` takes one back (RFC 3986, 5.2.4),
/// matrix parameters (`;v=1`) are cut off, and a path beyond the limits ends in `{rest}`.
public enum RouteTemplate {
    public static let segmentCountMax = 16
    /// Of the template, in bytes.
    public static let byteCountMax = 200
    /// A longer segment is no word.
    static let wordByteCountMax = 64

    public static func template(path: String) -> String {
        var path = path
        return path.withUTF8 { bytes in
            text(byteCountMax: byteCountMax + 16) { write(path: bytes, to: &$0) }
        }
    }

    /// Whether a name (a query key, a path segment) looks like a value rather than a name somebody chose.
    public static func looksLikeData(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard !name.isEmpty else { return false }
        return SegmentSpelling.verdict(on: name, mayBeVersion: true) != .word
    }

    static func text(byteCountMax: Int, _ body: (inout TextWriter) -> Void) -> String {
        String(unsafeUninitializedCapacity: byteCountMax) { buffer in
            var writer = TextWriter(buffer)
            body(&writer)
            return writer.count
        }
    }

    /// `path` may hold a query, which is ignored. `isRest` where something stands before it.
    static func write(path: UnsafeBufferPointer<UInt8>, isRest: Bool = false, to writer: inout TextWriter) {
        withUnsafeTemporaryAllocation(byteCount: wordByteCountMax, alignment: 1) { scratch in
            var state = State(writer: writer, isAfterVersioned: !isRest)
            state.write(path, scratch.bindMemory(to: UInt8.self))
            writer = state.writer
        }
    }
}

/// One path on its way to a template.
private struct State {
    var writer: TextWriter
    let start: Int
    /// Whether a bare version number may follow: at the start, and after such words as in `/rest/api/3`.
    var isAfterVersioned: Bool

    init(writer: TextWriter, isAfterVersioned: Bool) {
        self.writer = writer
        self.isAfterVersioned = isAfterVersioned
        start = writer.count
    }

    mutating func write(_ path: UnsafeBufferPointer<UInt8>, _ scratch: UnsafeMutableBufferPointer<UInt8>) {
        var at = 0
        var depth = 0
        while at < path.count {
            if path[at] == UInt8(ascii: "/") {
                at += 1
                continue
            }
            if path[at] == UInt8(ascii: "?") || path[at] == UInt8(ascii: "#") { break }
            var end = at
            while end < path.count, path[end] != UInt8(ascii: "/"), path[end] != UInt8(ascii: "?"),
                path[end] != UInt8(ascii: "#")
            { end += 1 }
            if depth == RouteTemplate.segmentCountMax || writer.count - start > RouteTemplate.byteCountMax - 8 {
                writer.append("/{rest}")
                break
            }
            let isLast = end == path.count || path[end] != UInt8(ascii: "/")
            if segment(UnsafeBufferPointer(rebasing: path[at..<end]), isLast: isLast, scratch) { depth += 1 }
            // A segment that passes the limit goes whole, not half.
            if writer.count - start > RouteTemplate.byteCountMax {
                writer.removeLastSegment(after: start)
                writer.append("/{rest}")
                break
            }
            at = end
        }
        if writer.count == start { writer.append("/") }
    }

    /// Returns whether the segment counts.
    private mutating func segment(
        _ raw: UnsafeBufferPointer<UInt8>, isLast: Bool, _ scratch: UnsafeMutableBufferPointer<UInt8>
    ) -> Bool {
        guard let decoded = decode(raw, into: scratch) else {
            writer.append("/{id}")
            isAfterVersioned = false
            return true
        }
        if equals(decoded, ".") { return false }
        if equals(decoded, "..") {
            writer.removeLastSegment(after: start)
            return false
        }
        let mayBeVersion = isAfterVersioned && !(writer.count == start && isLast)
        writer.append("/")
        switch SegmentSpelling.verdict(on: decoded, mayBeVersion: mayBeVersion) {
        case .word: writer.append(decoded)
        case .id: writer.append("{id}")
        case .idThen(let offset):
            writer.append("{id}")
            writer.append(UnsafeBufferPointer(rebasing: decoded[offset...]))
        case .wordThenID(let offset):
            writer.append(UnsafeBufferPointer(rebasing: decoded[..<offset]))
            writer.append("({id})")
        }
        isAfterVersioned = equals(decoded, "api") || equals(decoded, "rest") || equals(decoded, "version")
        return true
    }

    /// One level of escapes decoded, matrix parameters cut off; nil for what is too long or broken to be a word.
    private func decode(
        _ raw: UnsafeBufferPointer<UInt8>, into scratch: UnsafeMutableBufferPointer<UInt8>
    ) -> UnsafeBufferPointer<UInt8>? {
        guard raw.count <= 3 * scratch.count else { return nil }
        var count = 0
        var at = 0
        while at < raw.count {
            var byte = raw[at]
            if byte == UInt8(ascii: ";") { break }
            if byte == UInt8(ascii: "%") {
                guard at + 2 < raw.count, let high = hexValue(raw[at + 1]), let low = hexValue(raw[at + 2]) else {
                    return nil
                }
                byte = high << 4 | low
                at += 2
            }
            guard count < scratch.count else { return nil }
            scratch[count] = byte
            count += 1
            at += 1
        }
        return count == 0 ? nil : UnsafeBufferPointer(rebasing: scratch[..<count])
    }
}
