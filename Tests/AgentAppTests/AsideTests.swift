import BatchFormat
import CallModel
import Documents
import Runtime
import Spool
import Testing

@testable import AgentApp

/// What was set aside is told where somebody looks: in `status` and by `doctor`.
@Suite struct AsideTests {
    private func settings(_ directory: String) -> AgentSettings {
        AgentSettings(
            SettingsDocument(yaml: "state_directory: \(directory)\n", file: "agent.yaml").root, ownHostName: "app-1")
    }

    private func call(_ number: Int) -> APICall {
        var call = APICall(
            time: .epoch, request: .init(method: "GET", url: "https://api.stripe.com/v1/charges"), source: .json)
        call.id = "c-\(number)"
        call.response = .init(status: 200)
        return call
    }

    @Test func `a batch that was refused is counted, dated and found, and doctor has a remedy`() async throws {
        let directory = try temporaryDirectory()
        defer { removeDirectory(directory) }
        let settings = settings(directory)
        let doctor = Doctor(settings: settings, config: "agent.yaml", now: .epoch)
        #expect(doctor.asideFindings.isEmpty, "there is not even a spool")
        let spool = try Spool(
            directory: settings.spoolDirectory, configuration: settings.spool, catalogueVersion: "0123456789abcdef")
        await withCheckedContinuation { done in spool.append([call(1), call(2)]) { _ in done.resume() } }
        try await spool.seal()
        let waiting = try #require(await spool.pending(after: 0, limit: 10).first)
        #expect(await spool.setAside(waiting.sequence))
        try await spool.close()
        try Files.writeAtomically([1, 2, 3], to: settings.spoolDirectory + "/00000000000000000099.bad")

        let found = AsideBatches.look(in: settings.spoolDirectory)
        #expect((found.refusedCount, found.damagedCount) == (1, 1))
        #expect(found.byteCount > 3 && found.oldestFile?.hasSuffix(".refused") == true)
        let age = Instant(nanosecondsSinceEpoch: WallClock.now()) - (try #require(found.oldestSealedAt))
        #expect(age >= .zero && age < .seconds(60))

        let finding = try #require(doctor.asideFindings.first)
        #expect(finding.detail.contains("1 refused by the aggregator, 1 damaged on disk"))
        #expect(finding.detail.contains(settings.spoolDirectory) && finding.remedy?.contains("rm ") == true)

        var level = SpoolLevel()
        level.asideCount = found.count
        let document = StatusDocument(
            agentID: "a", settings: settings, catalogue: CallPipeline(settings, MetricsRegistry()).catalogue,
            startedAt: .epoch, now: .epoch, tally: PipelineTally.State(), spool: level, statistics: SpoolStatistics(),
            aside: found
        ).json()
        let lines = try JSONParser().parse(document) { statusLines($0) }
        #expect(lines.contains { $0.hasPrefix("set aside  1 batches refused") && $0.contains(settings.spoolDirectory) })
    }

    @Test func `an empty spool has nothing to say of it`() {
        #expect(AsideBatches.look(in: "/nonexistent/farwatch") == AsideBatches())
    }
}
