import Glibc
import Runtime
import Synchronization
import Testing

@Suite struct ChildProcessTests {
    private func shell(_ script: String, environment: [String: String] = ["PATH": "/usr/bin:/bin"])
        -> ProcessConfiguration
    {
        ProcessConfiguration("/bin/sh", ["-c", script], environment: environment)
    }

    private func run(_ configuration: ProcessConfiguration) async throws -> ProcessResult {
        try await ChildProcess.run(configuration, timeout: .seconds(600))
    }

    @Test func `output, error output and exit code come back`() async throws {
        let result = try await run(shell("echo out; echo err >&2; exit 3"))
        #expect(result.outputText == "out\n")
        #expect(result.errorText == "err\n")
        #expect(result.ending == .exited(code: 3))
        #expect(!result.succeeded)
    }

    @Test func `arguments and environment arrive as given, and nothing else`() async throws {
        var configuration = ProcessConfiguration(
            "/usr/bin/env", ["-0"], environment: ["A": "x y\n\"z\"", "B": "", "PATH": "/bin"])
        let result = try await run(configuration)
        #expect(result.outputText.split(separator: "\0").sorted() == ["A=x y\n\"z\"", "B=", "PATH=/bin"])
        configuration = ProcessConfiguration("/usr/bin/printf", ["%s|", "a b", "", "*", "é"])
        #expect(try await run(configuration).outputText == "a b||*|é|")
    }

