import Alerting
import CallModel
import Runtime

// Forms that owners, routes and `alerting` have in common.

/// Channels that the settings have.
struct KnownChannels {
    /// In the order of the file.
    let names: [String]
    /// Those of services that track who acknowledged.
    let acknowledging: Set<String>
    /// Those that programs read, not people.
    let ofPrograms: Set<String>

    init(_ root: SettingsSection) {
        let notifiers = root.namedSections("notifiers")
        names = notifiers.map(\.name)
        acknowledging = Set(notifiers.filter { $0.section.string("type") == "pagerduty" }.map(\.name))
        ofPrograms = Set(notifiers.filter { !["slack", "email"].contains($0.section.string("type")) }.map(\.name))
        for notifier in notifiers where notifier.name == Step.onCall {
            notifier.section.report(nil, "`\(Step.onCall)` stands for whoever is on call", hint: "choose another name")
        }
    }

    func check(_ name: String, _ key: String, in section: SettingsSection) {
        guard name != Step.onCall, !names.contains(name) else { return }
        let hint = names.isEmpty ? "channels are set under `notifiers`" : "there are \(names.joined(separator: ", "))"
        section.report(key, "there is no channel `\(name)`", hint: hint)
    }
}

extension SettingsSection {
    func matchers() -> [Matcher] {
        let texts = strings("matchers")
        if texts.count > Matcher.matchersMax { report("matchers", "at most \(Matcher.matchersMax) are taken") }
        return texts.compactMap { text in
            do throws(AlertingFlaw) {
                let matcher = try Matcher(text: text)
                // Asked here to find the owner.
                if matcher.dimension == .owner { report("matchers", "`owner` is asked for by silences alone") }
                return matcher
            } catch {
                report("matchers", "`\(text.prefix(80))`: \(error.problem)", hint: error.hint)
                return nil
            }
        }
    }

    /// `channels: [a, b]`, or `escalation` with a delay each.
    func steps(_ channels: KnownChannels) -> [Step] {
        var steps: [Step] = []
        for name in strings("channels") {
            channels.check(name, "channels", in: self)
            steps.append(Step(name))
        }
        for step in sections("escalation") {
            let after = step.duration("after", in: .zero...(.seconds(86_400)))
            guard let name = step.string("channel") else {
                step.report(nil, "`channel` is missing")
                continue
            }
            channels.check(name, "channel", in: step)
            steps.append(Step(name, after: after))
        }
        if isPresent("channels"), isPresent("escalation") {
            report("escalation", "`channels` and `escalation` are two forms of one thing", hint: "keep one of them")
        }
        if steps.count > Step.countMax { report(nil, "at most \(Step.countMax) channels are taken") }
        return Array(steps.prefix(Step.countMax))
    }

    /// `quiet_hours`, or `business_hours` for the others.
    func hours() -> Hours? {
        let present = ["quiet_hours", "business_hours"].filter { isPresent($0) }
        if present.count == 2 { report("business_hours", "`quiet_hours` says it already", hint: "keep one of them") }
        guard let key = present.first else { return nil }
        let section = section(key)
        do throws(AlertingFlaw) {
            return try Hours(
                from: section.string("from") ?? "", until: section.string("until") ?? "",
                offset: section.string("offset") ?? "+00:00", zone: section.string("zone"),
                days: section.strings("days"),
                isOutside: key == "business_hours")
        } catch {
            let field = error.field.split(separator: ".").last.map(String.init)
            section.report(field, "`\(section.path).\(field ?? "")` \(error.problem)", hint: error.hint)
            return nil
        }
    }

    /// `zone`, a time zone's name or rule.
    func zone() -> ZoneRules? {
        guard let name = string("zone") else { return nil }
        guard let zone = ZoneRules(name) else {
            report("zone", "there is no time zone `\(name)`", hint: "such as Europe/Berlin")
            return nil
        }
        return zone
    }

    func time(_ key: String) -> Instant? {
        guard let text = string(key) else { return nil }
        guard let time = Instant(rfc3339: text) else {
            report(key, "a time with an offset is wanted", hint: "such as 2026-01-05T09:00:00+01:00")
            return nil
        }
        return time
    }
}
