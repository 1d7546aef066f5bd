import Forwarder
import SimulationKit
import Testing
import Transport

struct ForwarderCoreTests {
    private let second: Int64 = 1_000_000_000

    private func core(_ urls: [String] = ["http://127.0.0.1:1"], _ agentID: String = "app-1") -> ForwarderCore {
        ForwarderCore(ForwarderConfiguration(endpoints: urls.compactMap { Endpoint(url: $0) }), agentID: agentID)
    }

    @Test func `agents spread over the endpoints, and when one goes only its own agents move`() {
        let urls = (1...3).map { "http://127.0.0.1:\($0)" }
        let chosen = (0..<600).map { urls[core(urls, "agent-\($0)").endpoint] }
        for url in urls { #expect(chosen.count { $0 == url } > 150, "\(url)") }
        #expect(chosen == (0..<600).map { urls[core(urls, "agent-\($0)").endpoint] }, "each time the same")
        let fewer = Array(urls.dropLast())
        for (agent, url) in chosen.enumerated() where url != urls[2] {
            #expect(fewer[core(fewer, "agent-\(agent)").endpoint] == url, "agent-\(agent)")
        }
    }

    @Test func `batches go oldest first, a few at once`() {
        var core = core()
        core.offered([1, 2, 3, 4, 5, 6])
        #expect(core.next(at: 0) == [1, 2, 3, 4])
        #expect(core.next(at: 0).isEmpty)
        #expect(core.answered(2, .status(200, retryAfter: nil), at: 0, random: 0) == .acknowledge)
        #expect(core.next(at: 0) == [5])
    }

    @Test func `other endpoints are asked at once, whatever wait the old ones had earned`() {
        var core = core(["http://127.0.0.1:1", "http://127.0.0.1:2"])
        core.offered([1, 2])
        _ = core.next(at: 0)
        for sequence in [1, 2] as [UInt64] {
            _ = core.answered(sequence, .status(401, retryAfter: nil), at: 0, random: 1)
        }
        #expect(core.next(at: second).isEmpty)
        core.use(ForwarderConfiguration(endpoints: [Endpoint(url: "http://127.0.0.1:3")!]), agentID: "app-1")
        #expect(core.endpoint == 0)
        #expect(core.next(at: second) == [1, 2])
    }

    @Test func `a batch offered twice is sent once`() {
        var core = core()
        core.offered([1, 2])
        core.offered([1, 2, 3])
        #expect(core.next(at: 0) == [1, 2, 3])
    }

    @Test(arguments: [400, 409, 413])
    func `what will never be taken is set aside and holds nothing up`(status: Int) {
        var core = core()
        core.offered([1, 2])
        _ = core.next(at: 0)
        #expect(core.answered(1, .status(status, retryAfter: nil), at: 0, random: 1) == .setAside(status: status))
        core.offered([3])
        #expect(core.next(at: 0) == [3])
    }

    @Test(arguments: [401, 403, 404, 415, 429, 500, 503])
    func `everything else is kept`(status: Int) {
        var core = core()
        core.offered([1])
        _ = core.next(at: 0)
        #expect(core.answered(1, .status(status, retryAfter: nil), at: 0, random: 0.5) == .keep)
        #expect(core.next(at: 600 * second) == [1])
    }

    @Test func `nothing is sent before Retry-After has passed, and then one batch goes ahead`() {
        var core = core()
        core.offered([1, 2, 3])
        _ = core.next(at: 0)
        for sequence in [1, 2, 3] as [UInt64] {
            #expect(core.answered(sequence, .status(503, retryAfter: .seconds(7)), at: 0, random: 0) == .keep)
        }
        #expect(core.nextDeadline == 7 * second)
        #expect(core.next(at: 7 * second - 1).isEmpty)
        #expect(core.next(at: 7 * second) == [1])
        #expect(core.next(at: 7 * second).isEmpty)
        #expect(core.answered(1, .status(200, retryAfter: nil), at: 8 * second, random: 0) == .acknowledge)
        #expect(core.next(at: 8 * second) == [2, 3])
    }

    @Test func `waits grow with failures and stay within their bound`() {
        var core = core()
        core.offered([1])
        var now: Int64 = 0
        var waits: [Int64] = []
        for _ in 0..<20 {
            #expect(core.next(at: now) == [1])
            _ = core.answered(1, .failed, at: now, random: 1)
            waits.append(core.nextDeadline! - now)
            now = core.nextDeadline!
        }
        #expect(waits == waits.sorted())
        #expect(waits.first! < second)
        #expect(waits.last! > 20 * second && waits.last! <= 31 * second)
    }

    @Test func `after failures the next endpoint is tried, and the preferred one again later`() {
        var core = core(["http://127.0.0.1:1", "http://127.0.0.1:2"])
        core.offered([1])
        let preferred = core.endpoint
        var now: Int64 = 0
        for _ in 0..<3 {
            _ = core.next(at: now)
            _ = core.answered(1, .failed, at: now, random: 0)
            now = core.nextDeadline!
        }
        #expect(core.endpoint != preferred)
        _ = core.next(at: now)
        _ = core.answered(1, .status(200, retryAfter: nil), at: now, random: 0)
        core.offered([2])
        #expect(core.next(at: now + 61 * second) == [2])
        #expect(core.endpoint == preferred)
    }

    @Test(arguments: 1...50 as ClosedRange<UInt64>)
    func `whatever is answered, every batch ends acknowledged or set aside, exactly once`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var core = core(["http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"])
        var settled: [UInt64: Int] = [:]
        var inFlight: [UInt64] = []
        core.offered(Array(1...40))
        var now: Int64 = 0
        var steps = 0
        while settled.count < 40, steps < 20_000 {
            steps += 1
            inFlight += core.next(at: now)
            guard !inFlight.isEmpty else {
                now = max(now, core.nextDeadline ?? now)
                continue
            }
            let sequence = inFlight.remove(at: Int.random(in: 0..<inFlight.count, using: &random))
            let answers: [ForwarderCore.Answer] = [
                .failed, .status(200, retryAfter: nil), .status(503, retryAfter: .seconds(1)),
                .status(400, retryAfter: nil),
                .status(401, retryAfter: nil),
            ]
            switch core.answered(
                sequence, answers.randomElement(using: &random)!, at: now,
                random: Double.random(in: 0..<1, using: &random))
            {
            case .acknowledge, .setAside: settled[sequence, default: 0] += 1
            case .keep, .forget: break
            }
        }
        #expect(settled.count == 40, "seed \(seed)")
        #expect(settled.values.allSatisfy { $0 == 1 }, "seed \(seed)")
    }
}

