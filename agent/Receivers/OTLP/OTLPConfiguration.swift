/// The knobs of the OTLP decoder.
public struct OTLPConfiguration: Sendable {
    /// Attributes that name the customer of ours a call was made for, best first; a span's own before its resource's.
    /// The first 8 count. `enduser.id` is not among them: it names a person.
    public var customerAttributes = ["farwatch.customer", "tenant.id", "customer.id"]
    /// Calls made of one request; spans beyond are rejected. A call costs about 0.6 kB of memory and can be 60 bytes on
    /// the wire, so the body's size alone is no bound. Collectors send 8,192 spans at once by default.
    public var callCountMax = 65_536
    /// How far ahead of the host's clock a call may start. A clock further ahead would put calls into days to come,
    /// where they would outlive every retention.
    public var futureMax: Duration = .seconds(86_400)
    /// The greatest weight a sampling threshold may give: the figure is the sender's word.
    public var weightMax: UInt32 = 1_000_000
    /// Rejections kept with their reasons; the count is exact beyond.
    public var rejectionsKeptMax = 100

    public init() {}
}
