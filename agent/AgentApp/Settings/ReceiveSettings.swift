import Receivers
import Runtime
import Transport

/// Where the agent takes calls in, and from whom.
public struct ReceiveSettings: Sendable {
    public var address = ListenAddress(host: "127.0.0.1", port: 4318)
    public var trustHost = false
    public var byteCountMax = 64 << 20
    public var tls: ServerTLS?
    public var tokens: [Secret] = []

    static let tokenByteCountMin = 16

    init() {}

    /// Beyond loopback the agent is a gateway: strangers can reach it, so it wants TLS and tokens, both.
    init(_ section: SettingsSection) {
        address = listenAddress(section, address)
        trustHost = section.bool("trust_host") ?? trustHost
        byteCountMax = section.byteCount("body_bytes_max", in: 64 << 10...1 << 30) ?? byteCountMax
        tls = readServerTLS(section.section("tls"))
        let tokens = section.section("tokens")
        for (name, _) in section.namedStrings("tokens") {
            guard let token = tokens.secret(name) else { continue }
            if token.reveal.utf8.count < Self.tokenByteCountMin {
                tokens.report(
                    name, "is shorter than \(Self.tokenByteCountMin) bytes", hint: "make one: openssl rand -hex 24")
            }
            self.tokens.append(token)
        }
        guard !address.isLoopback else { return }
        if tls == nil {
            section.report(
                "listen", "is not loopback, so it needs TLS",
                hint: "set receive.tls.certificate and receive.tls.key, or listen on 127.0.0.1")
        }
        if self.tokens.isEmpty {
            section.report(
                "listen", "is not loopback, so senders need tokens", hint: "set receive.tokens.<name> for each sender")
        }
    }
}

private func readServerTLS(_ section: SettingsSection) -> ServerTLS? {
    let certificate = section.string("certificate")
    let key = section.string("key")
    let clientCA = section.string("client_ca")
    guard let certificate, let key else {
        if certificate != nil || key != nil || clientCA != nil {
            section.report(nil, "certificate and key belong together")
        }
        return nil
    }
    let tls = ServerTLS(
        certificateFile: certificate, keyFile: key, clientCAFile: clientCA,
        isClientCertificateRequired: clientCA != nil)
    TLSFiles.check([("certificate", certificate), ("key", key), ("client_ca", clientCA)], of: tls, section)
    return tls
}

func listenAddress(_ section: SettingsSection, _ usual: ListenAddress) -> ListenAddress {
    guard let text = section.string("listen") else { return usual }
    guard let address = ListenAddress(text) else {
        section.report(
            "listen", "an address and a port are wanted", hint: "write it like 127.0.0.1:4318 or [::1]:4318")
        return usual
    }
    return address
}
