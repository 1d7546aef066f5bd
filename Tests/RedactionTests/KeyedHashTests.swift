import CallModel
import Redaction
import Testing

@Suite struct KeyedHashTests {
    /// The first vectors of the paper's reference: key 00 01 … 0f over the bytes 00, 00 01, ….
    @Test(
        arguments: [
            (0, 0x726f_db47_dd0e_0e31), (1, 0x74f8_39c5_93dc_67fd), (8, 0x93f5_f579_9a93_2462),
            (15, 0xa129_ca61_49be_45e5),
        ] as [(Int, UInt64)])
    func `hashes are SipHash-2-4`(count: Int, expected: UInt64) throws {
        let hash = try #require(KeyedHash(key: Array(0..<16)))
        let input = Array(0..<UInt8(count))
        #expect(input.withUnsafeBufferPointer { hash.hash($0) } == expected)
    }

    @Test func `a key is sixteen bytes`() {
        for count in [0, 1, 15, 17, 32] { #expect(KeyedHash(key: Array(repeating: 1, count: count)) == nil) }
    }

    @Test func `with a key equal values can be told to be equal, and another key gives others`() throws {
        func redacted(_ mail: String, key: UInt8?) throws -> String {
            var policy = RedactionPolicy()
            policy.partners["p"] = .init(mode: .redacted, approvedBy: "jane", until: Instant(secondsSinceEpoch: 100))
            policy.hash = try key.map { try #require(KeyedHash(key: Array(repeating: $0, count: 16))) }
            var redactor = Redactor(policy: policy)
            var call = APICall(
                time: .epoch,
                request: .init(method: "GET", url: "https://a.example/?q=1", body: Body(#"{"note":"\#(mail)"}"#)),
                source: .json)
            call.partner = "p"
            redactor.redact(&call, now: .epoch)
            return String(decoding: call.request.body?.bytes ?? [], as: UTF8.self) + call.request.url
        }
        let first = try redacted("ann@acme.example", key: 1)
        #expect(try first == redacted("ann@acme.example", key: 1))
        #expect(try first != redacted("bob@acme.example", key: 1))
        #expect(try first != redacted("ann@acme.example", key: 2))
        #expect(first.contains("{email:") && first.contains("q={value:"))
        #expect(try redacted("ann@acme.example", key: nil) == #"{"note":"{email}"}https://a.example/?q={value}"#)
    }
}
