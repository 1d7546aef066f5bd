import CallModel
import Receivers
import Testing

/// Protobuf's wire format, well formed and not.
struct WireTests {
    private let span = SpanSketch(["http.request.method": "GET", "url.full": "https://api.example.com/x"])

    @Test func `an empty request holds nothing`() throws {
        #expect(try decode([]).spanCount == 0)
        #expect(try decode([0x0a, 0x00]).spanCount == 0)
    }

    @Test func `unknown fields of every wire type are passed over, groups too`() throws {
        let strange =
            Message().adding(1_000, varint: .max).adding(1_001, fixed64: 7).adding(1_002, text: "x").bytes
            + [0xa5, 0x01, 1, 2, 3, 4]  // Field 20, fixed32.
            + [0xab, 0x01, 0x08, 0x05, 0x13, 0x14, 0xac, 0x01]  // Group 21 with a number and the group 2 in it.
        let one = Message(bytes: strange + span.message.bytes + strange)
        let bytes =
            Message().adding(1, Message(bytes: strange).adding(2, Message(bytes: strange).adding(2, one))).bytes
            + strange
        #expect(try decode(bytes).calls.count == 1)
    }

    @Test func `known fields of another wire type are passed over`() throws {
        var bytes = Message().adding(1, varint: 3).adding(2, varint: 4).adding(6, text: "client").adding(7, text: "now")
        bytes = bytes.adding(9, varint: 1).adding(15, fixed64: 2)
        let spanBytes = bytes.bytes + span.message.bytes
        let export = Message().adding(1, Message().adding(2, Message().adding(2, bytes: spanBytes)))
        #expect(try decode(export.bytes).calls.count == 1)
    }

    @Test func `a resource behind its spans counts for them all the same`() throws {
        let resource = Message().adding(1, keyValue("service.name", "late"))
        let bytes = Message().adding(1, Message().adding(2, Message().adding(2, span.message)).adding(1, resource))
            .bytes
        #expect(try decode(bytes).calls.first?.service == "late")
    }

    @Test func `ids of a wrong length are none, and then there is no supplied id`() throws {
        let bytes = span.message.adding(1, bytes: [1, 2]).adding(2, bytes: [])
        let decoded = try decode(Message().adding(1, Message().adding(2, Message().adding(2, bytes))).bytes)
        let call = try #require(decoded.calls.first)
        #expect(call.traceID == nil && call.spanID == nil && call.id == nil)
    }

    @Test(
        arguments: [
            [0x0a], [0x0a, 0x05, 0x00], [0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            [0x80], [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],  // An overlong tag.
            [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],  // 65 bits.
            [0x00, 0x00], [0x02, 0x00],  // Field number 0.
            [0x0e, 0x00], [0x0f, 0x00],  // Wire types 6 and 7.
            [0x0c],  // A group ends that never began.
            [0x0b], [0x0b, 0x14], [0x0b, 0x08],  // A group without its end, with another's end, cut.
            [0x09, 1, 2, 3], [0x0d, 1, 2, 3],  // Short fixed-width numbers.
            Array(repeating: 0x0b, count: 100) + Array(repeating: 0x0c, count: 100),  // Groups nested too deep.
        ] as [[UInt8]])
    func `what is against the wire format is refused whole`(bytes: [UInt8]) throws {
        #expect(throws: ReceiverError.self) { try decode(bytes) }
    }

    @Test func `a span that is malformed inside refuses the whole request`() throws {
        let bad = Message().adding(
            1, Message().adding(2, Message().adding(2, span.message).adding(2, bytes: [0x4a, 0x7f])))
        #expect(throws: ReceiverError.self) { try decode(bad.bytes) }
    }

    @Test func `a JSON document that is no export is refused and unknown members are not`() throws {
        for text in [
            "[]", "1", #"{"resourceSpans":{}}"#, #"{"resourceSpans":[1]}"#,
            #"{"resourceSpans":[{"scopeSpans":[{"spans":"x"}]}]}"#,
        ] {
            #expect(throws: ReceiverError.self, "\(text)") { try decodeJSON(text) }
        }
        for text in [
            "{}", #"{"resourceSpans":null}"#, #"{"resourceSpans":[]}"#,
            #"{"other":[1],"resourceSpans":[{"resource":null,"scopeSpans":null}]}"#,
        ] {
            #expect(try decodeJSON(text).spanCount == 0, "\(text)")
        }
    }

    @Test func `JSON numbers may be text, enum values may be names, ids are hex of either case`() throws {
        func text(kind: String, start: String, status: String) -> String {
            #"""
            {"resourceSpans":[{"scopeSpans":[{"spans":[{
            "traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174",
            "kind":\#(kind),"startTimeUnixNano":\#(start),"endTimeUnixNano":"1795494000250000000","attributes":[
            {"key":"http.request.method","value":{"stringValue":"GET"}},
            {"key":"url.full","value":{"stringValue":"https://a.example/"}},
            {"key":"http.response.status_code","value":\#(status)},
            {"key":"http.request.header.a","value":{"arrayValue":{"values":[{"stringValue":"1"}]}}},
            {"key":"no value"},{"value":{"stringValue":"no key"}},7]}]}]}]}
            """#.replacing(",7]", with: "]")
        }
        for kind in ["3", #""3""#, #""SPAN_KIND_CLIENT""#] {
            for start in ["1795494000000000000", #""1795494000000000000""#] {
                for status in [
                    #"{"intValue":"200"}"#, #"{"intValue":200}"#, #"{"doubleValue":200}"#, #"{"stringValue":"200"}"#,
                ] {
                    let call = try #require(decodeJSON(text(kind: kind, start: start, status: status)).calls.first)
                    #expect(call.id == "5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174")
                    #expect(call.duration == .milliseconds(250))
                    #expect(call.response?.status == 200)
                    #expect(call.request.headers == [Header("a", "1")])
                }
            }
        }
    }
}
