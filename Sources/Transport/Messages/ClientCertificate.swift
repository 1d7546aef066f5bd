/// Whom a client's certificate names, after the handshake has verified its chain and that the client holds its key.
public struct ClientCertificate: Sendable, Equatable {
    /// The first DNS name among the subject's alternative names, in lower case; else the first URI there; else the subject's common
    /// name. Printable ASCII without spaces, at most `nameByteCountMax` bytes.
    public var name: String
    /// When it ends: seconds since 1970. A connection may last longer.
    public var endsAt: Int64

    public static let nameByteCountMax = 256

    public init(name: String, endsAt: Int64) {
        self.name = name
        self.endsAt = endsAt
    }
}
