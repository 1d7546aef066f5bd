import Glibc
import Runtime
import Testing

@Suite struct FilesTests {
    @Test func `a file is written whole, with its mode, and nothing is left beside it`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("a")
        try Files.writeAtomically(Array("one".utf8), to: path)
        #expect(try text(of: path) == "one")
        #expect(mode(of: path) == 0o600)
        try Files.writeAtomically(Array("two".utf8), to: path, mode: 0o664)
        #expect(try text(of: path) == "two")
        #expect(mode(of: path) == 0o664)
        try Files.writeAtomically([], to: path)
        #expect(try text(of: path) == "")
        #expect(try Files.names(in: directory.path) == ["a"])
    }

    @Test func `when it cannot be written the old content stays`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("d")
        try Files.createDirectory(path)
        // A file cannot take the name of a directory.
        #expect(throws: FileError.self) { try Files.writeAtomically([1], to: path) }
        #expect(try Files.names(in: directory.path) == ["d"])
        #expect {
            try Files.writeAtomically([1], to: directory.file("none/a"))
        } throws: { error in
            (error as? FileError)?.systemError == ENOENT
        }
    }

    @Test func `a symbolic link is replaced, not followed`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("kept", to: "target")
        try #require(symlink(directory.file("target"), directory.file("link")) == 0)
        try directory.write("new", to: "link")
        #expect(try text(of: directory.file("target")) == "kept")
        #expect(try text(of: directory.file("link")) == "new")
    }

    @Test func `reading is bounded, to the byte`() throws {
        let directory = try TemporaryDirectory()
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
        try Files.writeAtomically(bytes, to: directory.file("a"))
        #expect(try Files.read(directory.file("a"), byteCountMax: 200_000) == bytes)
        #expect(throws: FileError.tooLarge(path: directory.file("a"), byteCountMax: 199_999)) {
            _ = try Files.read(directory.file("a"), byteCountMax: 199_999)
        }
        #expect(try Files.read("/dev/null", byteCountMax: 0) == [])
        #expect(try !Files.read("/proc/self/stat", byteCountMax: 4096).isEmpty)
        #expect(throws: FileError.tooLarge(path: "/dev/zero", byteCountMax: 1 << 20)) {
            _ = try Files.read("/dev/zero", byteCountMax: 1 << 20)
        }
    }

    @Test func `directories are made with those above, exactly as told`() throws {
        let directory = try TemporaryDirectory()
        try Files.createDirectory(directory.file("a/b/c"), mode: 0o770)
        #expect(mode(of: directory.file("a")) == 0o770)
        #expect(mode(of: directory.file("a/b/c")) == 0o770)
        try Files.createDirectory(directory.file("a/b/c"), mode: 0o700)
        #expect(mode(of: directory.file("a/b/c")) == 0o770)
        try Files.createDirectory(directory.file("x/y/"), mode: 0o700)
        #expect(Files.isDirectory(directory.file("x/y")))
        try directory.write("", to: "file")
        #expect(throws: FileError.notADirectory(path: directory.file("file"))) {
            try Files.createDirectory(directory.file("file"))
        }
        #expect(throws: FileError.self) { try Files.createDirectory(directory.file("file/below")) }
    }

    @Test(arguments: [
        ("/a/b", "/a"), ("/a", "/"), ("/", "/"), ("a", "."), ("a/b/", "a"), ("", "."), ("//", "/"), ("a//b", "a/"),
    ])
    func `the directory of a path`(_ path: String, _ directory: String) {
        #expect(Files.directory(of: path) == directory)
    }

    @Test func `removing, listing and measuring`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("", to: "b")
        try directory.write("", to: "a")
        #expect(try Files.names(in: directory.path) == ["a", "b"])
        #expect(Files.exists(directory.file("a")))
        try Files.remove(directory.file("a"))
        try Files.remove(directory.file("a"))
        #expect(!Files.exists(directory.file("a")))
        #expect(try Files.availableByteCount(at: directory.path) > 0)
        try Files.setOwner(directory.file("b"), user: geteuid(), group: getegid())
        #expect(throws: FileError.self) { _ = try Files.names(in: directory.file("none")) }
    }

    @Test func `errors say what was tried, on what, and why`() {
        #expect {
            _ = try Files.read("/nonexistent", byteCountMax: 1)
        } throws: {
            "\($0)" == "cannot open /nonexistent: No such file or directory"
        }
    }
}

@Suite struct LockFileTests {
    @Test func `the second to come is told who was first`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("lock")
        var lock: LockFile? = try LockFile(path: path)
        #expect(lock?.path == path)
        #expect(throws: FileError.locked(path: path, processID: ThisProcess.id)) { _ = try LockFile(path: path) }
        #expect("\(FileError.locked(path: path, processID: 7))" == "\(path) is held by process 7; stop it first")
        lock = nil
        #expect(try text(of: path) == "\(ThisProcess.id)\n")
        _ = try LockFile(path: path)
    }

    @Test func `another process is kept out and kept out of`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("lock")
        let lock = try LockFile(path: path)
        let environment = ThisProcess.environment
        let refused = try await ChildProcess.run(
            ProcessConfiguration("flock", ["-n", path, "true"], environment: environment), timeout: .seconds(120))
        #expect(refused.ending == .exited(code: 1))
        withExtendedLifetime(lock) {}

        let other = directory.file("other")
        var holder = ProcessConfiguration(
            "flock", [other, "sh", "-c", "echo held; exec sleep 600"], environment: environment)
        let (lines, line) = AsyncStream<String>.makeStream()
        holder.output = .lines { line.yield($0) }
        let child = try await ChildProcess.start(holder)
        var iterator = lines.makeAsyncIterator()
        #expect(await iterator.next() == "held")
        // `flock` writes no number into the file, so no holder is named.
        #expect(throws: FileError.locked(path: other, processID: nil)) { _ = try LockFile(path: other) }
        child.kill()
        _ = await child.wait()
    }

    @Test func `a lock survives no process, however it ends`() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("lock")
        let killed = try await ChildProcess.run(
            ProcessConfiguration(
                "flock", ["-o", path, "sh", "-c", "kill -9 $PPID"], environment: ThisProcess.environment),
            timeout: .seconds(120))
        #expect(killed.ending == .signalled(SIGKILL))
        _ = try LockFile(path: path)
    }
}
