import Glibc

/// How a record is written. Each is one line.
public enum LogFormat: String, Sendable, CaseIterable {
    /// A JSON object: for machines.
    case json
    /// Time, level, message, then `key=value`: for a person at a terminal.
    case text
    /// `<6>` and the text without a time: for the journal, which knows the time and reads the priority (sd-daemon(3)).
    case journal

    /// The form that suits where standard error leads: the journal where it says so, text on a terminal, JSON
    /// elsewhere.
    public static func suitable(for descriptor: Int32, environment: [String: String]) -> LogFormat {
        if leadsToJournal(descriptor, environment) { return .journal }
        return isatty(descriptor) == 1 ? .text : .json
    }
}

/// `JOURNAL_STREAM` is inherited by children whose output was sent elsewhere, so device and inode are compared
/// (systemd.exec(5)).
private func leadsToJournal(_ descriptor: Int32, _ environment: [String: String]) -> Bool {
    var status = stat()
    guard let stream = environment["JOURNAL_STREAM"], fstat(descriptor, &status) == 0 else { return false }
    return stream == "\(status.st_dev):\(status.st_ino)"
}
