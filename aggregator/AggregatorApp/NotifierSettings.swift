import CallModel
import Notifiers
import Runtime
import Transport

/// The section `notifiers`: ways to tell people and programs, by names that routes and owners use.
///
/// Every key that a channel's type knows is asked for, so that one of another type is an unknown key.
struct NotifierSettings {
    private static let channelsMax = 50
    private static let types = ["webhook", "slack", "pagerduty", "alertmanager", "email", "command"]

    private(set) var channels: [NotifierChannel] = []

    init(_ root: SettingsSection) {
        var sections: [SettingsSection] = []
        for (name, section) in root.namedSections("notifiers") {
            let type = section.choice("type", of: Self.types)
            guard let type else {
                if !section.isPresent("type") {
                    section.report(
                        nil, "`\(section.path)` has no type", hint: "one of \(Self.types.joined(separator: ", "))")
                }
                section.acceptAnyKey()
                continue
            }
            if !Self.isName(name) {
                section.report(nil, "a channel's name is made of letters, digits, - and _, at most 40 of them")
            }
            guard let kind = Self.kind(type, section) else {
                section.acceptAnyKey()
                continue
            }
            var channel = NotifierChannel(name: name, kind: kind)
            Self.readCommon(section, type, &channel)
            channels.append(channel)
            sections.append(section)
        }
        if channels.count > Self.channelsMax {
            root.report("notifiers", "there are more than \(Self.channelsMax) channels")
        }
        readFallbacks(sections)
    }

    /// What is valid and still unwise.
    var warnings: [String] {
        switch channels.count {
        case 0: ["there are no `notifiers`: incidents are shown and nobody is told"]
        case 1: ["there is only one channel in `notifiers`: while `\(channels[0].name)` fails nobody is told"]
        default: channels.filter(\.fallback.isEmpty).map { "nobody stands in for the channel `\($0.name)`" }
        }
    }

    /// It is part of ids, labels and headers.
    private static func isName(_ name: String) -> Bool {
        (1...40).contains(name.utf8.count)
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }

    private static func readCommon(_ section: SettingsSection, _ type: String, _ channel: inout NotifierChannel) {
        channel.timeout = section.duration("timeout", in: .seconds(1)...(.seconds(60))) ?? channel.timeout
        channel.policy.standInAfter =
            section.duration("fallback_after", in: .zero...(.seconds(3_600))) ?? channel.policy.standInAfter
        channel.policy.giveUpAfter =
            section.duration("give_up_after", in: .seconds(60)...(.seconds(7 * 86_400))) ?? channel.policy.giveUpAfter
        guard type != "command" else { return }
        channel.addresses.allowsPrivate = section.bool("allow_private") ?? false
        channel.tls = ClientTLS(caFile: section.string("ca"))
        if let file = channel.tls.caFile, !Files.exists(file) { section.report("ca", "there is no file \(file)") }
    }

    /// Those named, or without a list every other one, the next in the file first. An empty list means nobody.
    private mutating func readFallbacks(_ sections: [SettingsSection]) {
        let names = channels.map(\.name)
        for (index, section) in sections.enumerated() {
            guard section.isPresent("fallback") else {
                channels[index].fallback = Array(names[(index + 1)...] + names[..<index])
                continue
            }
            let listed = section.strings("fallback")
            for name in listed where name == names[index] || !names.contains(name) {
                section.report(
                    "fallback",
                    name == names[index] ? "a channel cannot stand in for itself" : "there is no channel `\(name)`",
                    hint: "known are \(names.joined(separator: ", "))")
            }
            channels[index].fallback = listed
        }
    }
}
