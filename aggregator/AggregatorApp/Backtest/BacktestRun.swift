import Alerting
import Documents
import Incidents

/// A whole backtest: a file in, the document out.
func runBacktest(file: String, _ configuration: IncidentCore.Configuration, _ alerts: AlertingCore.Configuration) throws
    -> (document: String, backtest: Backtest)
{
    var configuration = configuration
    // All of them are wanted at the end, not only those that could be reopened.
    configuration.resolvedMax = 1_000_000
    var backtest = Backtest(configuration, alerts)
    let parser = JSONParser(byteCountMax: 8 << 20)
    let recording = try RecordingFile(file)
    try recording.forEachLine(parser) { line in
        if let line { backtest.read(line) } else { backtest.refuse() }
    }
    backtest.finish()
    return (BacktestOutput(backtest: backtest).document(), backtest)
}
