import CallModel
import Receivers
import SimulationKit
import Testing

/// Bytes from anybody: read or refused, never trapped on, and never in disagreement with themselves.
struct HostileTests {
    /// What must hold of whatever was read.
    private func check(_ decoded: DecodedSpans, _ comment: Comment) {
        #expect(decoded.calls.count + decoded.letGoCount + decoded.rejectedCount == decoded.spanCount, comment)
        #expect(decoded.calls.count == decoded.spanIndices.count, comment)
        for call in decoded.calls {
            #expect(call.weight >= 1 && !call.request.method.isEmpty, comment)
            #expect(call.request.url.utf8.count <= Limits.urlByteCountMax, comment)
            #expect(call.response == nil || call.error == nil, comment)
            #expect((call.duration ?? .zero) >= .zero, comment)
        }
    }

    @Test func `an export cut at any byte is refused or read in part`() throws {
        let bytes = try unpacked(Exports.both)
        for end in 0..<bytes.count {
            guard let decoded = try? decode(Array(bytes[..<end])) else { continue }
            check(decoded, "cut at \(end)")
            // Only a cut between two groups of spans leaves a whole message; this export has one.
            #expect(decoded.spanCount == 0, "cut at \(end)")
        }
    }

    @Test func `a JSON export cut at any byte is refused`() throws {
        let bytes = try unpacked(Exports.bothJSON)
        for end in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: (any Error).self, "cut at \(end)") { try decodeJSON(Array(bytes[..<end])) }
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `flipped, repeated and missing bytes never trap`(block: UInt64) throws {
        let exports = try Generation.allCases.map { try unpacked($0.packed) }
        for seed in (block * 300)..<(block * 300 + 300) { try readMutated(exports, seed: seed) }
    }

    private func readMutated(_ exports: [[UInt8]], seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var bytes = exports.randomElement(using: &random)!
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
            default: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            }
        }
        if let decoded = try? decode(bytes) { check(decoded, "seed \(seed)") }
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `attribute values full of nonsense make sound calls or none`(block: UInt64) throws {
        for seed in (block * 30)..<(block * 30 + 30) { try readNonsense(seed: seed) }
    }

    private func readNonsense(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let keys = [
            "http.request.method", "url.full", "http.url", "server.address", "server.port", "url.path", "url.query",
            "http.target",
            "http.route", "http.response.status_code", "error.type", "network.peer.address", "network.protocol.version",
            "http.request.header.x_y", "http.request.body.size", "tenant.id", "url.scheme", "http.host",
        ]
        let words = [
            "", "GET", "https://", "https://a/", "a:b:c", "[", "]:1", ":", "/", "?", "#", "@", "\u{0}", "é", "th:", "1",
            "-1", "{", "<:>",
        ]
        let spans = (0..<20).map { _ in
            var span = SpanSketch(["http.method": "GET"])
            span.kind = UInt64.random(in: 2...3, using: &random)
            span.traceState = words.randomElement(using: &random)
            span.statusMessage = words.shuffled(using: &random).joined()
            span.statusCode = 2
            for key in keys where Bool.random(using: &random) {
                let text = (0..<Int.random(in: 0...4, using: &random)).map { _ in words.randomElement(using: &random)! }
                    .joined()
                let values: [Value] = [
                    .text(text), .integer(Int64.random(in: .min ... .max, using: &random)), .double(.nan),
                    .texts([text, text]),
                ]
                span.attributes.append((key, values.randomElement(using: &random)!))
            }
            return span
        }
        let decoded = try decode(export(spans))
        #expect(decoded.spanCount == 20)
        check(decoded, "seed \(seed)")
    }

    @Test func `random bytes are refused or mean nothing`() {
        for seed in 0..<1_000 { readRandom(seed: UInt64(seed)) }
    }

    private func readRandom(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        if let decoded = try? decode(bytes) { check(decoded, "seed \(seed)") }
        if let decoded = try? decodeJSON(bytes) { check(decoded, "seed \(seed)") }
    }
}
