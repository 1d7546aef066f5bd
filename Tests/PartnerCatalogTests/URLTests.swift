import PartnerCatalog
import SimulationKit
import Testing

@Suite struct URLTests {
    @Test func `a whole URL comes apart`() {
        let parts = URLParts("HTTPS://ann:p@ss@API.Stripe.com.:8443/v1/charges/ch_1?expand=x&y=#top")
        #expect(parts.scheme == "https")
        #expect(parts.userinfo == "ann:p@ss")
        #expect(parts.host == "api.stripe.com")
        #expect(parts.port == 8443)
        #expect(parts.path == "/v1/charges/ch_1")
        #expect(parts.query == "expand=x&y=")
        #expect(parts.fragment == "top")
    }

    @Test(
        arguments: [
            ("api.stripe.com:443", "api.stripe.com", 443, ""), ("api.stripe.com/v1", "api.stripe.com", nil, "/v1"),
            ("localhost:8080/x", "localhost", 8080, "/x"), ("//h.example/x", "h.example", nil, "/x"),
            ("/v1/charges", "", nil, "/v1/charges"), ("*", "", nil, "*"), ("", "", nil, ""),
            ("v1/charges", "", nil, "v1/charges"), ("https://[2001:DB8::1]:99/x", "2001:db8::1", 99, "/x"),
            ("https://[fe80::1%25eth0]/x", "fe80::1", nil, "/x"), ("https://::1/x", "::1", nil, "/x"),
            ("https://api.stripe.com\\@evil.example/x", "api.stripe.com", nil, "\\@evil.example/x"),
            ("https://api.stripe.com@evil.example/x", "evil.example", nil, "/x"),
            ("  https://h.example/x \n", "h.example", nil, "/x"), ("https://h.example:99999/", "h.example", nil, "/"),
            ("https://h.example:/", "h.example", nil, "/"), ("https:///x", "", nil, "/x"),
            ("https://h%2Eexample/", "h.example", nil, "/"), ("https://a..b/", "", nil, "/"),
            ("https://h example/x", "", nil, "/x"), ("data:text/plain,hi", "", nil, "text/plain,hi"),
            ("ann:secret@h.example/x", "h.example", nil, "/x"), ("https://?q", "", nil, ""),
        ] as [(String, String, Int?, String)])
    func `odd URLs have one reading`(url: String, host: String, port: Int?, path: String) {
        let parts = URLParts(url)
        #expect(parts.host == host)
        #expect(parts.port == port)
        #expect(parts.path == path)
    }

    @Test(arguments: [
        ("https://münchen.example/", "xn--mnchen-3ya.example"), ("https://BÜCHER.example/", "xn--bcher-kva.example"),
        ("https://例え.テスト/", "xn--r8jz45g.xn--zckzah"), ("https://почта.рф/", "xn--80a1acny.xn--p1ai"),
        ("https://h%C3%A9.example", "xn--h-bga.example"), ("https://api。stripe。com/", "api.stripe.com"),
    ])
    func `names in any alphabet have one spelling`(url: String, host: String) {
        #expect(URLParts(url).host == host)
    }

    @Test(arguments: [
        "localhost", "db", "billing.svc", "x.svc.cluster.local", "printer.local", "vault.internal", "a.lan", "a.corp",
        "10.1.2.3", "127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "192.168.0.1", "172.16.0.1", "172.31.255.255",
        "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1",
        "::ffff:10.0.0.1", "::ffff:7f00:1", "ff02::1", "1:2:3", "999.1.1.1.1", "host.docker.internal",
        "router.home.arpa",
    ])
    func `hosts of our own networks are internal`(host: String) {
        #expect(HostName.kind(of: host) == .internal)
    }

    @Test(arguments: [
        ("8.8.8.8", HostName.Kind.publicAddress), ("172.32.0.1", .publicAddress), ("2606:4700::1111", .publicAddress),
        ("::ffff:8.8.8.8", .publicAddress), ("0x08.8.8.8", .publicAddress), ("api.stripe.com", .name),
        ("local.example.com", .name), ("corp.io", .name), ("api.shipfast.example", .name),
    ])
    func `others are not`(host: String, kind: HostName.Kind) {
        #expect(HostName.kind(of: host) == kind)
    }

    @Test func `any bytes have a reading, and it lies within them`() {
        let seed: UInt64 = 11
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "https", "://", "//", ":", "@", "/", "\\", "?", "#", "[", "]", "%", "%2", "%2e", ".", "..", "a", "1", "0x",
            "é", " ",
            "api.stripe.com", "\0", "::", "999999", ";", "*",
        ]
        for round in 0..<20_000 {
            var url = ""
            for _ in 0..<Int.random(in: 0...8, using: &random) { url += pieces.randomElement(using: &random) ?? "" }
            var bytes = Array(url.utf8)
            if round % 3 == 0, !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            bytes.withUnsafeBufferPointer { buffer in
                let ranges = URLRanges(buffer)
                let all = [ranges.scheme, ranges.userinfo, ranges.host, ranges.path, ranges.query, ranges.fragment]
                for range in all.compactMap({ $0 }) {
                    #expect(range.upperBound <= buffer.count, "seed \(seed), round \(round)")
                }
                #expect(ranges.host.upperBound <= ranges.path.lowerBound, "seed \(seed), round \(round)")
            }
            let parts = URLParts(String(decoding: bytes, as: UTF8.self))
            // The one spelling of a host is its own spelling.
            if !parts.host.isEmpty, !parts.host.contains(":") {
                #expect(URLParts("//" + parts.host).host == parts.host, "seed \(seed), round \(round): \(url)")
            }
            _ = HostName.kind(of: parts.host)
        }
    }

    @Test func `a URL cut at every byte is read`() {
        let url = Array("https://ann:pw@[2001:db8::1]:8443/v1/é/%C3%A9;x=1?q=%41#f".utf8)
        for end in 0...url.count {
            let parts = URLParts(String(decoding: url[..<end], as: UTF8.self))
            #expect(parts.path.utf8.count <= url.count)
            if end > 32 { #expect(parts.host == "2001:db8::1") }
        }
    }
}
