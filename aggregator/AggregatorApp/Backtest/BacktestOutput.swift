import Alerting
import CallModel
import Documents
import Incidents

/// What a backtest prints: every incident as it ended, and every notification, in the shapes of the query API.
struct BacktestOutput {
    let backtest: Backtest

    /// One incident or notification a line.
    func document() -> String {
        let incidents = (backtest.core.resolved + backtest.core.open).filter { !$0.isQuiet }.sorted { $0.id < $1.id }
        let told = Dictionary(grouping: backtest.notifications, by: \.incident)
        let span = backtest.firstTime.map { max(0, (backtest.now - $0).inSeconds) } ?? 0
        let calls = backtest.calls
        return """
            {"incidents":[
            \(incidents.map { incident($0, told[$0.id] ?? []) }.joined(separator: ",\n"))
            ],"notifications":[
            \(backtest.notifications.map { notification($0, isOfIncident: false) }.joined(separator: ",\n"))
            ],"calls":\(backtest.callCount),"span_s":\(Int64(span)),"late_calls":\(backtest.lateCount),\
            "rejected":\(calls.rejectedCount),"duplicates":\(calls.duplicateCount),"not_ours":\(calls.notOursCount)}

            """
    }

    private func incident(_ incident: Incident, _ told: [Backtest.Notification]) -> String {
        let report = backtest.report(of: incident)
        var writer = JSONWriter()
        writer.object { writer in
            report.write(to: &writer)
            writer.member("owner", backtest.alerting.owner(of: report))
            writer.array("notifications") { writer in
                for one in told { writer.object { write(one, isOfIncident: true, to: &$0) } }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func notification(_ notification: Backtest.Notification, isOfIncident: Bool) -> String {
        var writer = JSONWriter()
        writer.object { write(notification, isOfIncident: isOfIncident, to: &$0) }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func write(_ notification: Backtest.Notification, isOfIncident: Bool, to writer: inout JSONWriter) {
        writer.member("at", notification.at.rfc3339)
        writer.member("channel", notification.channel)
        writer.member("kind", notification.kind.rawValue)
        if !isOfIncident { writer.member("incident", "\(notification.incident)") }
    }
}
