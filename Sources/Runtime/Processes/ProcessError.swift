import CRuntime

/// Why a program could not be run.
public enum ProcessError: Error, Equatable, Sendable {
    /// The program was not started: the step that failed, and the system's reason.
    case notStarted(program: String, step: String, errno: Int32)
    /// No such program in any directory of `PATH`.
    case notFound(program: String)
    /// It was still running when its time was up, and was killed.
    case timedOut(program: String, after: Duration)
    case unknownUser(String)
}

extension ProcessError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notStarted(let program, let step, let number):
            "cannot start \(program): \(step): \(systemMessage(number))"
        case .notFound(let program): "cannot start \(program): it is in no directory of PATH"
        case .timedOut(let program, let duration): "\(program) was stopped: not done after \(duration)"
        case .unknownUser(let name): "there is no user \(name) on this host"
        }
    }
}

func stepName(_ step: Int32) -> String {
    switch UInt32(step) {
    case FARWATCH_SPAWN_FORK.rawValue: "fork"
    case FARWATCH_SPAWN_GROUP.rawValue: "make a process group"
    case FARWATCH_SPAWN_DESCRIPTORS.rawValue: "place input and output"
    case FARWATCH_SPAWN_USER.rawValue: "change the user"
    case FARWATCH_SPAWN_DIRECTORY.rawValue: "enter the working directory"
    case FARWATCH_SPAWN_DEATH_SIGNAL.rawValue: "ask to end with the parent"
    default: "execute"
    }
}
