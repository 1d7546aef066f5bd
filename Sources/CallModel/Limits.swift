/// The bounds of one call, the same on every path into the system. What is longer is cut or refused where it enters, and counted.
public enum Limits {
    /// An id a sender supplies.
    public static let idByteCountMax = 128
    /// A name: partner, route, service, version, host, region, environment, customer.
    public static let nameByteCountMax = 256
    /// A URL.
    public static let urlByteCountMax = 8 << 10
    /// Headers of one message.
    public static let headerCountMax = 128
    /// One header's value.
    public static let headerValueByteCountMax = 8 << 10
    /// A body as kept; its true size is told beside it.
    public static let bodyByteCountMax = 1 << 20
}
