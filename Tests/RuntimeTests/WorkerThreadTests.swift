import Glibc
import Runtime
import Synchronization
import Testing

@Suite struct WorkerThreadTests {
    private struct Refused: Error, Equatable {}

    @Test func `work is done in order, on one thread of its own name`() async throws {
        let worker = try WorkerThread(name: "spool-writer")
        let seen = Mutex<[Int]>([])
        for number in 0..<1000 { try worker.submit { seen.withLock { $0.append(number) } } }
        let (name, thread) = try await worker.run { (threadName(), "\(pthread_self())") }
        #expect(seen.withLock { $0 } == Array(0..<1000))
        #expect(name == "spool-writer")
        #expect(try await worker.run { "\(pthread_self())" } == thread)
    }

    @Test func `results and errors come back`() async throws {
        let worker = try WorkerThread(name: "w")
        #expect(try await worker.run { 42 } == 42)
        await #expect(throws: Refused()) { try await worker.run { throw Refused() } }
        #expect(try await worker.run { "still here" } == "still here")
    }

    @Test func `a full queue refuses at once`() async throws {
        let worker = try WorkerThread(name: "w", queueMax: 2)
        let (started, gate) = (Gate(), Gate())
        try worker.submit {
            started.open()
            gate.wait()
        }
        await Task.detached { started.wait() }.value
        try worker.submit {}
        try worker.submit {}
        #expect(worker.waitingCount == 2)
        #expect(throws: WorkerError.queueFull(name: "w", queueMax: 2)) { try worker.submit {} }
        await #expect(throws: WorkerError.queueFull(name: "w", queueMax: 2)) { try await worker.run {} }
        gate.open()
        await worker.stopAndWait()
        #expect(worker.waitingCount == 0)
    }

    @Test func `stopping finishes what was given and takes no more`() async throws {
        let worker = try WorkerThread(name: "w")
        let counter = Counted()
        for _ in 0..<100 { try worker.submit { counter.add() } }
        await worker.stopAndWait()
        #expect(counter.value == 100)
        #expect(throws: WorkerError.stopped(name: "w")) { try worker.submit {} }
        await worker.stopAndWait()
        worker.join()
    }

    @Test func `letting go of it ends the thread after its work`() async throws {
        let counter = Counted()
        let done = Gate()
        do {
            let worker = try WorkerThread(name: "w")
            for _ in 0..<10 { try worker.submit { counter.add() } }
            try worker.submit { done.open() }
        }
        await Task.detached { done.wait() }.value
        #expect(counter.value == 10)
    }

    @Test func `many tasks may hand in work at once`() async throws {
        let worker = try WorkerThread(name: "w", queueMax: 100_000)
        let total = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<500 { group.addTask { try await worker.run { number } } }
            return try await group.reduce(0, +)
        }
        #expect(total == 499 * 500 / 2)
        await worker.stopAndWait()
    }
}

private func threadName() -> String {
    ((try? text(of: "/proc/thread-self/comm")) ?? "").filter { $0 != "\n" }
}

private final class Counted: Sendable {
    private let count = Atomic<Int>(0)
    func add() { count.wrappingAdd(1, ordering: .relaxed) }
    var value: Int { count.load(ordering: .relaxed) }
}

/// Opens once; whoever waits blocks its thread until then.
private final class Gate: @unchecked Sendable {
    // The pipe serialises: its end is what opens the gate.
    private let ends: (reading: Int32, writing: Int32)

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0)
        self.ends = (ends[0], ends[1])
    }

    deinit {
        close(ends.reading)
        close(ends.writing)
    }

    func open() {
        var byte: UInt8 = 1
        write(ends.writing, &byte, 1)
    }

    func wait() {
        var byte: UInt8 = 0
        while read(ends.reading, &byte, 1) < 0 {}
    }
}
