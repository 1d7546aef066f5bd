import Incidents
import Runtime

/// The section `detection`: how sure an incident must be.
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
