import BatchFormat
import CallModel
import Runtime
import Synchronization

/// The spool as the agent uses it: from any task or thread, while one thread of its own does all that touches the disk.
///
/// Appends that arrive while the disk is busy share the next write. The store wakes by itself when something is due. One process
/// for one directory: a second is refused.
///
/// A directory that cannot be opened (full, read-only, damaged, not there) does not keep the agent from starting: appends are
/// refused, which senders are told as "come again", and opening is tried again every second.
public final class Spool: Sendable {
    public let directory: String
    private let worker: WorkerThread
    private let opened: WorkersOwn<Opened?>
    private let catalogueVersion: Mutex<String>
    private let inbox = Mutex(Inbox())
    private let snapshot: Mutex<Snapshot>
    private let alarm = Mutex<(deadline: Int64, task: Task<Void, Never>)?>(nil)
    private let configuration: Mutex<SpoolConfiguration>
    private let openRefusal = Mutex<(error: SpoolError, at: Int64)?>(nil)

    /// Calls that may wait for the thread; what comes beyond is refused at once.
    public static let waitingCallCountMax = 65_536

    /// What is read without asking the thread; as old as its last piece of work.
    private struct Snapshot {
        var level = SpoolLevel()
        var statistics = SpoolStatistics()
        var floor: UInt64 = 0
        var spoolID: SpoolID?
        var onNotice: (@Sendable (SpoolNotice) -> Void)?
        var onSealed: (@Sendable () -> Void)?
    }

    private struct Opened {
        var store: SpoolStore<FileDisk>
        let lock: LockFile
    }

    /// Opens the spool in a directory, or makes one there. Blocks: call it at start.
    ///
    /// Throws `.inUse` and `.unknownFormat`, which an operator must settle; what the disk refuses is tried again.
    public init(
        directory: String, configuration: SpoolConfiguration = SpoolConfiguration(), catalogueVersion: String
    ) throws(SpoolError) {
        self.directory = directory
        self.configuration = Mutex(configuration)
        self.catalogueVersion = Mutex(catalogueVersion)
        var first: Opened?
        var refusal: SpoolError?
        do throws(SpoolError) {
            first = try Self.open(directory, configuration, catalogueVersion)
        } catch {
            guard case .disk = error else { throw error }
            refusal = error
        }
        do {
            worker = try WorkerThread(name: "spool", queueMax: 4_096)
        } catch {
            throw .disk(DiskError(operation: "start the thread for", file: directory, number: 11))
        }
        opened = WorkersOwn(first)
        snapshot = Mutex(Snapshot())
        if case .disk(let error) = refusal { snapshot.withLock { $0.level.failure = error } }
        wake()
    }

    deinit { alarm.withLock { $0?.task.cancel() } }

    private static func open(
        _ directory: String, _ configuration: SpoolConfiguration, _ catalogueVersion: String
    ) throws(SpoolError) -> Opened {
        let disk: FileDisk
        do { disk = try FileDisk(path: directory) } catch { throw .disk(error) }
        let lock = try lock(directory)
        var generator = SystemRandomNumberGenerator()
        let store = try SpoolStore.open(
            disk, configuration: configuration, catalogueVersion: catalogueVersion, using: &generator, at: now())
        return Opened(store: store, lock: lock)
    }

    private static func lock(_ directory: String) throws(SpoolError) -> LockFile {
        do {
            return try LockFile(path: directory + "/spool.lock")
        } catch {
            if case .locked(let path, let process) = error { throw .inUse(path: path, processID: process) }
            throw .disk(DiskError(operation: "lock", file: directory, number: error.systemError ?? 5))
        }
    }

    static func now() -> Instant { Instant(nanosecondsSinceEpoch: WallClock.now()) }

    // MARK: Appending

    /// Keeps the calls; returns after they were written, and they are synced a second later at most.
    ///
    /// More calls than fit one append are kept in several. Should that fail midway, some are kept though this throws; with a
    /// `place` such an append is refused whole (`.tooLarge`), because it could not be repeated exactly.
    public func append(_ calls: [APICall], place: ReplayPlace? = nil) async throws(SpoolError) -> AppendResult {
        try await withCheckedContinuation { continuation in
            append(calls, place: place) { continuation.resume(returning: $0) }
        }.get()
    }

    /// The same without a task. `completion` is called once, on the spool's thread or on the caller's; it must not block.
    ///
    /// - Parameter encoded: calls that are columns already; kept or refused together with the others.
    public func append(
        _ calls: [APICall], encoded: EncodedCalls? = nil, place: ReplayPlace? = nil,
        completion: @escaping @Sendable (Result<AppendResult, SpoolError>) -> Void
    ) {
        let admission = inbox.withLock {
            $0.admit(Inbox.Append(calls: calls, encoded: encoded, place: place, completion: completion))
        }
        switch admission {
        case .refused(let error): completion(.failure(error))
        case .joined: break
        case .first: schedule()
        }
    }

