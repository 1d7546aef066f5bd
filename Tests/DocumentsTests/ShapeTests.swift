import Documents
import Testing

private func shape(_ json: String, limits: ShapeLimits = ShapeLimits()) throws -> String {
    try text(JSONParser().parse(Array(json.utf8)) { Shape.ofJSON($0, limits: limits) })
}

private func bodyShape(_ body: String, _ contentType: String?) -> String? {
    Shape.of(bytes: Array(body.utf8), contentType: contentType).map(text)
}

@Suite struct ShapeTests {
    @Test func `a document keeps its structure and loses its values`() throws {
        let json =
            #"{"email":"a@b.example","n":[1,250,-3],"price":285.04,"ok":true,"x":null,"name":"","in":{"zip":"01234"}}"#
        #expect(
            try shape(json)
                == #"{"email":"string/11/email","n":["integer/1","integer/3","integer/-1"],"price":"number/3.2","#
                + #""ok":"bool","x":"null","name":"string/0","in":{"zip":"string/5/digits"}}"#)
        #expect(try shape("\"abc\"") == #""string/3/word""#)
        #expect(try shape("[]") == "[]")
        #expect(try shape("{}") == "{}")
    }

    @Test(arguments: [
        ("0", "integer/0"), ("-0", "integer/0"), ("999", "integer/3"), ("1000", "integer/4"), ("-12", "integer/-2"),
        ("18446744073709551615", "integer/20"), ("123456789012345678901234", "integer/24"), ("0.5", "number/0.1"),
        ("10.0", "number/2.0"), ("-3.125", "number/-1.3"), ("1e400", "number/401.0"), ("1e-7", "number/0.7"),
        ("0.00001234", "number/0.8"), ("1.5e300", "number/301.0"),
    ])
    func `numbers tell their digits before and behind the point`(json: String, expected: String) throws {
        #expect(try shape(json) == "\"\(expected)\"")
    }

    @Test(arguments: [
        ("5f2b1c1e-8a4d-4a53-9d3c-0f6f3f1f2e3d", "uuid"), ("2026-11-23", "date"), ("2026-02-30", "word"),
        ("2026-11-23T19:34:00Z", "date-time"), ("2026-11-23 19:34:00.123+01:00", "date-time"),
        ("2026-11-23T19:34", "date-time"),
        ("2026-11-23T25:34:00Z", "word"), ("19:34", "time"), ("19:34:59.5", "time"), ("24:00", "word"),
        ("a.b+c@example.com", "email"), ("a@b", "text"), ("a b@example.com", "text"), ("@example.com", "text"),
        ("192.0.2.1", "ipv4"), ("192.0.2.256", "word"), ("2001:db8::1", "ipv6"), ("2001:db8:1:2:3:4:5:6", "ipv6"),
        ("1::2::3", "word"),
        ("https://example.com/a?b=c", "uri"), ("ftp://x.example/", "uri"), ("http://", "word"), ("mailto:x", "word"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "jwt"), ("12345", "digits"), ("12.50", "decimal"),
        ("-3", "decimal"),
        ("1.2.3", "word"), ("12.", "word"), ("+49 170 1234567", "phone"), ("+1", "decimal"), ("DE", "alpha2"),
        ("EUR", "alpha3"), ("eur", "word"),
        ("EURO", "word"), ("0123456789abcdef", "hex"), ("deadbeef", "word"),
        ("d41d8cd98f00b204e9800998ecf8427e", "hex"),
        ("SGVsbG8sIFdvcmxkISBIZWxsbw==", "base64"), ("hello world", "text"), ("hello_world-1.0", "word"),
        ("a,b", "text"),
        ("naïve", "unicode"), ("東京", "unicode"), (" x", "padded"), ("x\n", "padded"), ("   ", "blank"),
        ("a\u{0}b", "control"),
    ])
    func `strings tell their format`(value: String, format: String) throws {
        var json: [UInt8] = []
        JSONText.appendString(value, to: &json)
        let length = value.unicodeScalars.count
        #expect(try shape(text(json)) == "\"string/\(length)/\(format)\"")
    }

    @Test(arguments: [
        "cus_NffrFeUfNV2Hib", "5f2b1c1e-8a4d-4a53-9d3c-0f6f3f1f2e3d", "a@b.example", "12345", "2026-11-23",
        "ch_1234567", "Anna Schmidt",
        "+491701234567", "größe", "d41d8cd98f00b204e9800998ecf8427e", "4f3c2a9b", "DE89370400440532013000", "", "a,b",
        "{key}",
        "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg", "user:1234567", "4111-1111-1111-1111",
        "x y", "{more}",
        "QmFzZTY0VG9rZW4xMjM0", "555-0100",
    ])
    func `keys that are data become one placeholder`(key: String) throws {
        var json = Array("{".utf8)
        JSONText.appendString(key, to: &json)
        json += Array(":1}".utf8)
        #expect(try shape(text(json)) == #"{"{key}":"integer/1"}"#)
    }

    @Test(arguments: [
        "email", "first_name", "firstName", "address_line1", "line2", "sha256", "x509", "oauth2ClientSecret",
        "s3BucketName", "@type", "$ref",
        "x-b3-traceid", "ns:item", "items[0][price]", "a.b.c", "UPPER_CASE", "ID", "isOK", "v1beta1", "utf8",
        "payment_method_options",
        "HTTPStatusCode", "urlPath", "e164_number", "ipv4Address", "three_d_secure_2", "statement_descriptor_suffix",
        "x",
    ])
    func `keys that name fields stay`(key: String) throws {
        #expect(try shape("{\"\(key)\":1}") == "{\"\(key)\":\"integer/1\"}")
    }