/// docs/decisions/live-first.md.
struct LiveFirstTests {
    private func core() -> ForwarderCore {
        ForwarderCore(
            ForwarderConfiguration(endpoints: [Endpoint(isTLS: false, host: "127.0.0.1", port: 1)]), agentID: "app-1")
    }

    @Test func `while many wait three of four are the newest and the fourth is the oldest`() {
        var core = core()
        core.offered(Array(1...100))
        var sent: [UInt64] = []
        for _ in 0..<5 {
            let batches = core.next(at: 0)
            sent += batches
            for sequence in batches {
                _ = core.answered(sequence, .status(200, retryAfter: nil), at: 0, random: 0)
            }
        }
        #expect(sent == [1, 100, 99, 98, 2, 97, 96, 95, 3, 94, 93, 92, 4, 91, 90, 89, 5, 88, 87, 86])
        core.offered([101])
        #expect(core.next(at: 0).contains(101))
    }

    @Test func `in the end everything has gone, each once`() {
        var core = core()
        core.offered(Array(1...5_000))
        var sent: [UInt64] = []
        while true {
            let batches = core.next(at: 0)
            if batches.isEmpty { break }
            sent += batches
            for sequence in batches {
                _ = core.answered(sequence, .status(200, retryAfter: nil), at: 0, random: 0)
            }
        }
        #expect(sent.sorted() == Array(1...5_000))
    }

    @Test func `a batch on which the other side always fails holds up no other`() {
        var core = core()
        core.offered(Array(1...30))
        var now: Int64 = 0
        var stored: Set<UInt64> = []
        for _ in 0..<400 {
            for sequence in core.next(at: now) {
                let answer: ForwarderCore.Answer = .status(sequence == 1 ? 500 : 200, retryAfter: nil)
                if core.answered(sequence, answer, at: now, random: 0.1) == .acknowledge { stored.insert(sequence) }
            }
            now = max(now + 1, core.nextDeadline ?? now)
        }
        #expect(stored == Set(2...30))
    }

    @Test func `what the disk refused to read is sent later, what is damaged is forgotten`() {
        var core = core()
        core.offered([1, 2])
        _ = core.next(at: 0)
        #expect(core.answered(1, .unread, at: 0, random: 0) == .keep)
        #expect(core.answered(2, .damaged, at: 0, random: 0) == .forget)
        #expect(core.next(at: 0).isEmpty)
        #expect(core.next(at: 1_000_000_000) == [1])
        #expect(core.nextDeadline == nil)
    }
}
