import CallModel
import Probes
import Testing

struct GovernorTests {
    /// A host in virtual time: what the agent, the applications and the probes use a second.
    private struct Host {
        var governor: Governor
        var time = 0.0
        private var agent = 0.0
        private var applications = 0.0
        private var probes = 0.0

        init(_ configuration: Governor.Configuration = Governor.Configuration()) {
            governor = Governor(configuration: configuration)
        }

        /// Runs so long with these shares of a core, and returns the steps with their times.
        mutating func run(
            seconds: Double, agent agentShare: Double = 0, applications applicationShare: Double = 1,
            probes probeShare: Double = 0
        ) -> [(at: Double, to: Governor.Level)] {
            var steps: [(Double, Governor.Level)] = []
            let end = time + seconds
            while time < end {
                time += 0.25
                agent += agentShare * 0.25
                applications += applicationShare * 0.25
                if governor.level != .detached { probes += probeShare * 0.25 }
                let reading = Governor.Reading(
                    agentCPU: .seconds(agent), applicationCPU: .seconds(applications), probeCost: .seconds(probes))
                if let step = governor.measured(reading, at: Instant(nanosecondsSinceEpoch: Int64(time * 1e9))) {
                    steps.append((time, step.to))
                }
            }
            return steps
        }
    }

    @Test func `within its ceilings nothing happens`() {
        var host = Host()
        #expect(host.run(seconds: 600, agent: 0.019, probes: 0.0045).isEmpty)
        #expect(host.governor.level == .full)
    }

    @Test func `over a ceiling it takes one step after another: bodies, successes, heads, and then it detaches`() {
        var host = Host()
        let steps = host.run(seconds: 30, agent: 0.03)
        #expect(steps.map(\.to) == [.shortBodies, .sampled, .metadata, .detached])
        #expect(host.governor.stepCounts == [0, 1, 1, 1, 1])
        #expect(host.governor.history[0].reason == "the agent used 3.00 % of a core, its ceiling is 2.00 %")
    }

    @Test func `what probes cost inside applications counts by itself`() {
        var host = Host()
        let steps = host.run(seconds: 3, agent: 0.001, applications: 0.5, probes: 0.004)
        #expect(steps.map(\.to) == [.shortBodies])
        #expect(host.governor.history[0].reason.hasPrefix("probes cost applications 0.81 % of their time"))
    }

    @Test func `far over a ceiling it detaches within a second`() throws {
        var host = Host()
        #expect(host.run(seconds: 10, agent: 0.001).isEmpty)
        let began = host.time
        let step = try #require(host.run(seconds: 5, agent: 0.9).first)
        #expect(step.to == .detached)
        #expect(step.at - began <= 1.0, "\(step.at - began) s")
    }

    @Test func `an application that hardly runs is not held to a share of nothing`() {
        var host = Host()
        #expect(host.run(seconds: 60, applications: 0, probes: 0.000_5).isEmpty)
        #expect(!host.run(seconds: 60, applications: 0, probes: 0.002).isEmpty)
    }

    @Test func `when it has been calm for a minute it goes one step back`() {
        var host = Host()
        _ = host.run(seconds: 3, agent: 0.03)
        #expect(host.governor.level == .shortBodies)
        #expect(host.run(seconds: 55, agent: 0.001).isEmpty)
        #expect(host.run(seconds: 20, agent: 0.001).map(\.to) == [.full])
    }

    @Test func `calm is broken by anything above half a ceiling`() {
        var host = Host()
        _ = host.run(seconds: 3, agent: 0.03)
        for _ in 0..<5 {
            #expect(host.run(seconds: 40, agent: 0.001).isEmpty && host.run(seconds: 5, agent: 0.015).isEmpty)
        }
        #expect(host.governor.level == .shortBodies)
    }

    @Test func `after a detachment it tries again with heads only, each time after twice as long`() {
        var host = Host()
        var detachedAt = host.run(seconds: 30, agent: 0.9)[0].at
        for wait in [300.0, 600, 1_200] {
            let steps = host.run(seconds: wait + 1 - (host.time - detachedAt), agent: 0)
            #expect(steps.map(\.to) == [.metadata])
            #expect(abs(steps[0].at - detachedAt - wait) < 1)
            detachedAt = host.run(seconds: 10, agent: 0.9)[0].at
        }
    }

    @Test func `it detaches for other reasons, once`() {
        var host = Host()
        #expect(host.governor.detach(because: "the watchdog", at: .epoch)?.to == .detached)
        #expect(host.governor.detach(because: "the watchdog", at: .epoch) == nil)
        #expect(host.governor.history.map(\.reason) == ["the watchdog"])
    }

    @Test func `a clock that leaps and sums that begin anew are no cost`() {
        var governor = Governor()
        let heavy = Governor.Reading(agentCPU: .seconds(100), applicationCPU: .seconds(100), probeCost: .seconds(100))
        let none = Governor.Reading(agentCPU: .zero, applicationCPU: .zero, probeCost: .zero)
        #expect(governor.measured(heavy, at: Instant(secondsSinceEpoch: 100)) == nil)
        #expect(governor.measured(none, at: Instant(secondsSinceEpoch: 101)) == nil)
        #expect(governor.measured(none, at: Instant(secondsSinceEpoch: 50)) == nil)
        #expect(governor.level == .full)
    }

    @Test func `each level takes less than the one before`() {
        let levels = Governor.Level.allCases
        for (more, less) in zip(levels, levels.dropFirst()) {
            #expect(less.bytesPerCall <= more.bytesPerCall && less.successWeight >= more.successWeight)
        }
    }
}
