import ArgumentParser
import CallModel
import Runtime

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Says what works on this host, what does not, and what to do about each.",
        discussion: "Ends with 1 when something keeps the agent from its work.")

    @OptionGroup var options: SettingsOptions
    @Flag(name: .long, help: "Print JSON.")
    var json = false

    func run() async throws {
        let settings = try options.load()
        let doctor = Doctor(
            settings: settings, config: options.config, now: Instant(nanosecondsSinceEpoch: WallClock.now()))
        let findings = await doctor.findings()
        if json {
            print(String(decoding: Finding.json(findings), as: UTF8.self))
        } else {
            for line in findings.flatMap(\.lines) { print(line) }
        }
        if findings.contains(where: \.isBad) { throw ExitCode.failure }
    }
}
