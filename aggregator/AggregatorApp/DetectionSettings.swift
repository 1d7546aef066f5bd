import Alerting
import Incidents
import Runtime

/// The sections `detection` and `alerting`: how sure an incident must be, and how often people hear of it.
extension IncidentCore.Configuration {
    init(_ section: SettingsSection) {
        self.init()
        openMin = section.double("evidence_min", in: 6...100) ?? openMin
        dwell = section.duration("blip", in: .zero...(.seconds(600))) ?? dwell
        totalDwell = section.duration("total_blip", in: .zero...(.seconds(600))) ?? totalDwell
        reopenWithin = section.duration("reopen_within", in: .zero...(.seconds(86_400))) ?? reopenWithin
        silence.falseAlarmsPerMonth =
            section.double("silence_false_alarms_per_month", in: 0.001...100) ?? silence.falseAlarmsPerMonth
        detection.historyCellsMax =
            section.integer("history_cells_max", in: 10_000...100_000_000) ?? detection.historyCellsMax
    }
}

extension AlertingCore.Configuration {
    init(_ section: SettingsSection) {
        self.init()
        repeatInterval =
            section.duration("repeat_interval", in: .seconds(60)...(.seconds(30 * 86_400))) ?? repeatInterval
        escalateAfter = section.duration("escalate_after", in: .seconds(60)...(.seconds(86_400))) ?? escalateAfter
        updateInterval = section.duration("update_interval", in: .seconds(1)...(.seconds(86_400))) ?? updateInterval
        perHourMax = section.double("messages_per_hour_max", in: 1...100_000) ?? perHourMax
    }
}
