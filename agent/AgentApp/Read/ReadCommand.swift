import ArgumentParser
import CallModel
import Glibc
import PartnerCatalog
import Redaction
import Runtime

/// `farwatch-agent read`: a tool of its own, which needs neither settings nor a running agent.
struct ReadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read",
        abstract: "Prints the calls in capture files.",
        discussion: """
            Reads pcap and pcapng, plain or gzipped; several files are read as one capture, in the order given. Secrets in a
            pcapng file are used. What is printed is not redacted, unless asked for.

            Ends with 1 where a file could not be read to its end; the calls before that are printed.
            """)

    @Argument(help: ArgumentHelp("Capture files; - is standard input.", valueName: "file"))
    var files: [String]
    @Option(name: .long, help: "TLS secrets in NSS format, as SSLKEYLOGFILE makes them.")
    var keylog: String?
    @Option(name: .long, help: "ndjson, har, table or count.")
    var format = CallPrinter.Format.ndjson
    @Flag(name: .long, help: "Mask secrets and personal data, as the agent does before anything leaves the host.")
    var redact = false
    @Flag(name: .long, help: "Leave bodies out; their sizes are told.")
    var noBodies = false

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("at least one capture file is needed") }
    }

    func run() throws {
        var printer = CallPrinter(format, redactor: redact ? Redactor(policy: RedactionPolicy()) : nil)
        // What counts calls prints no bodies.
        var reading = CaptureReading(printer, keepsBodies: !noBodies && format != .count)
        var isWhole = true
        do {
            if let keylog { reading.keyLog(try Files.read(keylog, byteCountMax: CaptureReading.keyLogByteCountMax)) }
            for file in files { isWhole = try read(file, &reading) && isWhole }
            printer = try reading.finish()
            try printer.finish()
        } catch let error as OutputError {
            // Nobody reads on, as when the output goes to `head`: no reason to complain.
            guard error.code != EPIPE else { return }
            printError("farwatch-agent: cannot write: \(systemMessage(error.code))")
            throw ExitCode.failure
        } catch {
            printError("farwatch-agent: \(error)")
            throw ExitCode.failure
        }
        guard isWhole else { throw ExitCode.failure }
    }

    /// Returns false, having said why, where the file could not be read to its end.
    private func read(_ file: String, _ reading: inout CaptureReading) throws -> Bool {
        do {
            try reading.read(file)
            return true
        } catch let error as CaptureReading.Failure {
            printError("farwatch-agent: \(file == "-" ? "standard input" : file): \(error)")
            return false
        }
    }
}

extension CallPrinter.Format: ExpressibleByArgument {}
