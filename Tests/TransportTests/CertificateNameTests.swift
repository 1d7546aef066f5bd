import Testing

@testable import Transport

/// Whom certificates name. They were made for these tests by openssl: `req -x509 -subj /O=Fleet/CN=common-name -addext …`.
@Suite struct CertificateNameTests {
    /// DNS:Agent-1.hosts.example, DNS:other.example.
    private static let ofHosts =
        """
        308201d43082017aa00302010202145fbf310d14a82804eadffc1f0ea93efda4b33a85300a06082a8648ce3d0403023026310e30
        0c060355040a0c05466c6565743114301206035504030c0b636f6d6d6f6e2d6e616d65301e170d3236313132383035353134335a
        170d3336313132353035353134335a3026310e300c060355040a0c05466c6565743114301206035504030c0b636f6d6d6f6e2d6e
        616d653059301306072a8648ce3d020106082a8648ce3d03010703420004b5ab22afc2137b941248970a7b2735a51259953d2858
        7eed81d5dafe14169dea303d3ee17e9c16b4fb51828af89cc334f12fa9245ed7ac938eb7933dbeebb495a38185308182301d0603
        551d0e04160414b0f291e65ab5480f081b8b89135d5afad9bff952301f0603551d23041830168014b0f291e65ab5480f081b8b89
        135d5afad9bff952300f0603551d130101ff040530030101ff302f0603551d110428302682154167656e742d312e686f7374732e
        6578616d706c65820d6f746865722e6578616d706c65300a06082a8648ce3d0403020348003045022100a4ccd3b142a0fbe398be
        b405762934e1ab8221d24546166a3aba99312013ed690220772746838cafd9c9aa584b11649e1371462527ea68bdd69d216580c6
        06152abe
        """
    /// URI:spiffe://fleet/agent.
    private static let ofURI =
        """
        308201c130820168a00302010202143989f75731b654a44b41d04d5dcce2a24b8631d0300a06082a8648ce3d0403023026310e30
        0c060355040a0c05466c6565743114301206035504030c0b636f6d6d6f6e2d6e616d65301e170d3236313132383035353134335a
        170d3336313132353035353134335a3026310e300c060355040a0c05466c6565743114301206035504030c0b636f6d6d6f6e2d6e
        616d653059301306072a8648ce3d020106082a8648ce3d03010703420004f184e770f360aa9b3acc5402e3e4c6db11a7a37f9258
        030c4dfd843eb7f51a876ec35d401aa67375b58b89d18a09e6385e27aabdd141cb4fb4af03a6aab638b2a3743072301d0603551d
        0e04160414fe167cdea1a1ff90114f02a4f5c3200a769d84cb301f0603551d23041830168014fe167cdea1a1ff90114f02a4f5c3
        200a769d84cb300f0603551d130101ff040530030101ff301f0603551d110418301686147370696666653a2f2f666c6565742f61
        67656e74300a06082a8648ce3d040302034700304402201f46ebc73c33df00629c6c36212c4356f233061f25ad7d133f8b6cde4e
        70cbcf0220283766d62a30f184871619c3dd6073137faf9f5866205b9c0fff0fc37d704a6c
        """
    /// Without alternative names.
    private static let plain =
        """
        308201a130820147a003020102021404925574e771fadc26ba366e5d33118591025c69300a06082a8648ce3d0403023026310e30
        0c060355040a0c05466c6565743114301206035504030c0b636f6d6d6f6e2d6e616d65301e170d3236313132383035353134345a
        170d3336313132353035353134345a3026310e300c060355040a0c05466c6565743114301206035504030c0b636f6d6d6f6e2d6e
        616d653059301306072a8648ce3d020106082a8648ce3d030107034200049f53ab7a0812bab19654b151ac99feaa688fd5bfdc0a
        492868dacabc06f7925b59adffb379f17ec379722d7e4aa6ede55151b4327ec1e200c0f51267651fe38ea3533051301d0603551d
        0e041604146c631685ee07cac3f887f4097259c9abab7ada0e301f0603551d230418301680146c631685ee07cac3f887f4097259
        c9abab7ada0e300f0603551d130101ff040530030101ff300a06082a8648ce3d0403020348003045022100d7fa9e586a47639750
        f6106e81d5f518f6279010cc81173fa25caa9822dc106802206eb3c8f18929964be6aeb85a34763ba9c73fcc8d203d94dd3cfd17
        b13457d6d9
        """

    private func bytes(_ hexadecimal: String) throws -> [UInt8] {
        let digits = hexadecimal.filter { !$0.isNewline }.map { UInt8($0.hexDigitValue ?? 0) }
        try #require(digits.count > 500 && digits.count.isMultiple(of: 2))
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    @Test func `the first DNS name counts, then a URI, then the common name`() throws {
        #expect(CertificateName.name(der: try bytes(Self.ofHosts)) == "agent-1.hosts.example")
        #expect(CertificateName.name(der: try bytes(Self.ofURI)) == "spiffe://fleet/agent")
        #expect(CertificateName.name(der: try bytes(Self.plain)) == "common-name")
    }

    @Test func `a name that cannot be told is none, and is not passed over`() throws {
        var odd = try bytes(Self.ofHosts)
        let place = try #require(odd.firstRange(of: Array("Agent-1".utf8))).lowerBound
        for byte: UInt8 in [0, 0x0A, 0x20, 0x7F, 0xC3] {
            odd[place] = byte
            #expect(CertificateName.name(der: odd) == nil)
        }
    }

    @Test func `any bytes give a name or none`() throws {
        for text in [Self.ofHosts, Self.ofURI, Self.plain] {
            let whole = try bytes(text)
            for count in 0..<whole.count { _ = CertificateName.name(der: Array(whole[..<count])) }
            for place in whole.indices {
                for byte: UInt8 in [0, 0x30, 0x7F, 0x80, 0x84, 0xA3, 0xFF] {
                    var damaged = whole
                    damaged[place] = byte
                    _ = CertificateName.name(der: damaged)
                }
            }
        }
    }
}
