import CRuntime
import Glibc

/// What the thread of one child does: start it, carry its input and outputs, take its status.
struct ProcessThread {
    private let configuration: ProcessConfiguration
    private let state: Monitor<ChildProcess.State>

    init(_ configuration: ProcessConfiguration, _ state: Monitor<ChildProcess.State>) {
        self.configuration = configuration
        self.state = state
    }

    func run() {
        var pipes: ChildPipes
        do throws(PipeFailure) {
            pipes = try ChildPipes(configuration)
        } catch {
            return fail(step: "open pipes", error.number)
        }
        var process: pid_t = 0
        var step: Int32 = 0
        let error = spawn(configuration, pipes.childEnds, &process, &step)
        pipes.closeChildEnds()
        guard error == 0 else {
            pipes.closeAll()
            return fail(step: stepName(step), error)
        }
        finishStart { state in
            state.phase = .running
            state.processID = process
            state.isAlive = true
        }
        var pump = ProcessPump(process: process, pipes: pipes, input: configuration.input)
        pump.run { output, chunk in deliver(output, chunk) }
        reap(process)
    }

    private func fail(step: String, _ number: Int32) {
        finishStart { state in
            state.phase = .failed(.notStarted(program: configuration.program, step: step, errno: number))
        }
    }

    private func finishStart(_ body: (inout ChildProcess.State) -> Void) {
        let waiters = state.change { state in
            body(&state)
            defer { state.whenStarted = [] }
            return state.whenStarted
        }
        for waiter in waiters { waiter() }
    }

    /// Nil as chunk is the output's end.
    private func deliver(_ output: ProcessPump.Output, _ chunk: ArraySlice<UInt8>?) {
        let lines = state.look { state in
            switch (output, chunk) {
            case (.standard, let chunk?): state.output.chunkArrived(chunk)
            case (.standard, nil): state.output.ended()
            case (.error, let chunk?): state.errorOutput.chunkArrived(chunk)
            case (.error, nil): state.errorOutput.ended()
            }
        }
        let plan = output == .standard ? configuration.output : configuration.errorOutput
        guard case .lines(_, let take) = plan else { return }
        for line in lines { take(line) }
    }

    private func reap(_ process: pid_t) {
        let (result, waiters) = state.change { state in
            var status: Int32 = 0
            // Returns at once: the child is known to have ended.
            let reaped = retryingInterrupted { waitpid(process, &status, 0) }
            state.isAlive = false
            let result = ProcessResult(
                ending: reaped == process ? ending(of: status) : .unknown,
                output: state.output.kept, errorOutput: state.errorOutput.kept,
                outputDroppedByteCount: state.output.droppedByteCount,
                errorOutputDroppedByteCount: state.errorOutput.droppedByteCount)
            state.phase = .ended(result)
            defer { state.whenEnded = [] }
            return (result, state.whenEnded)
        }
        for waiter in waiters { waiter(result) }
    }
}

/// wait(2)'s status: the low seven bits are the signal, zero for an exit, whose code follows in the next eight.
private func ending(of status: Int32) -> ProcessResult.Ending {
    let signal = status & 0x7f
    return signal == 0 ? .exited(code: (status >> 8) & 0xff) : .signalled(signal)
}

private func spawn(
    _ configuration: ProcessConfiguration, _ standard: [Int32], _ process: inout pid_t, _ step: inout Int32
) -> Int32 {
    let variables = configuration.environment.map { "\($0.key)=\($0.value)" }.sorted()
    let current = UserIdentity.current
    // An unprivileged process may not even set the groups it has.
    let user = configuration.user.flatMap { $0.user == current.user && $0.group == current.group ? nil : $0 }
    let groups = user?.groups ?? []
    return withCStrings([configuration.program] + configuration.arguments) { arguments in
        withCStrings(variables) { environment in
            withOptionalCString(configuration.directory) { directory in
                groups.withUnsafeBufferPointer { groups in
                    var request = farwatch_spawn()
                    request.executable = UnsafePointer(arguments[0])
                    request.arguments = arguments
                    request.environment = environment
                    request.directory = directory
                    request.standard = (standard[0], standard[1], standard[2])
                    request.own_group = configuration.ownProcessGroup ? 1 : 0
                    request.death_signal = configuration.parentDeathSignal ?? 0
                    request.change_user = user == nil ? 0 : 1
                    request.user = user?.user ?? 0
                    request.group = user?.group ?? 0
                    request.groups = groups.baseAddress
                    request.group_count = groups.count
                    return farwatch_spawn(&request, &process, &step)
                }
            }
        }
    }
}

private func withOptionalCString<R>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> R) -> R {
    guard let text else { return body(nil) }
    return text.withCString(body)
}

/// Lends an array of C strings that ends with a null pointer. A text is cut at a null byte, as C would.
func withCStrings<R>(_ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R) -> R {
    var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
}
