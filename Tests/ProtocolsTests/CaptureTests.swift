import CallModel
import Documents
import Glibc
import Packets
import Protocols
import Testing

/// Reads captures with known contents, where they lie beside the project, and compares every call.
struct CaptureTests {
    /// Truths that are wrong, each with what the capture shows instead.
    private static let wrongTruths: [String: String] = [
        "zeek--http__zero-length-bodies-with-drops":
            "holds seven calls; the analyser stopped at the first lost segment, after frame 17. Requests in frames 19, 22-24, "
            + "29-30 and 37-38 are whole and acknowledged, their answers are frames 20, 27, 32 and 40 (RFC 9112, section 9.3.2: "
            + "the client does not pipeline, so each answer is that of the request before it)"
    ]

    /// Sizes no truth can tell, each with the reason.
    private static let unknownSizes: [String: String] = [
        "zeek--communityid__tcp": "96 bytes a packet: neither a length nor the body's end was captured",
        "ws--communityid": "the same capture",
        "zeek--http__zero-length-bodies-with-drops": "its truth holds three of seven calls",
        "ws--http2-data-reassembly": "the analyser counts the reassembled body twice: 152,182 is 2 x 76,091",
        "ws--http2_follow_multistream": "the same: 7,128 for logo.png, whose content-length says 3,564",
    ]

    private static let directory: String = {
        let parts = #filePath.split(separator: "/").dropLast(4)
        return "/" + parts.joined(separator: "/") + "/shared/captures"
    }()

    private struct Capture {
        var name: String
        var file: String
        var keys: String?
        var truth: String
        var damagedPorts: [String]
    }

    private struct Line: Hashable, Comparable {
        var text: String

        static func < (left: Line, right: Line) -> Bool { left.text < right.text }
    }

    @Test func `every capture beside the project holds the calls it is known to hold`() throws {
        let captures = try Self.captures()
        guard !captures.isEmpty else {
            return print("skipped: no captures with known contents at \(Self.directory)")
        }
        for capture in captures {
            guard let truth = Self.read("\(Self.directory)/\(capture.truth)") else {
                print("skipped: \(capture.name): its truth is not there")
                continue
            }
            let seen = try Self.calls(of: capture).map { Line(text: Self.key($0)) }
            let (known, whole) = try Self.truth(truth, without: capture.damagedPorts)
            let missing = Self.subtract(whole, seen)
            let surplus = Self.subtract(seen, known)
            #expect(missing.isEmpty, "\(capture.name): missing \(missing)")
            if let reason = Self.wrongTruths[capture.name] {
                #expect(!surplus.isEmpty, "\(capture.name) is listed as wrong (\(reason)) and is not")
            } else if capture.damagedPorts.isEmpty {
                #expect(surplus.isEmpty, "\(capture.name): invented \(surplus)")
            }
        }
    }

    /// Of an encoded HTTP/1 body the analyser tells 0, and of one in HTTP/2 the decoded size; where the message announced a
    /// length, that is what travelled (RFC 9110, section 8.6), except after HEAD. Other encoded ones cannot be compared.
    @Test func `bodies in captures beside the project have the sizes they are known to have`() throws {
        for capture in try Self.captures() where capture.damagedPorts.isEmpty && Self.unknownSizes[capture.name] == nil
        {
            guard let truth = Self.read("\(Self.directory)/\(capture.truth)") else { continue }
            let seen = try Self.calls(of: capture).filter { $0.response != nil }
                .map { Line(text: "\(Self.key($0)) \($0.response?.bodyByteCount ?? -1)") }
            let missing = Self.subtract(try Self.sizes(truth), seen)
            #expect(missing.isEmpty, "\(capture.name): missing \(missing)")
        }
    }

    private static func sizes(_ text: [UInt8]) throws -> [Line] {
        try lines(text).compactMap { line in
            try JSONParser().parse(line) { root -> Line? in
                guard let method = root.member("method")?.string, let status = root.member("status")?.int64 else {
                    return nil
                }
                var size = root.member("resp_body")?.int64.map { "\($0)" }
                if root.member("content_encoding")?.string != nil {
                    size = method == "HEAD" ? "0" : root.member("content_length")?.string
                }
                return size.map { Line(text: "\(method) \(path(root.member("path")?.string ?? "")) \(status) \($0)") }
            }
        }
    }

    private static func captures() throws -> [Capture] {
        guard let manifest = read("\(directory)/MANIFEST.ndjson") else { return [] }
        return try lines(manifest).map { line in
            try JSONParser().parse(line) { root in
                let name = root.member("name")?.string ?? ""
                var ports: [String] = []
                root.member("variant")?.member("damaged")?.forEachElement { ports.append("\($0.int64 ?? 0)") }
                return Capture(
                    name: name, file: root.member("file")?.string ?? "", keys: root.member("keys")?.string,
                    truth: "truth/\(root.member("base")?.string ?? name).ndjson", damagedPorts: ports)
            }
        }
    }

    private static func calls(of capture: Capture) throws -> [APICall] {
        var packets = PacketReassembler(consumer: TLSReader(consumer: CallReader(sink: Collector())))
        if let keys = capture.keys, let text = read("\(directory)/\(keys)") { packets.consumer.keyLog(text.span) }
        var reader = CaptureFileReader()
        if let bytes = read("\(directory)/\(capture.file)") { try reader.read(bytes.span, into: &packets) }
        packets.finish()
        packets.consumer.consumer.finish()
        #expect(packets.consumer.consumer.heldByteCount == 0, "\(capture.name)")
        return packets.consumer.consumer.sink.calls
    }

    private static func key(_ call: APICall) -> String {
        "\(call.request.method) \(path(call.request.url)) \(call.response.map { "\($0.status)" } ?? "-")"
    }

    private static func path(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        return url[scheme.upperBound...].firstIndex(of: "/").map { String(url[$0...]) } ?? "/"
    }

    private static func truth(_ text: [UInt8], without ports: [String]) throws -> (all: [Line], whole: [Line]) {
        var all: [Line] = []
        var whole: [Line] = []
        for line in lines(text) {
            let (key, port): (String?, String) = try JSONParser().parse(line) { root in
                let port = root.member("client")?.string?.split(separator: ":").last.map(String.init) ?? ""
                guard let method = root.member("method")?.string else { return (nil, port) }
                let status = root.member("status")?.int64.map { "\($0)" } ?? "-"
                return ("\(method) \(path(root.member("path")?.string ?? "")) \(status)", port)
            }
            guard let key else { continue }
            all.append(Line(text: key))
            if !ports.contains(port) { whole.append(Line(text: key)) }
        }
        return (all, whole)
    }

    private static func subtract(_ left: [Line], _ right: [Line]) -> [String] {
        var counts: [Line: Int] = [:]
        for line in right { counts[line, default: 0] += 1 }
        return left.filter { line in
            counts[line, default: 0] -= 1
            return counts[line, default: 0] < 0
        }.map(\.text)
    }

    private static func lines(_ text: [UInt8]) -> [[UInt8]] {
        text.split(separator: UInt8(ascii: "\n")).map(Array.init)
    }

    private static func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            if count == 0 { return bytes }
            bytes.append(contentsOf: piece[..<count])
        }
    }
}
