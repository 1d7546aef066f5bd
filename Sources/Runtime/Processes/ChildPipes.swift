import CRuntime
import Glibc

struct PipeFailure: Error {
    var number: Int32
}

/// The descriptors between a parent and its child. All are 3 or above, closed on exec, and closed by `closeAll`.
struct ChildPipes {
    /// What the child gets as 0, 1 and 2; -1 where it keeps the parent's.
    private(set) var childEnds: [Int32] = [-1, -1, -1]
    /// The parent's ends; -1 where there is none.
    private(set) var inputEnd: Int32 = -1
    private(set) var outputEnd: Int32 = -1
    private(set) var errorEnd: Int32 = -1

    init(_ configuration: ProcessConfiguration) throws(PipeFailure) {
        do throws(PipeFailure) {
            switch configuration.input {
            case .inherited: break
            case .null: childEnds[0] = try openNull(O_RDONLY)
            case .bytes: (childEnds[0], inputEnd) = try openPipe()
            }
            (outputEnd, childEnds[1]) = try ends(for: configuration.output)
            (errorEnd, childEnds[2]) = try ends(for: configuration.errorOutput)
            // The parent never waits on one of them alone; the child's ends stay as programs expect them.
            for end in [inputEnd, outputEnd, errorEnd] where end >= 0 { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
        } catch {
            closeChildEnds()
            closeAll()
            throw error
        }
    }

    mutating func closeChildEnds() {
        for end in childEnds where end >= 0 { close(end) }
        childEnds = [-1, -1, -1]
    }

    mutating func closeInput() {
        if inputEnd >= 0 { close(inputEnd) }
        inputEnd = -1
    }

    mutating func closeOutput(_ output: ProcessPump.Output) {
        switch output {
        case .standard:
            if outputEnd >= 0 { close(outputEnd) }
            outputEnd = -1
        case .error:
            if errorEnd >= 0 { close(errorEnd) }
            errorEnd = -1
        }
    }

    mutating func closeAll() {
        closeInput()
        closeOutput(.standard)
        closeOutput(.error)
    }
}

private func ends(for output: ProcessConfiguration.Output) throws(PipeFailure) -> (reading: Int32, writing: Int32) {
    switch output {
    case .inherited: (-1, -1)
    case .discarded: (-1, try openNull(O_WRONLY))
    case .head, .tail, .lines: try openPipe()
    }
}

private func openNull(_ flags: Int32) throws(PipeFailure) -> Int32 {
    let raw = open("/dev/null", flags | O_CLOEXEC)
    guard raw >= 0 else { throw PipeFailure(number: errno) }
    guard raw < 3 else { return raw }
    // A parent without 0, 1 or 2 gets those first, and the child's own places are there.
    defer { close(raw) }
    let number = fcntl(raw, F_DUPFD_CLOEXEC, 3)
    guard number >= 0 else { throw PipeFailure(number: errno) }
    return number
}

private func openPipe() throws(PipeFailure) -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    guard farwatch_pipe(&ends) == 0 else { throw PipeFailure(number: errno) }
    return (ends[0], ends[1])
}
