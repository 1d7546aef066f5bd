import Attribution
import CallModel
import Documents
import Probes
import Spool

extension AgentSettings {
    /// Rules by unit and cgroup that nothing on this host answers: only probes know the process of a call. Over TCP a receiver
    /// is told nothing of the program behind a connection.
    var unansweredRules: (detail: String, remedy: String)? {
        guard attribution.asksProcesses, capture.probes != .on else { return nil }
        return (
            "rules by `unit` and `cgroup` tell nothing: only probes know the process of a call",
            "set capture.probes: on, or let applications say it (OTEL_SERVICE_NAME, a header)"
        )
    }
}

extension Doctor {
    var attributionFindings: [Finding] {
        settings.unansweredRules.map { [.warning("attribution", $0.detail, remedy: $0.remedy)] } ?? []
    }

    /// Who is told when no aggregator answers.
    var alarmFindings: [Finding] {
        guard settings.alarm.command.isEmpty, settings.alarm.url == nil else { return [] }
        return [
            .warning(
                "alarm", "when no aggregator answers only this agent's log tells of it",
                remedy: "set forward.alarm.command or forward.alarm.url, on a few hosts at least")
        ]
    }

    /// Batches that will not be sent again: each is a loss that somebody can still look into.
    var asideFindings: [Finding] {
        let directory = settings.spoolDirectory
        let found = AsideBatches.look(in: directory)
        guard found.count > 0 else { return [] }
        var parts: [String] = []
        if found.refusedCount > 0 { parts.append("\(found.refusedCount) refused by the aggregator") }
        if found.damagedCount > 0 { parts.append("\(found.damagedCount) damaged on disk") }
        let since = found.oldestSealedAt.map { ", the oldest of \($0.rfc3339)" } ?? ""
        let remedy =
            found.refusedCount > 0
            ? "the agent's log has the aggregator's answer to each; when its cause is mended: rm \(directory)/*.refused"
            : "check the disk of \(directory), then: rm \(directory)/*.bad"
        return [
            .warning(
                "set aside",
                "\(parts.joined(separator: ", ")) (\((found.byteCount + 1_023) / 1_024) KiB\(since)) in \(directory)",
                remedy: remedy)
        ]
    }
}
