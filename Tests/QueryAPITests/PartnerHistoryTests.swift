import CallModel
import QueryAPI
import Storage
import Testing

struct PartnerHistoryTests {
    private let now = Instant(rfc3339: "2026-11-24T12:00:00Z")!

    private func history(
        firstSeenDaysAgo days: Int64 = 200, _ outages: [(from: Int64, to: Int64?, worst: String)]
    ) -> PartnerHistory {
        var record = HistoryRecord()
        record.firstSeen = now - .seconds(days * 86_400)
        record.quarters = [HistoryCount(start: now - .seconds(900), calls: 100, failures: 7)]
        record.days = [HistoryCount(start: now - .seconds(12 * 3_600), calls: 900, failures: 9)]
        return PartnerHistory(
            record,
            outages: outages.map {
                PartnerHistory.Outage(
                    startedAt: now - .seconds($0.from), endedAt: $0.to.map { now - .seconds($0) }, worst: $0.worst)
            }, at: now)
    }

    private func period(_ history: PartnerHistory, _ name: String) throws -> PartnerHistory.Period {
        try #require(history.periods.first { $0.name == name })
    }

    @Test func `an hour of outage costs an hour of uptime, in every period that holds it`() throws {
        let history = history([(7_200, 3_600, "major_outage")])
        #expect(try period(history, "24h").uptimeRatio == 1 - 3_600 / 86_400.0)
        #expect(try period(history, "90d").uptimeRatio == 1 - 3_600 / (90 * 86_400.0))
        #expect(try period(history, "7d").meanRecoverySeconds == 3_600)
    }

    @Test func `how long it took to know is counted from the first failure, in the periods in which it came`() throws {
        let detections = [60, 90_000].map { (ago: Int64) in
            PartnerHistory.Detection(
                startedAt: now - .seconds(ago), openedAt: now - .seconds(ago - (ago == 60 ? 10 : 30)))
        }
        var record = HistoryRecord()
        record.firstSeen = now - .seconds(200 * 86_400)
        let history = PartnerHistory(record, outages: [], detections: detections, at: now)
        #expect(try period(history, "24h").meanDetectionSeconds == 10)
        #expect(try period(history, "7d").meanDetectionSeconds == 20)
        #expect(try period(history, "7d").longestDetectionSeconds == 30)
        #expect(try period(self.history([]), "7d").meanDetectionSeconds == nil)
    }

    @Test func `two outages at the same time are not down twice`() throws {
        let history = history([(7_200, 3_600, "major_outage"), (5_400, 3_600, "partial_outage")])
        #expect(try period(history, "24h").downSeconds == 3_600)
        #expect(try period(history, "24h").outages == 2)
    }

    @Test func `degraded is up, and told apart`() throws {
        let history = history([(7_200, 3_600, "degraded_performance")])
        #expect(try period(history, "24h").uptimeRatio == 1)
        #expect(try period(history, "24h").degradedSeconds == 3_600)
        #expect(try period(history, "24h").outages == 0)
        #expect(try period(history, "24h").degradations == 1)
        #expect(try period(history, "24h").meanRecoverySeconds == nil)
    }

    @Test func `an outage that goes on counts until now and has no time to recover`() throws {
        let history = history([(600, nil, "major_outage")])
        let day = try period(history, "24h")
        #expect(day.downSeconds == 600 && day.meanRecoverySeconds == nil)
        #expect(history.openSince == now - .seconds(600))
        #expect(history.quarters.last?.worst == "major_outage")
    }

    @Test func `an outage that began before a period counts in it only from its beginning`() throws {
        let history = history([(30 * 3_600, 23 * 3_600, "major_outage")])
        #expect(try period(history, "24h").downSeconds == 3_600)
        #expect(try period(history, "24h").outages == 0, "it began before")
        #expect(try period(history, "7d").outages == 1)
    }

    @Test func `nothing is said of the time before the first call`() throws {
        let history = history(firstSeenDaysAgo: 2, [(86_400, 43_200, "major_outage")])
        #expect(try period(history, "90d").since == now - .seconds(2 * 86_400))
        #expect(try period(history, "90d").uptimeRatio == 0.75)
        let never = PartnerHistory(HistoryRecord(), outages: [], at: now)
        #expect(never.periods.allSatisfy { $0.uptimeRatio == nil })
    }

    @Test func `steps are as many as drawn, the last holds now, and the unseen is not called fine`() {
        let history = history([])
        #expect(history.quarters.count == 96 && history.days.count == 90)
        #expect(history.quarters.last?.start == now)
        #expect(history.quarters[94].calls == 100 && history.quarters[94].worst == "operational")
        #expect(history.quarters[0].worst == nil)
        #expect(history.days.last?.calls == 900)
    }
}