    @Test func `a name is looked up in the PATH it is given`() async throws {
        let found = try await run(ProcessConfiguration("true", environment: ["PATH": "/nonexistent:/usr/bin:/bin"]))
        #expect(found.succeeded)
        await #expect(throws: ProcessError.notFound(program: "true")) {
            _ = try await ChildProcess.run(ProcessConfiguration("true", environment: ["PATH": "/nonexistent"]))
        }
    }

    @Test func `what cannot be started says at which step and why`() async throws {
        await #expect(throws: ProcessError.notStarted(program: "/nonexistent/x", step: "execute", errno: ENOENT)) {
            _ = try await ChildProcess.start(ProcessConfiguration("/nonexistent/x"))
        }
        let directory = try TemporaryDirectory()
        try directory.write("#!/bin/sh\n", to: "script")
        let script = directory.file("script")
        await #expect(throws: ProcessError.notStarted(program: script, step: "execute", errno: EACCES)) {
            _ = try await ChildProcess.start(ProcessConfiguration(script))
        }
        var elsewhere = shell("true")
        elsewhere.directory = "/nonexistent"
        await #expect(
            throws: ProcessError.notStarted(program: "/bin/sh", step: "enter the working directory", errno: ENOENT)
        ) {
            _ = try await ChildProcess.start(elsewhere)
        }
        let error = ProcessError.notStarted(program: "/nonexistent/x", step: "execute", errno: ENOENT)
        #expect("\(error)" == "cannot start /nonexistent/x: execute: No such file or directory")
    }

    @Test func `input is fed while output is read, however much of both`() async throws {
        var configuration = ProcessConfiguration("/bin/cat")
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        configuration.input = .bytes(bytes)
        configuration.output = .head(byteCountMax: 4_000_000)
        let result = try await run(configuration)
        #expect(result.output == bytes)
        #expect(result.outputDroppedByteCount == 0)
    }

    @Test func `a child that does not read its input is no trouble`() async throws {
        var configuration = shell("exit 4")
        configuration.input = .bytes([UInt8](repeating: 65, count: 1 << 20))
        #expect(try await run(configuration).ending == .exited(code: 4))
        #expect(try await run(shell("cat")).outputText == "")
    }

    @Test func `output is bounded: its head or its tail`() async throws {
        var configuration = shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; echo end >&2")
        configuration.output = .head(byteCountMax: 14)
        configuration.errorOutput = .discarded
        let head = try await run(configuration)
        #expect(head.outputText == "line 0\nline 1\n")
        #expect(head.outputDroppedByteCount == 208_890 - 14)
        #expect(head.errorText == "")
        configuration.output = .tail(byteCountMax: 22)
        let tail = try await run(configuration)
        #expect(tail.outputText == "line 19998\nline 19999\n")
        #expect(tail.outputDroppedByteCount == 208_890 - 22)
    }

    @Test func `lines are handed on as they come, the last one without its end too`() async throws {
        let lines = Mutex<[String]>([])
        var configuration = shell("printf 'one\\ntwo\\r\\n\\n123456789012\\nrest'")
        configuration.output = .lines(byteCountMax: 10) { line in lines.withLock { $0.append(line) } }
        let result = try await run(configuration)
        #expect(lines.withLock { $0 } == ["one", "two", "", "1234567890", "12", "rest"])
        #expect(result.output == [])
    }

    @Test func `the child gets its own directory, a clean signal state and no stray descriptor`() async throws {
        ProcessSignal.ignoreBrokenPipes()
        let directory = try TemporaryDirectory()
        let stray = open("/dev/null", O_RDONLY)
        defer { close(stray) }
        var configuration = shell("pwd; grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status; ls /proc/self/fd | wc -l")
        configuration.directory = directory.path
        let lines = try await run(configuration).outputText.split(separator: "\n").map(String.init)
        try #require(lines.count == 5)
        #expect(lines[0] == directory.path)
        #expect(lines[1].hasSuffix("0000000000000000"))
        // Signals 32 and 33 are libc's own; it lets nobody reset them.
        let ignored = try #require(UInt64(lines[2].suffix(16), radix: 16))
        #expect(ignored & 0x7FFF_FFFF == 0)
        // 0, 1, 2 and the one `ls` reads with; the shell's pipe to `wc` is its descriptor 1.
        #expect(lines[4].filter(\.isNumber) == "4")
    }

    @Test func `terminate asks, and kills when asking does not help`() async throws {
        let polite = try await ChildProcess.start(
            shell("trap 'exit 7' TERM; echo up; while :; do sleep 0.02; done").announcing())
        await polite.up()
        #expect(await polite.child.terminate(grace: .seconds(30)).ending == .exited(code: 7))
        #expect(!polite.child.isRunning)
        #expect(!polite.child.signal(SIGTERM))

        let stubborn = try await ChildProcess.start(
            shell("trap '' TERM; echo up; while :; do sleep 0.02; done").announcing())
        await stubborn.up()
        #expect(stubborn.child.isRunning)
        #expect(await stubborn.child.terminate(grace: .milliseconds(100)).ending == .signalled(SIGKILL))
    }

    @Test func `a cancelled task still ends its child in order`() async throws {
        let started = try await ChildProcess.start(
            shell("trap 'exit 7' TERM; echo up; while :; do sleep 0.02; done").announcing())
        await started.up()
        let task = Task { await started.child.terminate(grace: .seconds(30)) }
        task.cancel()
        #expect(await task.value.ending == .exited(code: 7))
    }

    @Test func `a run that takes too long is killed`() async throws {
        await #expect(throws: ProcessError.timedOut(program: "/bin/sleep", after: .milliseconds(50))) {
            _ = try await ChildProcess.run(.init("/bin/sleep", ["600"]), timeout: .milliseconds(50))
        }
    }

    @Test func `killing a child kills what it started`() async throws {
        let (lines, line) = AsyncStream<String>.makeStream()
        var configuration = shell("sleep 600 & echo $!; wait")
        configuration.output = .lines { line.yield($0) }
        let child = try await ChildProcess.start(configuration)
        var iterator = lines.makeAsyncIterator()
        let grandchild = try #require(await iterator.next().flatMap { Int32($0) })
        #expect(isRunning(grandchild))
        #expect(child.kill())
        #expect(await child.wait().ending == .signalled(SIGKILL))
        // It was sent the same signal, and may take a moment to be gone.
        let deadline = MonotonicClock.now() + 600_000_000_000
        while isRunning(grandchild), MonotonicClock.now() < deadline { await Task.yield() }
        #expect(!isRunning(grandchild))
    }

    @Test func `a grandchild that keeps the output open holds nobody up`() async throws {
        let result = try await run(shell("sleep 600 & echo $!; exit 0"))
        let grandchild = try #require(Int32(result.outputText.filter(\.isNumber)))
        #expect(isRunning(grandchild))
        kill(grandchild, SIGKILL)
    }

    @Test func `the same works for a thread that may block`() async throws {
        let worker = try WorkerThread(name: "w")
        let result = try await worker.run {
            try ChildProcess.runBlocking(.init("/bin/echo", ["x"]), timeout: .seconds(60))
        }
        #expect(result.outputText == "x\n")
        let ending = try await worker.run {
            let child = try ChildProcess.startBlocking(.init("/bin/sleep", ["600"]))
            let early = child.waitBlocking(timeout: .milliseconds(20))
            return (early, child.terminateBlocking(grace: .seconds(30)).ending)
        }
        #expect(ending.0 == nil)
        #expect(ending.1 == .signalled(SIGTERM))
        await #expect(throws: ProcessError.timedOut(program: "/bin/sleep", after: .milliseconds(50))) {
            try await worker.run {
                _ = try ChildProcess.runBlocking(.init("/bin/sleep", ["600"]), timeout: .milliseconds(50))
            }
        }
        await #expect(throws: ProcessError.notStarted(program: "/nonexistent", step: "execute", errno: ENOENT)) {
            try await worker.run { _ = try ChildProcess.startBlocking(.init("/nonexistent")) }
        }
    }

    @Test func `many at once, and all are reaped`() async throws {
        let codes = try await withThrowingTaskGroup(of: Int32?.self) { group in
            for code in 0..<Int32(40) {
                group.addTask {
                    let result = try await ChildProcess.run(
                        .init("/bin/sh", ["-c", "exit \(code)"]), timeout: .seconds(60))
                    if case .exited(let code) = result.ending { return code }
                    return nil
                }
            }
            return try await group.reduce(into: [Int32]()) { codes, code in codes.append(code ?? -1) }
        }
        #expect(codes.sorted() == Array(0..<40))
    }

    @Test func `a process group of its own, or the parent's`() async throws {
        var configuration = shell("ps -o pgid= -p $$")
        let own = try await ChildProcess.start(configuration)
        #expect(await own.wait().outputText.filter(\.isNumber) == "\(own.processID)")
        configuration.ownProcessGroup = false
        #expect(try await run(configuration).outputText.filter(\.isNumber) == "\(getpgrp())")
    }

    @Test func `the child asks to die with its parent, whose thread lives on`() async throws {
        #if arch(x86_64)
        let prctl = 157
        #else
        let prctl = 167
        #endif
        // 2 is PR_GET_PDEATHSIG.
        let script = "my $s = pack('i', 0); syscall(\(prctl), 2, $s, 0, 0, 0); print unpack('i', $s)"
        var configuration = ProcessConfiguration("/usr/bin/perl", ["-e", script])
        #expect(try await run(configuration).outputText == "0")
        configuration.parentDeathSignal = SIGINT
        #expect(try await run(configuration).outputText == "2")

        var sleeper = shell("echo up; sleep 0.3; echo still")
        sleeper.parentDeathSignal = SIGKILL
        #expect(try await run(sleeper).outputText == "up\nstill\n")
    }

    @Test func `another user takes root, and there is no way back`() async throws {
        let nobody = try UserIdentity.named("nobody")
        var configuration = shell("id -u; id -g; id -G; test -w /proc/1/oom_score_adj && echo root")
        configuration.user = nobody
        guard geteuid() == 0 else {
            configuration.user = try UserIdentity.named("root")
            await #expect(throws: ProcessError.notStarted(program: "/bin/sh", step: "change the user", errno: EPERM)) {
                _ = try await ChildProcess.start(configuration)
            }
            return
        }
        configuration.user?.groups = [4, nobody.group]
        // What only root could ask for is still there after the change of user.
        configuration.parentDeathSignal = SIGTERM
        let lines = try await run(configuration).outputText.split(separator: "\n")
        try #require(lines.count == 3)
        #expect(lines[0] == "\(nobody.user)")
        #expect(lines[1] == "\(nobody.group)")
        #expect(lines[2].split(separator: " ").compactMap { UInt32($0) }.sorted() == [4, nobody.group].sorted())
    }

    @Test func `running as oneself needs no privilege`() async throws {
        var configuration = shell("id -u")
        configuration.user = .current
        #expect(try await run(configuration).outputText == "\(geteuid())\n")
    }

    @Test func `users are found by name`() throws {
        #expect(try UserIdentity.named("root").user == 0)
        #expect(throws: ProcessError.unknownUser("no-such-user")) { _ = try UserIdentity.named("no-such-user") }
        #expect(UserIdentity.current.user == geteuid())
    }

    @Test func `what the child said so far can be read while it runs`() async throws {
        let started = try await ChildProcess.start(shell("echo problem >&2; echo up; sleep 600").announcing())
        await started.up()
        // Both outputs are read by one thread, the error output at the latest at the end.
        started.child.kill()
        let result = await started.child.wait()
        #expect(result.errorText == "problem\n")
        #expect(started.child.errorTextSoFar == "problem\n")
    }

    @Test func `no descriptor is left open`() async throws {
        for _ in 0..<3 { _ = try await run(shell("echo x; echo y >&2")) }
        let worker = try WorkerThread(name: "w")
        // Other tests open and close descriptors meanwhile, so the least of many looks counts; until it is small enough, because
        // what is left open stays open, and what others have open does not.
        func least(waitingFor wanted: Int = 0) async throws -> Int {
            var least = Int.max
            for look in 0..<30_000 where look < 20 || (wanted > 0 && least >= wanted) {
                least = min(least, try await worker.run { try Files.names(in: "/proc/self/fd").count })
                try await Task.sleep(for: .milliseconds(2))
            }
            return least
        }
        let before = try await least()
        for _ in 0..<60 {
            var configuration = shell("cat >/dev/null; echo x; exit 1")
            configuration.input = .bytes([1, 2, 3])
            _ = try await run(configuration)
            _ = try? await ChildProcess.start(ProcessConfiguration("/nonexistent"))
        }
        #expect(try await least(waitingFor: before + 60) < before + 60)
    }
}

/// A child with the line by which it says that it is ready.
private struct Announced {
    var child: ChildProcess
    var lines: AsyncStream<String>

    func up() async {
        for await line in lines where line == "up" { return }
    }
}

private struct Announcing {
    var configuration: ProcessConfiguration
    var lines: AsyncStream<String>
}

extension ProcessConfiguration {
    fileprivate func announcing() -> Announcing {
        let (lines, line) = AsyncStream<String>.makeStream()
        var copy = self
        copy.output = .lines { line.yield($0) }
        return Announcing(configuration: copy, lines: lines)
    }
}

extension ChildProcess {
    fileprivate static func start(_ announcing: Announcing) async throws -> Announced {
        Announced(child: try await start(announcing.configuration), lines: announcing.lines)
    }
}

/// True while a process exists and is more than a zombie.
private func isRunning(_ process: Int32) -> Bool {
    guard let status = try? text(of: "/proc/\(process)/stat"), let end = status.lastIndex(of: ")") else { return false }
    return status[status.index(end, offsetBy: 2)] != "Z"
}
