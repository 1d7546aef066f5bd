import CallModel
import Detection
import Rollups
import Testing

@testable import Incidents

/// A restart at any moment must change nothing that follows.
struct IncidentStateTests {
    private static func describe(_ event: IncidentCore.Event) -> String {
        let incident = event.incident
        return "\(event.at.rfc3339) \(event.kind) \(incident.id) \(incident.kind) \(incident.scope.partner) "
            + "\(incident.scope.host) \(incident.severity) \(incident.timeline.last?.what ?? "")"
    }

    private func live(_ fleet: inout Fleet, _ act: Int) {
        switch act {
        case 0: fleet.live(seconds: 1_500)
        case 1: fleet.live(seconds: 45) { $0.partner == 1 ? Symptom(.serverError) : nil }
        case 2: fleet.live(seconds: 60) { $0.host == 2 ? Symptom(.noAnswer(.unreachable)) : nil }
        case 3: fleet.live(seconds: 20) { $0.partner == 3 ? Symptom(.rateLimited) : nil }
        default: fleet.live(seconds: 300)
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `a core that was stored and read goes on as the one that was not`(seed: UInt64) throws {
        for cut in 1...4 {
            var whole = Fleet(seed: seed)
            for act in 0..<cut { live(&whole, act) }
            var restarted = whole
            var core = try IncidentCore(
                learned: whole.core.learned(), decided: whole.core.decided(), configuration: whole.core.configuration)
            for line in whole.core.detector.history.lines { for cell in line.cells { core.remember(cell) } }
            core.resume()
            restarted.core = core
            (whole.events, restarted.events) = ([], [])
            for act in cut..<5 {
                live(&whole, act)
                live(&restarted, act)
            }
            #expect(
                restarted.events.map(Self.describe) == whole.events.map(Self.describe), "seed \(seed), cut at \(cut)")
            #expect(!whole.events.isEmpty)
        }
    }

    @Test func `damaged state is refused and never traps`() throws {
        var fleet = Fleet(seed: 3)
        live(&fleet, 0)
        live(&fleet, 1)
        for bytes in [fleet.core.learned(), fleet.core.decided()] {
            let isLearned = bytes == fleet.core.learned()
            func read(_ damaged: [UInt8]) throws {
                _ = try IncidentCore(
                    learned: isLearned ? damaged : nil, decided: isLearned ? nil : damaged,
                    configuration: IncidentCore.Configuration())
            }
            for end in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 97)) {
                #expect(throws: StateError.self) { try read(Array(bytes[..<end])) }
            }
            #expect(throws: StateError.self) { try read(bytes + [0]) }
            // A bit here or there may still be a state, another one; it must only not stop the program.
            for place in stride(from: 4, to: bytes.count, by: max(1, bytes.count / 211)) {
                var damaged = bytes
                damaged[place] ^= 0x80
                try? read(damaged)
            }
        }
    }
}
