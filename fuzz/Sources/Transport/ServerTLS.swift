/// Stands in for the server's certificates: here it serves in the clear.
public struct ServerTLS: Sendable {}
