/// Calls that are columns already, on their way to the spool, which takes them as they are unless one of them came before.
public struct EncodedCalls: Sendable {
    public var batch: BatchBuilder
    /// Of the ids that senders supplied (`suppliedIDHash`), in the order of their calls; calls without one have none here.
    public var idHashes: [UInt64] = []

    public init(batch: BatchBuilder = BatchBuilder(catalogueVersion: "")) {
        self.batch = batch
    }

    public var callCount: Int { batch.callCount }
}
