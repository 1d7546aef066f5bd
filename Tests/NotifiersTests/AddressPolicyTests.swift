import NIOCore
import Testing
import Transport

extension SocketAddress {
    fileprivate var addressBytes: [UInt8] {
        switch self {
        case .v4(let address): withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address): withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
        case .unixDomainSocket: []
        }
    }
}

struct AddressPolicyTests {
    private func isRefused(_ text: String) throws -> Bool {
        AddressPolicy().refusal(of: try SocketAddress(ipAddress: text, port: 443).addressBytes) != nil
    }

    @Test(arguments: [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.9.9.9", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.168.1.1", "198.18.0.1", "198.19.1.1", "224.0.0.1", "255.255.255.255", "::",
        "::1",
        "fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:0a00:0001::1",
        "2002:7f00:1::",
        "2001:0:1::1", "100::1",
    ])
    func `what only this machine or its network can reach is refused`(_ address: String) throws {
        #expect(try isRefused(address))
        let bytes = try SocketAddress(ipAddress: address, port: 1).addressBytes
        #expect(AddressPolicy(allowsPrivate: true).refusal(of: bytes) == nil)
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "169.253.1.1", "192.169.0.1",
        "198.20.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:0808:0808::1", "2001:4860::8888",
    ])
    func `what everybody can reach is not`(_ address: String) throws {
        #expect(try !isRefused(address))
    }

    @Test func `what is no Internet address is refused`() {
        #expect(AddressPolicy().refusal(of: []) != nil)
        #expect(AddressPolicy().refusal(of: [1, 2, 3]) != nil)
    }

    @Test func `URLs are read with their path, and described without it`() throws {
        let address = try #require(WebAddress("https://hooks.example:8443/services/T0/B0?q=1#top"))
        #expect(address.target == "/services/T0/B0?q=1")
        #expect(address.endpoint == Endpoint(isTLS: true, host: "hooks.example", port: 8443))
        #expect("\(address)" == "https://hooks.example:8443")
        #expect(WebAddress("http://host")?.target == "/")
        #expect(WebAddress("http://host?x=1")?.target == "/?x=1")
        #expect(WebAddress("http://[::1]:80/a")?.endpoint.host == "::1")
        #expect(WebAddress("http://host/a/")?.appending("/b").target == "/a/b")
    }

    @Test(arguments: [
        "", "hooks.example", "ftp://host/", "https://", "https:///path", "https://user:pw@host/", "http://ho st/",
        "http://host/\u{7F}", "http://host:99999/", "http://host/ü",
    ])
    func `what is no such URL is none`(_ text: String) {
        #expect(WebAddress(text) == nil)
    }
}
