import ArgumentParser
import Logging
import Probes
import Runtime

/// `doctor`: what can be seen on this host, each line good (✓), with a loss (!) or not at all (✗), with one remedy.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Says what can be seen on this host, and what to do where something cannot.",
        discussion: "Attaches nothing to any process. Ends with 1 where what the settings ask for cannot be done.")

    @OptionGroup var options: SettingsOptions

    func run() throws {
        let settings = try options.load()
        print("✓ settings: \(options.config) is valid")
        let configuration = settings.capture.probeConfiguration(stateDirectory: settings.stateDirectory)
        var isBroken = false
        for finding in examine(configuration) {
            print(finding.line)
            isBroken = isBroken || finding.mark == .bad
        }
        if isBroken, configuration.mode != .off { throw ExitCode.failure }
    }

    private func examine(_ configuration: ProbeConfiguration) -> [Finding] {
        var findings = [mode(configuration)]
        if Probes.wentDown(configuration) {
            findings.append(
                Finding(
                    .bad, "probes: this host went down while they were attached, so they stay off",
                    remedy: "remove probes.attached in \(configuration.stateDirectory) to try them again"))
        }
        do {
            let report = try Probes.survey(
                configuration, logger: Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() })
            findings += report.features.map { Finding($0.refusal == nil ? .good : .lossy, "probes: \($0.line)") }
            let processes = report.coverage.processes.values.filter { $0.isOfInterest || $0.blindness != nil }
            findings += processes.sorted { $0.id < $1.id }.map { process in
                Finding(process.readableBy.isEmpty ? .lossy : .good, process.line)
            }
        } catch {
            findings.append(
                Finding(.bad, "probes: \(error)", remedy: "run as root, on a kernel with /sys/kernel/btf/vmlinux"))
        }
        return findings
    }

    private func mode(_ configuration: ProbeConfiguration) -> Finding {
        switch configuration.mode {
        case .on: Finding(.good, "probes: on, \(units(configuration))")
        case .observe:
            Finding(.lossy, "probes: observe, nothing is read", remedy: "set capture.probes: \"on\"")
        case .off: Finding(.lossy, "probes: off, nothing is read", remedy: "set capture.probes: \"on\"")
        }
    }

    private func units(_ configuration: ProbeConfiguration) -> String {
        configuration.units.isEmpty ? "for all processes" : "for \(configuration.units.joined(separator: ", "))"
    }
}

/// One line of what was found.
private struct Finding {
    enum Mark: String {
        case good = "✓"
        case lossy = "!"
        case bad = "✗"
    }

    let mark: Mark
    let text: String
    let remedy: String?

    init(_ mark: Mark, _ text: String, remedy: String? = nil) {
        (self.mark, self.text, self.remedy) = (mark, text, remedy)
    }

    var line: String { "\(mark.rawValue) \(text)\(remedy.map { ": \($0)" } ?? "")" }
}
