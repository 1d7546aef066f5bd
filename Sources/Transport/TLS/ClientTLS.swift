import NIOSSL

/// Whom a client trusts, and how it proves who it is.
public struct ClientTLS: Sendable, Equatable {
    /// PEM; nil for the system's authorities.
    public var caFile: String?
    /// PEM, both or neither.
    public var certificateFile: String?
    public var keyFile: String?

    public init(caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil) {
        self.caFile = caFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }

    /// - Parameter protocols: what is offered by ALPN (RFC 7301).
    func makeContext(protocols: [String] = ["h2"]) throws(TransportError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = protocols
        if let caFile {
            let authorities = try ServerTLS.certificates(caFile, operation: "connect with TLS")
            configuration.trustRoots = .certificates(authorities)
        }
        switch (certificateFile, keyFile) {
        case (nil, nil): break
        case (let certificateFile?, let keyFile?):
            let chain = try ServerTLS.certificates(certificateFile, operation: "connect with TLS")
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(try ServerTLS.privateKey(keyFile, operation: "connect with TLS"))
        case (_, _):
            throw TransportError(
                .tlsConfiguration, operation: "connect with TLS", subject: certificateFile ?? keyFile ?? "",
                cause: "a client certificate needs both its certificate and its key")
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw ServerTLS.disagreement(
                error, operation: "connect with TLS", certificateFile ?? caFile ?? "system authorities")
        }
    }
}
