import BatchFormat
import CallModel

/// What must have become of the calls of one host.
///
/// Each call must arrive (it was accepted), may arrive (the process ended while it was being accepted, or power went before it was
/// synced), or must not (its sender was told no).
final class CallAccounts {
    enum Fate { case must, may, mustNot }

    let hostNumber: Int
    private(set) var fates: [Int: Fate] = [:]
    private(set) var weights: [Int: Int64] = [:]
    /// Accepted and not known to be synced, with the time.
    private var unsynced: [Int: Instant] = [:]
    /// Refused by this process: should it end, what it tried to write may be there after all.
    private var refusedNow: Set<Int> = []
    private var checksums: [BatchIdentity: BatchChecksum] = [:]
    private var floors: [SpoolID: UInt64] = [:]
    /// Calls in batches that the aggregator refused for good.
    private(set) var aside: Set<Int> = []
    private(set) var asideBatches: Set<BatchIdentity> = []

    init(hostNumber: Int) { self.hostNumber = hostNumber }

    func accepted(_ calls: [APICall], at now: Instant) {
        for call in calls {
            let number = note(call)
            refusedNow.remove(number)
            if fates[number] != .must { unsynced[number] = now }
            fates[number] = .must
        }
    }

    func refused(_ calls: [APICall], inDoubt: Bool) {
        for call in calls {
            let number = note(call)
            guard fates[number] != .must else { continue }
            if inDoubt || fates[number] == .may {
                fates[number] = .may
            } else {
                fates[number] = .mustNot
                refusedNow.insert(number)
            }
        }
    }

    private func note(_ call: APICall) -> Int {
        let number = call.traceID?.generatedCallNumber ?? 0
        weights[number] = Int64(call.weight)
        return number
    }

    func synced(before time: Instant) {
        unsynced = unsynced.filter { $0.value > time }
    }

    func processEnded() {
        for number in refusedNow { fates[number] = .may }
        refusedNow = []
    }

    func powerLost() {
        for number in unsynced.keys { fates[number] = .may }
        unsynced = [:]
    }

    /// A sealed batch never changes but by shedding, and none below the floor is sent.
    func sent(_ identity: BatchIdentity, _ bytes: [UInt8], floor: UInt64, _ world: World) {
        let checksum = (try? BatchReader(bytes))?.original ?? BatchChecksum(of: bytes)
        if let known = checksums[identity], known != checksum { world.violation("batch \(identity.sequence) changed") }
        checksums[identity] = checksum
        if identity.sequence < floors[identity.spoolID] ?? 0 {
            world.violation("batch \(identity.sequence) is sent though the floor was above it")
        }
        floors[identity.spoolID] = max(floors[identity.spoolID] ?? 0, floor)
        contents[identity] = bytes
    }

    private var contents: [BatchIdentity: [UInt8]] = [:]

    func setAside(_ identity: BatchIdentity, status: Int, _ world: World) {
        guard status == 400, let bytes = contents[identity], let calls = try? BatchReader(bytes).calls() else {
            return world.violation("batch \(identity.sequence) was refused with \(status)")
        }
        let numbers = calls.compactMap { $0.traceID?.generatedCallNumber }
        if !numbers.contains(where: world.isPoison) { world.violation("a batch was set aside without a reason") }
        aside.formUnion(numbers)
        asideBatches.insert(identity)
    }

}
