import CRuntime
import Glibc

/// Carries bytes between a parent and its child until the child has ended.
///
/// A grandchild can hold an output open for ever, so it is the child's end that counts and not the output's: what has
/// been written by then is still read, and no more is waited for. Runs on a thread that blocks SIGPIPE: writing to a
/// child that no longer reads is an error number and nothing else.
struct ProcessPump {
    enum Output {
        case standard
        case error
    }

    private let process: pid_t
    private var pipes: ChildPipes
    private var input: ArraySlice<UInt8>
    /// Readable once the child has ended; -1 where the kernel has no such thing, and the child is asked every 20 ms.
    private let processEnd: Int32
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    init(process: pid_t, pipes: ChildPipes, input: ProcessConfiguration.Input) {
        self.process = process
        self.pipes = pipes
        if case .bytes(let bytes) = input { self.input = bytes[...] } else { self.input = [] }
        processEnd = farwatch_process_descriptor(process)
    }

    /// `deliver` gets each chunk, and nil at an output's end. Closes every descriptor.
    mutating func run(_ deliver: (Output, ArraySlice<UInt8>?) -> Void) {
        if input.isEmpty { pipes.closeInput() }
        while farwatch_has_ended(process) == 0 {
            waitForSomething()
            writeInput()
            // One chunk each, so that neither starves the other nor the look at the child.
            _ = readChunk(.standard, deliver)
            _ = readChunk(.error, deliver)
        }
        // What the child left behind is in the pipe; its bound is the pipe's, unless a grandchild keeps writing.
        for output in [Output.standard, .error] {
            var chunksLeft = 64
            while chunksLeft > 0, readChunk(output, deliver) { chunksLeft -= 1 }
            if isOpen(output) { deliver(output, nil) }
        }
        pipes.closeAll()
        if processEnd >= 0 { close(processEnd) }
    }

    private func isOpen(_ output: Output) -> Bool {
        (output == .standard ? pipes.outputEnd : pipes.errorEnd) >= 0
    }

    private func waitForSomething() {
        // poll(2) passes over negative descriptors.
        var watched = [
            pollfd(fd: pipes.inputEnd, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: pipes.outputEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: pipes.errorEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: processEnd, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&watched, nfds_t(watched.count), processEnd < 0 ? 20 : -1)
    }

    private mutating func writeInput() {
        guard pipes.inputEnd >= 0 else { return }
        let count = input.withUnsafeBytes { write(pipes.inputEnd, $0.baseAddress, $0.count) }
        if count > 0 { input.removeFirst(count) }
        let isRefused = count < 0 && errno != EAGAIN && errno != EINTR
        if input.isEmpty || isRefused { pipes.closeInput() }
    }

    /// False when there is nothing (more) to read for now.
    private mutating func readChunk(_ output: Output, _ deliver: (Output, ArraySlice<UInt8>?) -> Void) -> Bool {
        let end = output == .standard ? pipes.outputEnd : pipes.errorEnd
        guard end >= 0 else { return false }
        let count = buffer.withUnsafeMutableBytes { read(end, $0.baseAddress, $0.count) }
        if count > 0 {
            deliver(output, buffer[..<count])
            return true
        }
        let isOver = count == 0 || (errno != EAGAIN && errno != EINTR)
        if isOver {
            pipes.closeOutput(output)
            deliver(output, nil)
        }
        return false
    }
}
