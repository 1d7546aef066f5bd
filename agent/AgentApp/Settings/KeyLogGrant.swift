import CallModel
import Runtime

/// That the agent may open TLS with the secrets applications write to a file: `capture.key_log`.
///
/// A switch one turns on to look for something, and forgets. So it turns itself off: it must say until when, a day ahead at most.
/// One that has expired is no error, or else an agent could not be started any more after that day.
public struct KeyLogGrant: Sendable, Equatable {
    public var file: String
    public var until: Instant

    static let ahead: Duration = .seconds(86_400)

    public init(file: String, until: Instant) {
        self.file = file
        self.until = until
    }

    /// Nil where it is not there, or not in order, which is reported.
    init?(_ section: SettingsSection, packets: Bool, now: Instant = Instant(nanosecondsSinceEpoch: WallClock.now())) {
        guard !section.isEmpty else { return nil }
        let (file, text) = (section.string("file"), section.string("until"))
        let hint = "until when, such as \((now + .seconds(3_600)).rfc3339); a day ahead at most"
        guard let file, file.hasPrefix("/") else {
            section.report(file == nil ? nil : "file", "needs a file, by its absolute path")
            return nil
        }
        guard let text else {
            section.report(nil, "needs `until`: whoever opens TLS says for how long", hint: hint)
            return nil
        }
        guard let until = Instant(rfc3339: text) else {
            section.report("until", "is no time", hint: hint)
            return nil
        }
        guard until <= now + Self.ahead else {
            section.report("until", "lies more than a day ahead", hint: hint)
            return nil
        }
        if !packets { section.report(nil, "opens the TLS of packets, which are not captured", hint: "packets: \"on\"") }
        self.init(file: file, until: until)
    }
}