    @Test func `values under keys that are data are merged`() throws {
        let json =
            #"{"id":1,"1001":{"sku":"A1","n":5,"tag":"x"},"1002":{"sku":"ABC-77","n":-250,"extra":[1,2.5]},"1003":{"sku":7,"extra":["a"]}}"#
        #expect(
            try shape(json)
                == #"{"id":"integer/1","{key}":{"sku":"mixed","n":"integer/-3..1","tag":"string/1/word","extra":["mixed","number/1.1"]}}"#
        )
        #expect(try shape(#"{"1":"ab","2":"abcd"}"#) == #"{"{key}":"string/2..4/word"}"#)
        #expect(try shape(#"{"1":"ab","2":"2026-11-23"}"#) == #"{"{key}":"string/2..10"}"#)
        #expect(try shape(#"{"1":1,"2":2.25,"3":-10.5}"#) == #"{"{key}":"number/-2..1.2"}"#)
        #expect(try shape(#"{"1":{"2":true},"3":{"4":false}}"#) == #"{"{key}":{"{key}":"bool"}}"#)
        #expect(try shape(#"{"1":[],"2":{}}"#) == #"{"{key}":"mixed"}"#)
    }

    @Test func `what is left out is counted`() throws {
        var limits = ShapeLimits()
        limits.elementCountMax = 2
        limits.memberCountMax = 2
        limits.depthMax = 2
        #expect(try shape("[1,2,3,4]", limits: limits) == #"["integer/1","integer/1","more/2"]"#)
        #expect(
            try shape(#"{"a":1,"b":2,"c":3}"#, limits: limits)
                == #"{"a":"integer/1","b":"integer/1","{more}":"more/1"}"#)
        #expect(
            try shape(#"{"a":{"b":{"c":1},"d":[1,2]}}"#, limits: limits) == #"{"a":{"b":"object/1","d":"array/2"}}"#)
        limits = ShapeLimits()
        limits.valueCountMax = 3
        #expect(try shape("[[1,2,3],4]", limits: limits) == #"[["integer/1","more/2"],"more/1"]"#)
    }

    @Test func `a huge document has a bounded shape`() throws {
        let element = #"{"a":"x","b":[1,2,3],"c":{"d":null}}"#
        let huge = "[" + (0..<5_000).map { _ in element }.joined(separator: ",") + "]"
        #expect(try shape(huge).utf8.count < 8_000)
        let wide =
            "{"
            + (0..<20_000).map { "\"" + String(repeating: "k", count: 40) + "a\($0 % 10)b\":{\"x\($0 % 7)\":[]}" }
            .joined(separator: ",") + "}"
        #expect(try shape(wide).utf8.count < 40_000)
        let keyed = "{" + (0..<20_000).map { "\"\($0)\":\(element)" }.joined(separator: ",") + "}"
        #expect(try shape(keyed).utf8.count < 200)
        let xml = "<r>" + (0..<20_000).map { "<e\($0 % 300)><f>1</f></e\($0 % 300)>" }.joined() + "</r>"
        #expect(bodyShape(xml, "text/xml")!.utf8.count < 200_000)
        let form = (0..<20_000).map { "field_\(["a", "b", "c"][$0 % 3])=\($0)" }.joined(separator: "&")
        #expect(bodyShape(form, "application/x-www-form-urlencoded")!.utf8.count < 8_000)
    }

    @Test func `other bodies give one leaf`() {
        #expect(bodyShape("hello there", "text/plain") == #""text/11""#)
        #expect(bodyShape("<html>", "text/html") == #""text/6""#)
        #expect(Shape.of(bytes: [0, 1, 255], contentType: nil).map(text) == #""binary/3""#)
        #expect(bodyShape("{\"a\":", "application/json; charset=utf-8") == #""malformed/json/5""#)
        #expect(bodyShape("<a>", "application/soap+xml") == #""malformed/xml/3""#)
        #expect(bodyShape("[1]", nil) == #"["integer/1"]"#)
        #expect(bodyShape("{\"a\":1}", "text/plain") == #"{"a":"integer/1"}"#)
        #expect(bodyShape(" <a>1</a>", nil) == #"{"/a":"string/1/digits"}"#)
        #expect(bodyShape("{}", "Application/Problem+JSON;x=y") == "{}")
        #expect(bodyShape("", "application/json") == nil)
    }

    @Test func `a form keeps its fields, indices and repetitions`() {
        let form =
            "amount=2000&currency=eur&items[0][price]=price_1&items[1][price]=&metadata[a%40b.example]=secret&tag=a&tag=b+c&&flag"
        #expect(
            bodyShape(form, "application/x-www-form-urlencoded")
                == #"{"amount":"string/4/digits","currency":"string/3/word","items[0][price]":"string/7/word","items[1][price]":"string/0","#
                + #""metadata[{key}]":"string/6/word","tag":["string/1/word","string/3/text"],"flag":"string/0"}"#)
        #expect(
            bodyShape("%zz=%4&a=%", "application/x-www-form-urlencoded")
                == #"{"{key}":"string/2/text","a":"string/1/text"}"#)
    }

    @Test func `XML becomes paths of local names, arrays where elements repeat`() {
        let xml = """
            <?xml version="1.0"?><!DOCTYPE order SYSTEM "http://example.com/order.dtd">
            <o:order xmlns:o="urn:x" o:id="77"><item><sku>AB-1</sku></item><item><sku/></item><note>see &amp; <b>x</b></note></o:order>
            """
        #expect(
            bodyShape(xml, "application/xml")
                == #"{"/order":{"@id":"string/2/digits","item":[{"sku":"string/4/word"},{"sku":"string/0"}],"note":{"b":"string/1/word","#
                + ##""#text":"string/6/padded"}}}"##)
    }
}
