import Glibc
import Runtime
import Testing

@Suite struct SettingsProblemTests {
    /// What people get wrong, in the order in which it is printed.
    private static let mistakes = [
        "forward:\n  enpoints: [a]\n  token: abc\nspol:\n  max_bytes: 3\n"
            + "token: sk_live_1\nforwardd: {token: sk_live_2}\n",
        "forward:\n  endpoints: {a: b}\n  timeout: 10\n  max: 64M\n  port: 99999\n  on: maybe\n  mode: ful\n",
        "forward: 3\nspool: [1]\nroutes: {a: 1}\npartners:\n  stripe: full\n  zendesk: {mod: full}\n",
        "routes:\n  - owner: a\n    ower: b\n  - text\n  - [1]\n",
        "a:\n\tb: 1\n", "a:\n  b: 1\n c: 2\n", "a: b: c\n", "a: \"x\nb: 2\n", "a: @x\n", "a\nb: 1\n", "- 1\n- 2\n",
        "forward:\n  port: 1\n  port: 2\n", "a: *x\n", "a: !foo 1\n", "---\na: 1\n---\nb: 2\n", "a: [1, 2\nb: 3\n",
        "{a: 1\n", "a: \u{1}\n", "? [a]\n: 1\n", "a: \"\\q\"\n", "%YAML 3.0\n---\na: 1\n", "key:value\nb: 1\n",
        "a: 1\n  b: 2\n", String(repeating: "[", count: 40), "token: [sk_live_3\nb: 1\n",
        "url: postgres://farwatch:hunter2@db/farwatch\n", "grüße: 1\n日本: 2\n",
        "forward: {port: x, timeout: 1, max: y}\n", "long: \(String(repeating: "x", count: 300))\n",
    ]

    private func rendered(_ yaml: String) -> String {
        let document = settings(yaml)
        let root = document.root
        let forward = root.section("forward")
        _ = forward.strings("endpoints")
        _ = forward.secret("token")
        _ = forward.duration("timeout")
        _ = forward.byteCount("max")
        _ = forward.integer("port", in: 1...65535)
        _ = forward.bool("on")
        _ = forward.choice("mode", of: ["full", "shape"])
        _ = root.section("spool").byteCount("max_bytes")
        for route in root.sections("routes") { _ = route.string("owner") }
        for partner in root.namedSections("partners") { _ = partner.section.choice("mode", of: ["full", "shape"]) }
        return document.problems().map { $0.rendered() + "\n" }.joined()
    }

    /// `FARWATCH_RECORD=1` writes the file anew.
    @Test func `every mistake is told with its place, its line and what to do`() throws {
        let path =
            "\(#filePath)".split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Golden/settings-problems.txt"
        let actual = Self.mistakes.map { "\(rendered($0))\n" }.joined()
        if ThisProcess.environment["FARWATCH_RECORD"] == "1" {
            try Files.writeAtomically(Array(actual.utf8), to: path, mode: 0o644)
        }
        let expected = try text(of: path)
        #expect(actual == expected)
    }

    @Test func `no secret is ever shown`() {
        for yaml in Self.mistakes {
            let text = rendered(yaml)
            #expect(!text.contains("sk_live"))
            #expect(!text.contains("hunter2"))
        }
    }

    @Test func `the example of the documentation is true`() {
        let document = settings(String(repeating: "\n", count: 10) + "forward:\n  enpoints: [a]\n")
        _ = document.root.section("forward").strings("endpoints")
        #expect(
            document.problems().map { $0.rendered() } == [
                """
                agent.yaml:12:3: unknown key `enpoints` in `forward`
                   12 |   enpoints: …
                      |   ^^^^^^^^ did you mean `endpoints`?
                """
            ])
    }

    @Test(arguments: [
        ("max_byte", "max_bytes"), ("max-bytes", "max_bytes"), ("MaxBytes", "max_bytes"), ("MAX_BYTES", "max_bytes"),
        ("mxa_bytes", "max_bytes"), ("listne", "listen"), ("lisetn", "listen"), ("x", nil), ("completely", nil),
        ("caa", "ca"), ("ac", "ca"),
    ])
    func `a likely meaning is offered`(_ written: String, _ meant: String?) {
        let document = settings("\(written): 1\n")
        for key in ["max_bytes", "listen", "ca"] { _ = document.root.string(key) }
        let hint = document.problems().first?.hint
        #expect(hint == (meant.map { "did you mean `\($0)`?" } ?? "known here: ca, listen, max_bytes"))
    }

    @Test func `a key of another level is sent home`() {
        let document = settings("url: x\npartners:\n  stripe:\n    listen: y\nmode: full\n")
        _ = document.root.section("database").string("url")
        _ = document.root.section("api").string("listen")
        _ = document.root.section("ingest").string("listen")
        for partner in document.root.namedSections("partners") { _ = partner.section.string("mode") }
        #expect(
            document.problems().map(\.hint) == [
                "`url` belongs to `database`", "`listen` belongs to `api`, `ingest`",
                "`mode` belongs to `partners.<name>`",
            ])
    }

    @Test func `the app's own checks point at the value`() {
        let document = settings("forward:\n  endpoints: [a]\n  port: 1\n", ["FARWATCH_SPOOL__MAX": "1"])
        _ = document.root.section("forward").strings("endpoints")
        _ = document.root.section("forward").integer("port")
        _ = document.root.section("spool").integer("max")
        document.root.report("state_directory", "`state_directory` is required")
        document.root.section("forward").report("port", "this port is taken", hint: "use 7443")
        document.root.section("forward").report("token", "`forward.token` is required")
        document.root.section("spool").report("max", "too small")
        #expect(
            document.problems().map { $0.rendered() } == [
                "agent.yaml:1:1: `forward.token` is required\n    1 | forward:\n      | ^^^^^^^",
                "agent.yaml:1:1: `state_directory` is required",
                "agent.yaml:3:9: this port is taken\n    3 |   port: 1\n      |         ^ use 7443",
                "environment: FARWATCH_SPOOL__MAX: too small",
            ])
    }

    @Test func `the same problem is told once`() {
        let document = settings("port: x\n")
        for _ in 0..<3 { #expect(document.root.integer("port") == nil) }
        #expect(document.problems().count == 1)
        #expect(document.problems() == document.problems())
    }

    @Test func `a hundred problems are shown, and how many are not`() throws {
        let document = settings((0..<250).map { "key\($0): 1\n" }.joined())
        let problems = document.problems()
        try #require(problems.count == 101)
        #expect(problems[0].line == 1 && problems[99].line == 100)
        #expect(problems[100].message == "150 more problems are not shown")
    }

    @Test func `a part that somebody else reads may hold any key`() {
        let document = settings("mine: 1\ntheirs: {a: 1, b: {c: 2}}\n")
        _ = document.root.string("mine")
        document.root.section("theirs").acceptAnyKey()
        #expect(document.problems() == [])
    }

    @Test(arguments: ["aliases", "depth in braces", "depth in dashes", "bytes", "entries"])
    func `what would grow without bound is refused`(_ what: String) {
        let yaml =
            switch what {
            case "aliases": "a: &x [1,1]\nb: &y [*x,*x]\nc: [*y,*y]\n"
            case "depth in braces": String(repeating: "{a: ", count: 10_000)
            case "depth in dashes": String(repeating: "- ", count: 10_000)
            case "bytes": String(repeating: "a", count: SettingsDocument.byteCountMax + 1)
            default: String(repeating: "- a\n", count: 250_000)
            }
        #expect(settings(yaml).problems().count == 1)
    }
}
