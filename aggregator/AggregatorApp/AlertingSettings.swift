import Alerting
import CallModel
import Incidents
import Runtime

/// The sections `owners`, `routes` and `alerting`: who is told, and how often.
///
/// What they name must exist: channels are the names under `notifiers`, whose settings are read elsewhere, owners those of this
/// file. (Owners made by the API are not known here, so that no route can depend on them.)
extension AlertingCore.Configuration {
    init(_ root: SettingsSection) {
        self.init()
        let channels = KnownChannels(root)
        acknowledgedChannels = channels.acknowledging
        ungroupedChannels = channels.ofPrograms
        owners = root.namedSections("owners").map { Owner($0.name, $0.section, channels) }
        routes = root.sections("routes").map { AlertRoute($0, owners, channels) }
        let section = root.section("alerting")
        fallback = section.steps(channels)
        if fallback.isEmpty { fallback = channels.names.prefix(Step.countMax).map { Step($0) } }
        if fallback.isEmpty { fallback = Self().fallback }
        repeatInterval =
            section.duration("repeat_interval", in: .seconds(10)...(.seconds(30 * 86_400))) ?? repeatInterval
        escalateAfter = section.duration("escalate_after", in: .seconds(10)...(.seconds(86_400))) ?? escalateAfter
        updateInterval = section.duration("update_interval", in: .seconds(1)...(.seconds(86_400))) ?? updateInterval
        groupInterval = section.duration("group_interval", in: .zero...(.seconds(3_600))) ?? groupInterval
        caseReminderInterval =
            section.duration("case_reminder", in: .seconds(60)...(.seconds(30 * 86_400))) ?? caseReminderInterval
        perHourMax = section.double("messages_per_hour_max", in: 1...100_000) ?? perHourMax
        quietHours = section.hours()
        if let name = section.choice("quiet_severity", of: ["minor", "major"]) {
            quietSeverityMax = Incident.Severity(name: name) ?? quietSeverityMax
        }
        weights = section.sections("weights").compactMap { BusinessWeight($0) }
        for (partner, contact) in section.namedStrings("partner_contacts") { partnerContacts[partner] = contact }
    }
}

extension AlertRoute {
    fileprivate init(_ section: SettingsSection, _ owners: [Owner], _ channels: KnownChannels) {
        self.init(section.matchers(), owner: section.string("owner"), steps: section.steps(channels))
        let named = owner.flatMap { name in owners.first { $0.name == name } }
        if let owner, named == nil {
            let names = owners.map(\.name).joined(separator: ", ")
            section.report(
                "owner", "there is no owner `\(owner)`",
                hint: names.isEmpty ? "owners are set under `owners`" : "there are \(names)")
        }
        if owner == nil, steps.isEmpty { section.report(nil, "a route wants an `owner`, `channels` or both") }
        if steps.contains(where: { $0.channel == Step.onCall }), named?.schedule == nil {
            section.report(nil, "nobody is on call here", hint: "name an `owner` that has `on_call`")
        }
    }
}

extension BusinessWeight {
    /// `route` and `customer` mean those affected, whatever the cause.
    fileprivate init?(_ section: SettingsSection) {
        var matchers = section.matchers()
        for index in matchers.indices {
            switch matchers[index].dimension {
            case .route: matchers[index].dimension = .affectedRoute
            case .customer: matchers[index].dimension = .affectedCustomer
            default: continue
            }
        }
        let weight = section.double("weight", in: 0...1_000)
        if !section.isPresent("weight") {
            section.report(nil, "`weight` is missing", hint: "0 for what may wait, 1 for the usual, 2 for what may not")
        }
        if matchers.isEmpty { section.report(nil, "`matchers` are missing") }
        guard let weight else { return nil }
        self.init(matchers, weight: weight)
    }
}
