import NIOSSL

extension ClientCertificate {
    /// Nil for a certificate without a name that can be told.
    init?(_ certificate: NIOSSLCertificate) {
        guard let bytes = try? certificate.toDERBytes(), let name = CertificateName.name(der: bytes) else { return nil }
        self.init(name: name, endsAt: Int64(certificate.notValidAfter))
    }
}
