import Glibc

/// A program started by this process.
///
/// One thread belongs to each child: it starts the child, reads what it says, and takes its status. No task ever blocks
/// on it, and the kernel's parent-death signal, which goes by the *thread* that started the child, lasts exactly as
/// long as it should. A child that nobody waits for is still read and reaped; letting go of this object does not end
/// it.
public final class ChildProcess: Sendable {
    struct State {
        enum Phase {
            case starting
            case failed(ProcessError)
            case running
            case ended(ProcessResult)
        }
        var phase = Phase.starting
        var whenStarted: [@Sendable () -> Void] = []
        var whenEnded: [@Sendable (ProcessResult) -> Void] = []
        /// What the child said so far.
        var output: OutputCollector
        var errorOutput: OutputCollector
        /// 0 before the start.
        var processID: pid_t = 0
        /// From the start until the child is reaped; then its number may become another's.
        var isAlive = false
    }

    public let program: String
    public let processID: Int32
    private let hasOwnGroup: Bool
    private let state: Monitor<State>

    private init(program: String, processID: pid_t, hasOwnGroup: Bool, state: Monitor<State>) {
        self.program = program
        self.processID = processID
        self.hasOwnGroup = hasOwnGroup
        self.state = state
    }

    /// Starts the program; returns once it runs, or throws the step that failed.
    public static func start(_ configuration: ProcessConfiguration) async throws(ProcessError) -> ChildProcess {
        let state = try begin(configuration)
        await withCheckedContinuation { continuation in
            let isStarting = state.change { state in
                guard case .starting = state.phase else { return false }
                state.whenStarted.append { continuation.resume() }
                return true
            }
            if !isStarting { continuation.resume() }
        }
        return try started(configuration, state)
    }

    /// The same for a thread that may block.
    public static func startBlocking(_ configuration: ProcessConfiguration) throws(ProcessError) -> ChildProcess {
        let state = try begin(configuration)
        _ = state.wait { state -> Bool? in
            if case .starting = state.phase { return nil }
            return true
        }
        return try started(configuration, state)
    }

    private static func begin(_ configuration: ProcessConfiguration) throws(ProcessError) -> Monitor<State> {
        var configuration = configuration
        configuration.program = try programPath(configuration)
        let state = Monitor(
            State(
                output: OutputCollector(configuration.output),
                errorOutput: OutputCollector(configuration.errorOutput)))
        let name = String(configuration.program.split(separator: "/").last ?? "child")
        let chosen = configuration
        guard let thread = NamedThread(name, { ProcessThread(chosen, state).run() }) else {
            throw .notStarted(program: configuration.program, step: "make a thread", errno: EAGAIN)
        }
        thread.detach()
        return state
    }

    private static func started(
        _ configuration: ProcessConfiguration, _ state: Monitor<State>
    ) throws(ProcessError) -> ChildProcess {
        let outcome: Result<pid_t, ProcessError> = state.look { state in
            switch state.phase {
            case .failed(let error): .failure(error)
            case .ended, .running, .starting: .success(state.processID)
            }
        }
        return ChildProcess(
            program: configuration.program, processID: try outcome.get(),
            hasOwnGroup: configuration.ownProcessGroup, state: state)
    }

    /// True until the child's status was taken.
    public var isRunning: Bool { state.look { $0.isAlive } }

    /// What is kept of the child's standard error so far.
    public var errorTextSoFar: String { state.look { String(decoding: $0.errorOutput.kept, as: UTF8.self) } }

    /// Sends a signal to the child itself. False when it is gone.
    @discardableResult
    public func signal(_ number: Int32) -> Bool {
        // Under the lock the child cannot be reaped, so its number cannot have become another's.
        state.look { state in state.isAlive && Glibc.kill(state.processID, number) == 0 }
    }

    /// Kills the child, and those it started in its process group.
    @discardableResult
    public func kill() -> Bool {
        state.look { state in
            state.isAlive && Glibc.kill(hasOwnGroup ? -state.processID : state.processID, SIGKILL) == 0
        }
    }

    /// Returns when the child has ended, at once if it already has. May be called by many, and again.
    public func wait() async -> ProcessResult {
        await withCheckedContinuation { continuation in
            let result: ProcessResult? = state.change { state in
                if case .ended(let result) = state.phase { return result }
                state.whenEnded.append { continuation.resume(returning: $0) }
                return nil
            }
            if let result { continuation.resume(returning: result) }
        }
    }

    /// The same for a thread that may block; nil when the child still runs after `timeout`.
    public func waitBlocking(timeout: Duration? = nil) -> ProcessResult? {
        state.wait(until: timeout.map(deadline)) { state in
            if case .ended(let result) = state.phase { return result }
            return nil
        }
    }

    /// Asks the child to end, and kills it when it has not after `grace`.
    public func terminate(signal number: Int32 = SIGTERM, grace: Duration = .seconds(10)) async -> ProcessResult {
        signal(number)
        // Its own task: the caller's may be cancelled already, which is when children are ended.
        let killer = Task {
            try await Task.sleep(for: grace)
            kill()
        }
        defer { killer.cancel() }
        return await wait()
    }

    /// The same for a thread that may block.
    public func terminateBlocking(signal number: Int32 = SIGTERM, grace: Duration = .seconds(10)) -> ProcessResult {
        signal(number)
        if let result = waitBlocking(timeout: grace) { return result }
        kill()
        return waitBlocking()!  // Without a timeout there is always a result.
    }

    /// Runs a program to its end. One that is not done after `timeout` is killed, and the call throws.
    public static func run(
        _ configuration: ProcessConfiguration, timeout: Duration? = nil
    ) async throws(ProcessError) -> ProcessResult {
        let child = try await start(configuration)
        guard let timeout else { return await child.wait() }
        let killer = Task {
            try await Task.sleep(for: timeout)
            return child.kill()
        }
        let result = await child.wait()
        killer.cancel()
        // Cancelled: the child ended in time.
        let wasKilled = (try? await killer.value) ?? false
        if wasKilled { throw .timedOut(program: configuration.program, after: timeout) }
        return result
    }

    /// The same for a thread that may block.
    public static func runBlocking(
        _ configuration: ProcessConfiguration, timeout: Duration? = nil
    ) throws(ProcessError) -> ProcessResult {
        let child = try startBlocking(configuration)
        if let result = child.waitBlocking(timeout: timeout) { return result }
        child.kill()
        _ = child.waitBlocking()
        throw .timedOut(program: configuration.program, after: timeout ?? .zero)
    }
}

private func deadline(after timeout: Duration) -> Int64 {
    let (sum, overflowed) = MonotonicClock.now().addingReportingOverflow(timeout.clampedNanoseconds)
    return overflowed ? .max : sum
}

/// The path to execute: as it is where it has a slash, else the first executable file of that name in `PATH`.
private func programPath(_ configuration: ProcessConfiguration) throws(ProcessError) -> String {
    let program = configuration.program
    if program.utf8.contains(UInt8(ascii: "/")) { return program }
    let path = configuration.environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    for directory in path.split(separator: ":") {
        let candidate = "\(directory)/\(program)"
        if access(candidate, X_OK) == 0 && !Files.isDirectory(candidate) { return candidate }
    }
    throw .notFound(program: program)
}
