import CallModel
import Protocols
import Testing

/// When the certificate ends that a server showed, as far as it can be seen.
struct CertificateTests {
    /// An element of DER.
    private static func der(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        content.count < 128
            ? [tag, UInt8(content.count)] + content
            : [tag, 0x82, UInt8(content.count >> 8), UInt8(truncatingIfNeeded: content.count)] + content
    }

    /// As much of a certificate as stands before its subject (RFC 5280, section 4.1), and some of the rest.
    private static func certificate(endTag: UInt8, _ end: String, hasVersion: Bool = true) -> [UInt8] {
        let validity = der(0x17, Array("250101000000Z".utf8)) + der(endTag, Array(end.utf8))
        let signed =
            (hasVersion ? der(0xa0, der(2, [2])) : []) + der(2, [1, 2, 3]) + der(0x30, [])
            + der(0x30, [UInt8](repeating: 5, count: 300))
            + der(0x30, validity) + der(0x30, [])
        return der(0x30, der(0x30, signed) + der(0x30, []) + der(3, [0, 9]))
    }

    /// The message of the version, with the certificate first in its chain.
    private static func message(_ suite: Suite, _ certificate: [UInt8]) -> [UInt8] {
        func vector24(_ bytes: [UInt8]) -> [UInt8] { Array(bigEndian(UInt32(bytes.count)).dropFirst()) + bytes }
        let other = vector24([1, 2, 3])
        guard suite.version == 0x0304 else { return vector24(vector24(certificate) + other) }
        return [0] + vector24(vector24(certificate) + [0, 0] + other + [0, 0])
    }

    private func end(_ suite: Suite, _ certificate: [UInt8], knowsSecrets: Bool) -> Instant? {
        var peers = Peers(suite: suite)
        peers.certificate = Self.message(suite, certificate)
        var wire = Wire(knowsSecrets ? peers.keyLog : "")
        wire.see(Talk.make(peers).steps)
        wire.close()
        return wire.heard.sessions.last?.certificateEnd
    }

    @Test(arguments: Suite.modern + Suite.legacy) func `with secrets the end is seen in every version`(suite: Suite) {
        let certificate = Self.certificate(endTag: 0x17, "270301123456Z")
        #expect(end(suite, certificate, knowsSecrets: true) == Instant(rfc3339: "2027-03-01T12:34:56Z"))
    }

    @Test(arguments: Suite.legacy) func `without secrets it is seen up to TLS 1.2, where it goes in the clear`(
        suite: Suite
    ) {
        let certificate = Self.certificate(endTag: 0x18, "20510301123456Z", hasVersion: false)
        #expect(end(suite, certificate, knowsSecrets: false) == Instant(rfc3339: "2051-03-01T12:34:56Z"))
    }

    @Test func `without secrets TLS 1.3 shows none`() {
        let certificate = Self.certificate(endTag: 0x17, "270301123456Z")
        #expect(end(Suite.modern[0], certificate, knowsSecrets: false) == nil)
    }

    @Test func `a certificate cut or damaged anywhere has no end, or its own`() {
        let whole = Self.certificate(endTag: 0x17, "270301123456Z")
        let suite = Suite.legacy[0]
        for count in 0..<whole.count where count < 400 {
            let found = end(suite, Array(whole.prefix(count)), knowsSecrets: false)
            #expect(found == nil)
        }
        for index in 0..<40 {
            var damaged = whole
            damaged[index] ^= 0xff
            _ = end(suite, damaged, knowsSecrets: false)
        }
        #expect(end(suite, Self.certificate(endTag: 0x17, "27030112345Zx"), knowsSecrets: false) == nil)
    }
}
