import Alerting
import CallModel
import Runtime

// One owner of the section `owners`, with its schedule.

extension Owner {
    init(_ name: String, _ section: SettingsSection, _ channels: KnownChannels) {
        self.init(name: name)
        matchers = section.matchers()
        steps = section.steps(channels)
        contact = section.string("contact") ?? ""
        runbook = section.string("runbook")
        quietHours = section.hours()
        if section.isPresent("on_call") { schedule = OnCallSchedule(section.section("on_call"), channels) }
        if name.utf8.count > Self.nameByteCountMax {
            section.report(nil, "an owner's name has at most \(Self.nameByteCountMax) bytes")
        }
        if name == Self.nobody { section.report(nil, "`\(name)` stands for nobody", hint: "choose another name") }
        if let runbook, !runbook.hasPrefix("https://"), !runbook.hasPrefix("http://") {
            section.report("runbook", "an address is wanted", hint: "such as https://wiki.example/runbook")
        }
        if schedule == nil, steps.contains(where: { $0.channel == Step.onCall }), !section.isPresent("on_call") {
            section.report(nil, "nobody is on call for `\(name)`", hint: "give it a schedule: `on_call`")
        }
    }
}

extension OnCallSchedule {
    fileprivate init?(_ section: SettingsSection, _ channels: KnownChannels) {
        let handOver = section.time("hand_over")
        let every = section.duration("every", in: .seconds(3_600)...(.seconds(366 * 86_400)))
        let participants = section.sections("participants").compactMap { Participant($0, channels) }
        let overrides = section.sections("overrides").compactMap { Override($0, channels) }
        for key in ["hand_over", "every", "participants"] where !section.isPresent(key) {
            section.report(nil, "`\(key)` is missing in `\(section.path)`")
        }
        if participants.count > Self.participantsMax || overrides.count > Self.overridesMax {
            section.report(nil, "at most \(Self.participantsMax) participants and \(Self.overridesMax) overrides")
        }
        if let overlapping = Self.overlap(in: overrides) {
            section.report(
                "overrides", "that from \(overlapping.from.rfc3339) overlaps another",
                hint: "let it begin when the other ends")
        }
        let zone = section.zone()
        guard let handOver, let every, !participants.isEmpty else { return nil }
        self.init(participants: participants, handOver: handOver, every: every, zone: zone, overrides: overrides)
    }
}

extension OnCallSchedule.Participant {
    fileprivate init?(_ section: SettingsSection, _ channels: KnownChannels) {
        guard let name = section.string("name"), let channel = section.string("channel") else {
            section.report(nil, "`name` and `channel` are wanted")
            return nil
        }
        channels.check(channel, "channel", in: section)
        if channel == Step.onCall { section.report("channel", "somebody's own channel is wanted") }
        self.init(name: name, channel: channel)
    }
}

extension OnCallSchedule.Override {
    fileprivate init?(_ section: SettingsSection, _ channels: KnownChannels) {
        let (from, until) = (section.time("from"), section.time("until"))
        guard let participant = OnCallSchedule.Participant(section, channels) else { return nil }
        guard let from, let until, from < until else {
            section.report("until", "`from` and `until` are wanted, the one before the other")
            return nil
        }
        self.init(from: from, until: until, participant: participant)
    }
}
