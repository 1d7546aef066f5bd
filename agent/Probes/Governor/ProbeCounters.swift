import CProbes

/// What the probes in the kernel count, summed over the processors.
public struct ProbeCounters: Sendable, Equatable {
    /// Calls into TLS libraries, probed at a cheap instruction and at a dear one.
    public var calls: UInt64 = 0
    public var dearCalls: UInt64 = 0
    /// Other probes hit: handshakes, names, ends.
    public var otherHits: UInt64 = 0
    public var socketHits: UInt64 = 0
    public var copiedBytes: UInt64 = 0
    /// The ring was full.
    public var droppedEvents: UInt64 = 0
    public var droppedBytes: UInt64 = 0
    /// Memory of an application that could not be read.
    public var faults: UInt64 = 0
    /// Calls inside calls inside calls, not followed.
    public var nestedCalls: UInt64 = 0
    /// Returns without their entry: the probe was set while they ran.
    public var unreturnedCalls: UInt64 = 0
    public var fullMaps: UInt64 = 0

    public init() {}

    /// - Parameter sums: By `fw_counter`; those that are missing are zero.
    init(_ sums: [UInt64]) {
        func sum(_ counter: fw_counter) -> UInt64 {
            let index = Int(counter.rawValue)
            return sums.indices.contains(index) ? sums[index] : 0
        }
        calls = sum(FW_COUNT_CALLS)
        dearCalls = sum(FW_COUNT_DEAR_CALLS)
        otherHits = sum(FW_COUNT_OTHER_HITS)
        socketHits = sum(FW_COUNT_SOCKET_HITS)
        copiedBytes = sum(FW_COUNT_COPIED_BYTES)
        droppedEvents = sum(FW_COUNT_DROPPED_EVENTS)
        droppedBytes = sum(FW_COUNT_DROPPED_BYTES)
        faults = sum(FW_COUNT_FAULTS)
        nestedCalls = sum(FW_COUNT_NESTED)
        unreturnedCalls = sum(FW_COUNT_UNRETURNED)
        fullMaps = sum(FW_COUNT_MAP_FULL)
    }
}