    private func schedule() {
        do {
            // `self` stays until what was handed over is written.
            try worker.submit { self.writeWaiting() }
        } catch {
            let refused = inbox.withLock { $0.takeAll() }
            for append in refused { append.completion(.failure(Self.refusal(error))) }
        }
    }

    private func writeWaiting() {
        let waiting = inbox.withLock { $0.takeAll() }
        let callCountMax = configuration.withLock { $0.batchCallCountMax }
        let result = work { store in
            for group in Inbox.groups(of: waiting, callCountMax: callCountMax) {
                Self.write(group, to: &store)
            }
        }
        guard case .failure(let error) = result else { return }
        for append in waiting { append.completion(.failure(error)) }
    }

    private static func write(_ group: ArraySlice<Inbox.Append>, to store: inout SpoolStore<FileDisk>) {
        let result = Result { () throws(SpoolError) in
            try store.append(group: group.map { ($0.calls, $0.encoded) }, place: group.first?.place, at: now())
        }
        switch result {
        case .success(let results):
            for (append, result) in zip(group, results) { append.completion(.success(result)) }
        case .failure(.tooLarge(_, _)) where group.count > 1:
            for index in group.indices { write(group[index...index], to: &store) }
        case .failure(.tooLarge(let callCount, let byteCount)):
            for append in group {
                append.completion(
                    Result { () throws(SpoolError) in
                        guard append.place == nil else { throw .tooLarge(callCount: callCount, byteCount: byteCount) }
                        let encoded = try append.encoded?.decoded() ?? []
                        return try store.appendInParts((append.calls + encoded)[...], at: now())
                    })
            }
        case .failure(let error):
            for append in group { append.completion(.failure(error)) }
        }
    }

    // MARK: Batches

    /// Called on the spool's thread after batches were sealed; must not block. One at a time.
    public func onSealed(_ notify: (@Sendable () -> Void)?) { snapshot.withLock { $0.onSealed = notify } }

    /// Called on the spool's thread with every loss, and what may become one; must not block.
    public func onNotice(_ notify: (@Sendable (SpoolNotice) -> Void)?) { snapshot.withLock { $0.onNotice = notify } }

    /// At most `limit` batches that wait to be acknowledged, in order, from the one after `sequence` on.
    public func pending(after sequence: UInt64 = 0, limit: Int) async -> [SealedBatch] {
        (try? await perform { $0.pending(after: sequence, limit: limit) }.get()) ?? []
    }

    /// The batch as it is sent; read from disk each time.
    public func read(_ sequence: UInt64) async throws(SpoolError) -> [UInt8] {
        try await perform { store throws(SpoolError) in try store.read(sequence, at: Self.now()) }.get()
    }

    /// The aggregator has it for good. False when no such batch was offered.
    @discardableResult
    public func acknowledge(_ sequence: UInt64) async -> Bool {
        (try? await perform { $0.acknowledge(sequence, at: Self.now()) }.get()) ?? false
    }

    /// The aggregator will never take it: keeps it as `.refused`. False when no such batch was offered.
    @discardableResult
    public func setAside(_ sequence: UInt64) async -> Bool {
        (try? await perform { $0.setAside(sequence, at: Self.now()) }.get()) ?? false
    }

    /// Seals what is open without waiting for its age.
    public func seal() async throws(SpoolError) {
        try await perform { store throws(SpoolError) in try store.seal(at: Self.now()) }.get()
    }

    /// How far a file has been replayed; nil when it never was.
    public func place(of key: String) async -> ReplayPlace? {
        (try? await perform { $0.place(of: key) }.get()) ?? nil
    }

    /// Calls from now on were named by another catalogue.
    public func setCatalogueVersion(_ version: String) async throws(SpoolError) {
        catalogueVersion.withLock { $0 = version }
        try await perform { store throws(SpoolError) in
            try store.setCatalogueVersion(version, at: Self.now())
        }.get()
    }

    /// Other bounds from now on. One that is lower than what lies there sheds at the next append, as any bound does.
    public func use(_ configuration: SpoolConfiguration) async {
        self.configuration.withLock { $0 = configuration }
        // Where there is no store it is opened by these.
        _ = await perform { store throws(SpoolError) in store.use(configuration) }
    }

    public var level: SpoolLevel { snapshot.withLock { $0.level } }
    public var statistics: SpoolStatistics { snapshot.withLock { $0.statistics } }
    /// Nil until its directory could be opened.
    public var spoolID: SpoolID? { snapshot.withLock { $0.spoolID } }
    /// No batch below this sequence will ever be sent again.
    public var floor: UInt64 { snapshot.withLock { $0.floor } }

