import Alerting
import ArgumentParser
import CallModel
import NIOPosix
import Notifiers
import Runtime

struct NotifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notify",
        abstract: "Sends a test message through a channel of the settings, or lists the channels.",
        discussion: "Ends with 1 when the receiver did not take it. One attempt, no fallback, nothing is stored.")

    @OptionGroup var options: SettingsOptions
    @Option(name: .long, help: "The channel, as it is called under `notifiers`.")
    var test: String?

    func run() async throws {
        let channels = try options.load().notifiers
        guard let test else {
            for channel in channels {
                let others = channel.fallback.isEmpty ? "nobody" : channel.fallback.joined(separator: ", ")
                print("\(channel.name)\t\(channel.kind.name)\twhile it fails: \(others)")
            }
            return
        }
        guard channels.contains(where: { $0.name == test }) else {
            let known =
                channels.isEmpty ? "there are none" : "known are " + channels.map(\.name).joined(separator: ", ")
            printError("farwatch-aggregator: there is no channel `\(test)`: \(known)")
            throw ExitCode.failure
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let courier = Courier(channels, proxy: outgoingProxy(ThisProcess.environment), group: group)
        let delivery = await courier.deliver(
            .test(through: test, at: currentInstant()), through: test, reference: nil)
        try? await group.shutdownGracefully()  // The process ends anyway.
        switch delivery {
        case .delivered(let said, _): print("\(test): delivered. The receiver said: \(said.isEmpty ? "nothing" : said)")
        case .failed(let failure):
            printError("farwatch-aggregator: \(test): not delivered: \(failure.text)")
            throw ExitCode.failure
        }
    }
}

extension Message {
    fileprivate static func test(through channel: String, at now: Instant) -> Message {
        Message(
            id: "test-\(channel)-\(now.nanosecondsSinceEpoch)", incident: 0, sequence: 1, channel: channel, kind: .test,
            at: now, severity: "minor", title: "Test message from Farwatch",
            summary: "Somebody asked whether the channel \(channel) works. It does. Nothing is wrong.", text: "",
            reason: "farwatch-aggregator notify --test \(channel)", labels: ["partner": "test", "scope": "fleet"])
    }
}

extension NotifierChannel.Kind {
    fileprivate var name: String {
        switch self {
        case .webhook: "webhook"
        case .slack(let channel):
            if case .bot = channel.access { "slack (bot)" } else { "slack (incoming webhook)" }
        case .pagerDuty: "pagerduty"
        case .alertmanager: "alertmanager"
        case .email: "email"
        case .command: "command"
        }
    }
}
