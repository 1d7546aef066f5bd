import Glibc
import Runtime
import Testing

@Suite(.serialized) struct SignalTests {
    @Test func `signals arrive in order, at everybody who listens`() async throws {
        var all = try ProcessSignal.arrivals(of: [.hangUp, .terminate]).makeAsyncIterator()
        var some = try ProcessSignal.arrivals(of: [.hangUp]).makeAsyncIterator()
        kill(getpid(), SIGHUP)
        #expect(await all.next() == .hangUp)
        #expect(await some.next() == .hangUp)
        kill(getpid(), SIGTERM)
        #expect(await all.next() == .terminate)
        kill(getpid(), SIGHUP)
        #expect(await all.next() == .hangUp)
        #expect(await some.next() == .hangUp)
    }

    @Test func `when the last listener is gone the default returns`() async throws {
        func action() -> Bool {
            var action = sigaction()
            sigaction(SIGINT, nil, &action)
            return action.__sigaction_handler.sa_handler == nil
        }
        #expect(action())
        let first = Task {
            for await _ in try ProcessSignal.arrivals(of: [.interrupt]) { return }
        }
        let second = Task {
            for await signal in try ProcessSignal.arrivals(of: [.interrupt]) where signal == .interrupt { return }
        }
        // Long, because other tests may keep every core busy for minutes.
        var deadline = MonotonicClock.now() + 600_000_000_000
        while action(), MonotonicClock.now() < deadline { await Task.yield() }
        #expect(!action())
        first.cancel()
        second.cancel()
        _ = await (first.result, second.result)
        deadline = MonotonicClock.now() + 600_000_000_000
        while !action(), MonotonicClock.now() < deadline { await Task.yield() }
        #expect(action())
    }

    @Test func `writing to a closed pipe is an error and not the end`() throws {
        ProcessSignal.ignoreBrokenPipes()
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        defer { close(ends[1]) }
        #expect(write(ends[1], "x", 1) == -1)
        #expect(errno == EPIPE)
    }
}
