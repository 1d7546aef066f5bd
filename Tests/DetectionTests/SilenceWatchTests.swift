import CallModel
import Rollups
import Testing

@testable import Detection

struct SilenceWatchTests {
    private let start = Instant(rfc3339: "2026-11-02T00:00:00Z")!

    /// When a flow falls silent that calls for `on` seconds, rests for `off` of them, and so on, beside a fleet that never rests.
    private func silences(on: Int64, off: Int64, hours: Int64, stopsAfterHours stop: Int64? = nil) -> [Instant] {
        var watch = SilenceWatch()
        var found: [Instant] = []
        for second in stride(from: 0, to: hours * 3_600, by: 5) {
            let time = start + .seconds(second)
            watch.observe(CallCell(time: time, partner: 2))
            if second % (on + off) < on, stop.map({ second < $0 * 3_600 }) ?? true {
                watch.observe(CallCell(time: time, partner: 1, direction: .inbound))
            }
            if second % 10 == 0 { found += watch.look(at: time).silent.map { _ in time } }
        }
        return found
    }

    @Test func `a flow that calls in bursts is not silent between them`() {
        #expect(silences(on: 120, off: 90, hours: 48).isEmpty)
    }

    @Test func `when its bursts stop it is`() {
        let found = silences(on: 120, off: 90, hours: 32, stopsAfterHours: 30)
        #expect(found.count == 1)
        #expect(found.allSatisfy { $0 - start < .seconds(30 * 3_600 + 600) }, "\(found.map(\.rfc3339))")
    }

    @Test func `a steady flow's silence is seen within two minutes once it is known for a day`() {
        let found = silences(on: 60, off: 0, hours: 31, stopsAfterHours: 30)
        #expect(found.count == 1)
        #expect(found.allSatisfy { $0 - start < .seconds(30 * 3_600 + 180) })
    }

    @Test func `a flow that fades within an hour is not one that stops`() {
        var watch = SilenceWatch()
        var found = 0
        var callAt = 0.0
        for second in 0..<(30 * 3_600) as Range<Int64> {
            let time = start + .seconds(second)
            if second % 5 == 0 { watch.observe(CallCell(time: time, partner: 2)) }
            if Double(second) >= callAt {
                watch.observe(CallCell(time: time, partner: 1, direction: .inbound))
                // From the tenth hour on each pause is a tenth longer than the one before, up to ten minutes.
                let fading = Double(max(0, second - 36_000))
                callAt = Double(second) + min(600, max(6, fading / 10))
            }
            if second % 10 == 0 { found += watch.look(at: time).silent.count }
        }
        #expect(found == 0)
    }

    @Test func `what is known of the flows survives a restart bit by bit`() throws {
        var watch = SilenceWatch()
        for second in stride(from: 0, to: 20_000, by: 7) as StrideTo<Int64> {
            let time = start + .seconds(second)
            watch.observe(CallCell(time: time, partner: 1 + NameID(second % 3)))
            _ = watch.look(at: time)
        }
        var writer = StateWriter(version: 1)
        watch.write(to: &writer)
        watch.writePaces(to: &writer)
        var reader = try StateReader(writer.bytes, version: 1)
        var again = StateWriter(version: 1)
        var read = try SilenceWatch(&reader, configuration: SilenceWatch.Configuration())
        try read.readPaces(&reader)
        read.write(to: &again)
        read.writePaces(to: &again)
        #expect(again.bytes == writer.bytes)
    }
}
