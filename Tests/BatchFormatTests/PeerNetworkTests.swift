import BatchFormat
import CallModel
import Testing

struct PeerNetworkTests {
    @Test(arguments: [
        ("203.0.113.7", "203.0.113.0/24"), ("0.0.0.0", "0.0.0.0/24"), ("::ffff:192.0.2.9", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"), ("2001:db8::1", "2001:db8::/48"), ("::1", "::/48"),
        ("2001:DB8:A::", "2001:db8:a::/48"), ("fe80::1%eth0", "fe80::/48"), ("1:2:3:4:5:6:7::", "1:2:3::/48"),
    ]) func `an address lies in the network it is routed by`(address: String, network: String) {
        #expect(peerNetwork(of: address) == network)
    }

    @Test(arguments: [
        "", "api.example.com", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "+1.2.3.4", ":", ":::", "1::2::3",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "g::", "::1.2.3.4", "1.2.3.4:80",
    ]) func `what is no address has no network`(address: String) {
        #expect(peerNetwork(of: address) == nil)
    }

    @Test func `a batch tells the network of each call, and one without addresses has no such column`() throws {
        var builder = BatchBuilder(catalogueVersion: "1")
        var call = APICall(
            time: Instant(secondsSinceEpoch: 1_795_000_000), request: .init(method: "GET", url: "/"), source: .packets)
        for address in ["203.0.113.7", "203.0.113.9", nil, "2001:db8:1::5"] {
            call.peerAddress = address
            builder.append(call)
        }
        let columns = try BatchReader(builder.sealed()).metadata()
        let networks = (0..<4).map { columns.text(.peerNetwork, at: $0) }
        #expect(networks == ["203.0.113.0/24", "203.0.113.0/24", nil, "2001:db8:1::/48"])
        call.peerAddress = nil
        builder.append(call)
        #expect(try BatchReader(builder.sealed()).metadata().indices(of: .peerNetwork).isEmpty)
    }
}
