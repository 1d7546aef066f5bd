import CallModel
import Glibc
import Runtime
import Testing

@testable import AgentApp

struct KeyLogTests {
    private let noon = Instant(secondsSinceEpoch: 1_795_000_000)

    private func problems(_ yaml: String) -> [String] {
        let document = SettingsDocument(yaml: "capture:\n  packets: \"on\"\n  key_log: \(yaml)\n", file: "agent.yaml")
        _ = AgentSettings(document.root, ownHostName: "app-1")
        return document.problems().map { "\($0)" }
    }

    private func time(in seconds: Int64) -> String {
        (Instant(nanosecondsSinceEpoch: WallClock.now()) + .seconds(seconds)).rfc3339
    }

    @Test func `a key log is refused without an end, or with one more than a day ahead`() {
        #expect(problems("{file: /keys, until: \(time(in: 3_600))}") == [])
        #expect(problems("{file: /keys}").contains { $0.contains("needs `until`") })
        #expect(problems("{file: /keys, until: \(time(in: 90_000))}").contains { $0.contains("more than a day") })
        #expect(problems("{file: keys, until: \(time(in: 60))}").contains { $0.contains("absolute") })
        #expect(problems("{file: /keys, until: tomorrow}").contains { $0.contains("no time") })
        #expect(problems("{file: /keys, until: \(time(in: -60))}") == [], "an agent must start after it, too")
    }

    @Test func `a key log needs packets`() {
        let yaml = "capture:\n  key_log: {file: /keys, until: \(time(in: 60))}\n"
        let document = SettingsDocument(yaml: yaml, file: "agent.yaml")
        _ = AgentSettings(document.root, ownHostName: "app-1")
        #expect(document.problems().contains { "\($0)".contains("not captured") })
    }

    /// Files as applications make them.
    private final class Folder {
        let path: String
        init() throws { path = try temporaryDirectory() }
        deinit { removeDirectory(path) }
        var file: String { path + "/keys" }

        func write(_ text: String, _ flags: Int32 = O_APPEND) {
            let number = open(file, O_WRONLY | O_CREAT | flags, 0o600)
            defer { close(number) }
            _ = Glibc.write(number, text, text.utf8.count)
        }
    }

    private func text(_ follower: inout KeyLogFollower, at now: Instant) -> String? {
        guard case .more(let bytes) = follower.read(at: now) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `a file that grows is followed, also when it is cut or another takes its place`() throws {
        let folder = try Folder()
        var follower = KeyLogFollower(KeyLogGrant(file: folder.file, until: noon + .seconds(60)))
        #expect(text(&follower, at: noon) == nil)
        #expect(follower.state.text.contains("cannot open"))
        folder.write("one\ntw")
        #expect(text(&follower, at: noon) == "one\ntw")
        #expect(text(&follower, at: noon) == nil)
        #expect(follower.state == .reading(until: noon + .seconds(60)))
        folder.write("o\n")
        #expect(text(&follower, at: noon) == "o\n")
        folder.write("x\n", O_TRUNC)
        #expect([text(&follower, at: noon), text(&follower, at: noon)] == ["\n", "x\n"])
        folder.write("last\n")
        rename(folder.file, folder.file + ".1")
        folder.write("new\n")
        #expect((0..<3).map { _ in text(&follower, at: noon) } == ["last\n", "\n", "new\n"])
    }

    @Test func `when its time is over it says so once and reads no more`() throws {
        let folder = try Folder()
        folder.write("one\n")
        var follower = KeyLogFollower(KeyLogGrant(file: folder.file, until: noon + .seconds(60)))
        #expect(text(&follower, at: noon + .seconds(59)) == "one\n")
        folder.write("two\n")
        #expect(follower.read(at: noon + .seconds(60)) == .expired)
        #expect(follower.read(at: noon + .seconds(61)) == nil)
        #expect(follower.state == .expired(at: noon + .seconds(60)))
    }

    @Test func `what is no file is not waited for`() throws {
        let folder = try Folder()
        #expect(mkfifo(folder.file, 0o600) == 0)
        var follower = KeyLogFollower(KeyLogGrant(file: folder.file, until: noon + .seconds(60)))
        #expect(follower.read(at: noon) == nil)
        #expect(follower.state.text.contains("cannot read"))
    }
}