    /// Takes no more, finishes what was handed over, seals and syncs. What could not be sealed lies in the journal.
    public func close() async throws(SpoolError) {
        inbox.withLock { $0.isClosed = true }
        alarm.withLock { $0?.task.cancel() }
        let result: Result<Void, SpoolError> = await perform { store throws(SpoolError) in
            try store.close(at: Self.now())
        }
        await worker.stopAndWait()
        if case .failure(let error) = result, error != .closed { throw error }
    }

    // MARK: The thread

    private func perform<R: Sendable>(
        _ body: @escaping @Sendable (inout SpoolStore<FileDisk>) throws(SpoolError) -> R
    ) async -> Result<R, SpoolError> {
        await withCheckedContinuation { continuation in
            do throws(WorkerError) {
                try worker.submit {
                    let result = self.work { store in
                        Result { () throws(SpoolError) in try body(&store) }
                    }
                    continuation.resume(returning: result.flatMap { $0 })
                }
            } catch {
                continuation.resume(returning: .failure(Self.refusal(error)))
            }
        }
    }

    /// Lets the store do what is due.
    private func wake() {
        // A thread that was stopped needs no waking, and one with thousands of things to do wakes at the next of them.
        try? worker.submit { [weak self] in self?.work { _ in } }
    }

    /// Runs on the thread: every use of the store, and what follows from it. Fails while there is no store.
    @discardableResult
    private func work<R>(_ body: (inout SpoolStore<FileDisk>) -> R) -> Result<R, SpoolError> {
        do throws(SpoolError) {
            try openIfNeeded()
        } catch {
            return .failure(error)
        }
        let sealedBefore = opened.value?.store.statistics.sealedBatches
        // In place: were there a second reference to the store, every append would copy all that is open.
        guard opened.value != nil else { return .failure(.closed) }
        let result = body(&opened.value!.store)
        opened.value?.store.tick(at: Self.now())
        publish(sealedBefore: sealedBefore ?? 0)
        return .success(result)
    }

    /// Every second at most.
    private func openIfNeeded() throws(SpoolError) {
        guard opened.value == nil else { return }
        let now = MonotonicClock.now()
        if let refused = openRefusal.withLock({ $0 }), now &- refused.at < Self.openInterval.nanoseconds {
            throw refused.error
        }
        do throws(SpoolError) {
            opened.value = try Self.open(directory, configuration.withLock { $0 }, catalogueVersion.withLock { $0 })
        } catch {
            openRefusal.withLock { $0 = (error, now) }
            if case .disk(let error) = error { snapshot.withLock { $0.level.failure = error } }
            setAlarm(Self.now() + Self.openInterval)
            throw error
        }
    }

    private static let openInterval: Duration = .seconds(1)

    private func publish(sealedBefore: Int) {
        guard let notices = opened.value?.store.takeNotices(), let store = opened.value?.store else { return }
        let (onSealed, onNotice) = snapshot.withLock { snapshot in
            snapshot.level = store.level
            snapshot.statistics = store.statistics
            snapshot.floor = store.floor
            snapshot.spoolID = store.spoolID
            return (store.statistics.sealedBatches != sealedBefore ? snapshot.onSealed : nil, snapshot.onNotice)
        }
        onSealed?()
        for notice in notices { onNotice?(notice) }
        setAlarm(store.nextDeadline)
    }

    /// Wakes the store when something is due. Deadlines are of the wall clock, waiting is not: a jump changes one wait at most.
    private func setAlarm(_ deadline: Instant?) {
        guard let deadline else { return }
        // Not at once, and not in an hour because the clock jumped.
        let wait = min(max(deadline - Self.now(), .milliseconds(1)), .seconds(60))
        let due = MonotonicClock.now() &+ wait.nanoseconds
        alarm.withLock { alarm in
            if let alarm, alarm.deadline <= due { return }
            alarm?.task.cancel()
            alarm = (
                due,
                Task { [weak self] in
                    guard (try? await Task.sleep(for: wait)) != nil else { return }
                    self?.alarm.withLock { $0 = nil }
                    self?.wake()
                }
            )
        }
    }

    private static func refusal(_ error: WorkerError) -> SpoolError {
        switch error {
        case .queueFull: .queueFull(callCount: waitingCallCountMax)
        case .stopped, .notStarted: .closed
        }
    }
}

/// A value that only the worker thread touches.
///
/// `@unchecked Sendable`: `value` is set before the thread is given its first work, and used within work alone, which the thread
/// does one piece after the other.
private final class WorkersOwn<Value>: @unchecked Sendable {
    var value: Value
    init(_ value: Value) { self.value = value }
}
