import NIOSSL
import Runtime

/// How a server proves who it is, and whether clients must.
public struct ServerTLS: Sendable, Equatable {
    /// PEM; the server's certificate first, then those between it and the root.
    public var certificateFile: String
    /// PEM.
    public var keyFile: String
    /// PEM; client certificates are asked for and verified against these authorities.
    public var clientCAFile: String?
    /// With `clientCAFile`: a client without a certificate is turned away. Otherwise it is let in without a name.
    public var isClientCertificateRequired: Bool

    public init(
        certificateFile: String, keyFile: String, clientCAFile: String? = nil, isClientCertificateRequired: Bool = false
    ) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.clientCAFile = clientCAFile
        self.isClientCertificateRequired = isClientCertificateRequired
    }

    func makeContext() throws(TransportError) -> NIOSSLContext {
        let chain = try Self.certificates(certificateFile, operation: "serve TLS")
        let key = try Self.privateKey(keyFile, operation: "serve TLS")
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2", "http/1.1"]
        if let clientCAFile {
            configuration.trustRoots = .certificates(try Self.certificates(clientCAFile, operation: "serve TLS"))
            configuration.certificateVerification =
                isClientCertificateRequired ? .noHostnameVerification : .optionalVerification
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw Self.disagreement(error, operation: "serve TLS", certificateFile)
        }
    }

    static func certificates(_ file: String, operation: String) throws(TransportError) -> [NIOSSLCertificate] {
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(file)
            if !certificates.isEmpty { return certificates }
        } catch {
            throw TransportError(
                .tlsConfiguration, operation: operation, subject: file,
                cause: "no certificates could be read: \(error)",
                hint: "the file must exist, be readable by this user, and hold PEM")
        }
        throw TransportError(
            .tlsConfiguration, operation: operation, subject: file, cause: "the file holds no certificate",
            hint: "PEM begins with -----BEGIN CERTIFICATE-----")
    }

    static func privateKey(_ file: String, operation: String) throws(TransportError) -> NIOSSLPrivateKey {
        do {
            return try NIOSSLPrivateKey(file: file, format: .pem)
        } catch {
            if isEncrypted(file) {
                throw TransportError(
                    .tlsConfiguration, operation: operation, subject: file, cause: "the private key is encrypted",
                    hint: "nobody is there to type its password: openssl pkey -in \(file) -out NEW writes it without")
            }
            throw TransportError(
                .tlsConfiguration, operation: operation, subject: file, cause: "no private key could be read: \(error)",
                hint: "the file must be readable by this user and hold an unencrypted PEM key")
        }
    }

    /// Keys under a password: PKCS #8 (RFC 5958), or as OpenSSL once wrote them (RFC 1421).
    private static func isEncrypted(_ file: String) -> Bool {
        // What cannot be read is something else than encrypted.
        guard let bytes = try? Files.read(file, byteCountMax: 1 << 20) else { return false }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED")
    }

    /// What OpenSSL says of a certificate and a key that can each be read, and not be used together.
    static func disagreement(_ error: any Error, operation: String, _ certificateFile: String) -> TransportError {
        guard case NIOSSLError.failedToLoadPrivateKey = error else {
            return TransportError(
                .tlsConfiguration, operation: operation, subject: certificateFile, cause: "\(error)",
                hint: "do certificate and key belong together?")
        }
        return TransportError(
            .tlsConfiguration, operation: operation, subject: certificateFile,
            cause: "the key is not the one of this certificate", hint: "give both of one pair")
    }
}
