import Alerting
import Glibc
import Runtime

/// Runs a program of this machine with the message on its standard input, in the webhook's form.
///
/// Program and arguments come from the settings file alone, and nothing of a message is ever part of a command line:
/// what partners say must not be able to run anything. It gets a small environment of its own, its time is bounded, and
/// so is what is kept of what it says. Exit code 0 is success; 64, 65 and 77 (usage, data, permission: sysexits.h) mean
/// never for this message, 78 a setting, everything else that it may pass.
public struct CommandChannel: Sendable {
    static let outputByteCountMax = 4 << 10

    /// An absolute path.
    public var program: String
    public var arguments: [String]

    public init(_ program: String, _ arguments: [String] = []) {
        self.program = program
        self.arguments = arguments
    }

    func deliver(_ message: Message, timeout: Duration) async -> Delivery {
        do throws(ProcessError) {
            return Self.judge(try await ChildProcess.run(process(message), timeout: timeout))
        } catch {
            switch error {
            case .notFound, .unknownUser: return .failed(DeliveryFailure(.setting, "\(error)"))
            case .notStarted(_, _, let code):
                let isSetting = [ENOENT, EACCES, ENOEXEC, ENOTDIR].contains(code)
                return .failed(DeliveryFailure(isSetting ? .setting : .temporary(retryAfter: nil), "\(error)"))
            case .timedOut: return .failed(.temporary("\(error)"))
            }
        }
    }

    func process(_ message: Message) -> ProcessConfiguration {
        var process = ProcessConfiguration(
            program, arguments,
            environment: [
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
                "FARWATCH_MESSAGE_ID": message.id, "FARWATCH_INCIDENT": "\(message.incident)",
                "FARWATCH_KIND": message.kind.rawValue, "FARWATCH_SEVERITY": message.severity,
                "FARWATCH_CHANNEL": message.channel,
            ], directory: "/")
        process.input = .bytes(WebhookChannel.body(message))
        process.output = .head(byteCountMax: Self.outputByteCountMax)
        process.errorOutput = .tail(byteCountMax: Self.outputByteCountMax)
        process.parentDeathSignal = SIGKILL
        return process
    }

    static func judge(_ result: ProcessResult) -> Delivery {
        if result.succeeded { return .delivered(said: oneLine(result.outputText, byteCountMax: 200)) }
        let said = result.errorText.isEmpty ? result.outputText : result.errorText
        let text = "\(result.ending)" + (said.isEmpty ? "" : ": \(said)")
        switch result.ending {
        case .exited(64), .exited(65), .exited(77): return .failed(DeliveryFailure(.refused, text))
        case .exited(78): return .failed(DeliveryFailure(.setting, text))
        case .exited, .signalled, .unknown: return .failed(.temporary(text))
        }
    }
}
