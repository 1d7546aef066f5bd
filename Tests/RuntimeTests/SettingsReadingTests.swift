import Runtime
import Testing

@Suite struct SettingsReadingTests {
    @Test(arguments: ["", "# nothing but a comment\n", "---\n", "~", "\u{FEFF}"])
    func `an empty file is all defaults`(_ yaml: String) {
        let document = settings(yaml)
        let forward = document.root.section("forward")
        #expect(forward.string("token") == nil)
        #expect(forward.strings("endpoints") == [])
        #expect(document.root.sections("routes").isEmpty)
        #expect(document.root.namedSections("partners").isEmpty)
        #expect(!document.root.isPresent("forward"))
        #expect(document.root.isEmpty)
        #expect(document.problems() == [])
    }

    @Test func `each type reads its own`() {
        let document = settings(
            """
            name: app-17
            version: 1.10
            country: no
            quoted: "12"
            port: 7_443
            negative: -5
            ratio: 0.25
            on: yes
            off: False
            wait: 1m30s
            size: 64MiB
            mode: shape
            nothing: ~
            endpoints:
              - https://a:7443
              - https://b:7443
            one: https://c
            """)
        let root = document.root
        #expect(root.string("name") == "app-17")
        #expect(root.string("version") == "1.10")
        #expect(root.string("country") == "no")
        #expect(root.integer("quoted") == 12)
        #expect(root.integer("port", in: 1...65535) == 7443)
        #expect(root.integer("negative") == -5)
        #expect(root.double("ratio", in: 0...1) == 0.25)
        #expect(root.bool("on") == true)
        #expect(root.bool("off") == false)
        #expect(root.duration("wait") == .seconds(90))
        #expect(root.byteCount("size") == 64 << 20)
        #expect(root.choice("mode", of: ["none", "shape"]) == "shape")
        #expect(root.string("nothing") == nil)
        #expect(!root.isPresent("nothing"))
        #expect(root.isPresent("name"))
        #expect(root.strings("endpoints") == ["https://a:7443", "https://b:7443"])
        #expect(root.strings("one") == ["https://c"])
        #expect(document.problems() == [])
    }

    @Test func `sections nest, lists of sections and free names keep their order`() {
        let document = settings(
            """
            forward: {tls: {ca: /etc/ca.pem}}
            routes:
              - {owner: payments}
              - owner: support
            partners:
              zendesk: {mode: none}
              api.stripe.com:
                mode: full
              empty:
            labels: {team: a, tier: "1"}
            """)
        let root = document.root
        #expect(root.section("forward").section("tls").string("ca") == "/etc/ca.pem")
        #expect(root.sections("routes").map { $0.string("owner") } == ["payments", "support"])
        #expect(root.sections("routes").map(\.path) == ["routes[0]", "routes[1]"])
        let partners = root.namedSections("partners")
        #expect(partners.map(\.name) == ["zendesk", "api.stripe.com", "empty"])
        #expect(partners.map { $0.section.string("mode") } == ["none", "full", nil])
        #expect(partners[1].section.path == "partners.\"api.stripe.com\"")
        #expect(root.namedStrings("labels").map(\.name) == ["team", "tier"])
        #expect(root.namedStrings("labels").map(\.value) == ["a", "1"])
        #expect(document.problems() == [])
    }

    @Test(arguments: [
        ("0", Duration.zero), ("250ms", .milliseconds(250)), ("10s", .seconds(10)), ("5m", .seconds(300)),
        ("72h", .seconds(259_200)), ("30d", .seconds(2_592_000)), ("2w", .seconds(1_209_600)),
        ("1.5s", .milliseconds(1500)),
        ("1h30m", .seconds(5400)), ("0.001us", .nanoseconds(1)), ("7µs", .microseconds(7)), ("1.5h", .seconds(5400)),
    ])
    func `durations are read`(_ text: String, _ duration: Duration) {
        #expect(settings("x: \(text)").root.duration("x") == duration)
    }

    @Test(arguments: [
        "10", "ten", "s", "", "-5s", "1 s", "5M", "10 minutes", "1..5s", "1.s", ".5s", "300000000000000000000s", "400y",
        "293y", "1e3s", "106752d", "0s0", "9999999999999999999w", "5s5",
    ])
    func `what is no duration is a problem`(_ text: String) {
        let document = settings("x: \"\(text)\"")
        #expect(document.root.duration("x") == nil)
        #expect(document.problems().count == 1)
        #expect(document.problems().first?.column == 4)
    }

    @Test(arguments: [
        ("512", 512), ("0", 0), ("1B", 1), ("1kB", 1000), ("1KiB", 1024), ("64MiB", 64 << 20), ("1GB", 1_000_000_000),
        ("1.5 GiB", 3 << 29), ("2TiB", 2 << 40), ("8388607TiB", 8_388_607 << 40),
    ])
    func `sizes are read`(_ text: String, _ byteCount: Int) {
        #expect(settings("x: \(text)").root.byteCount("x") == byteCount)
    }

    @Test(arguments: [
        "64M", "1G", "1K", "-1", "MiB", "1 GiBi", "8388608TiB", "99999999999999999999999", "1.2.3", "0x10",
    ])
    func `what is no size is a problem`(_ text: String) {
        let document = settings("x: \(text)")
        #expect(document.root.byteCount("x") == nil)
        #expect(document.problems().count == 1)
    }

    @Test(arguments: ["abc", "1.5", "0x10", "010", "1__0", "_1", "9223372036854775808", "\"\"", "[1]", "{a: 1}"])
    func `what is no whole number is a problem`(_ text: String) {
        let document = settings("x: \(text)")
        #expect(document.root.integer("x") == nil)
        #expect(document.problems().count == 1)
    }

    @Test func `ranges hold for numbers, durations and sizes`() {
        let document = settings("port: 0\nwait: 2h\nsize: 1KiB\nratio: 1.5\nfine: 65535\nmany: -1\n")
        #expect(document.root.integer("port", in: 1...65535) == nil)
        #expect(document.root.duration("wait", in: .seconds(1) ... .seconds(60)) == nil)
        #expect(document.root.byteCount("size", in: 4096...8192) == nil)
        #expect(document.root.double("ratio", in: 0...1) == nil)
        #expect(document.root.integer("fine", in: 1...65535) == 65535)
        #expect(document.root.integer("many", in: 0 ... .max) == nil)
        #expect(
            document.messages == [
                "`port` must be from 1 to 65535, not `0`",
                "`wait` must be from 1.0 seconds to 60.0 seconds, not `2h`",
                "`size` must be from 4096 bytes to 8192 bytes, not `1KiB`",
                "`ratio` must be from 0.0 to 1.0, not `1.5`",
                "`many` must be at least 0, not `-1`",
            ])
    }

    @Test func `a file that is not there is an error with its name`() {
        #expect {
            _ = try SettingsDocument.load(file: "/nonexistent/agent.yaml")
        } throws: { error in
            "\(error)" == "settings: cannot open /nonexistent/agent.yaml: No such file or directory"
        }
    }

    @Test func `a file is loaded by its name`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("port: x\n", to: "a.yaml")
        let document = try SettingsDocument.load(file: directory.file("a.yaml"))
        #expect(document.root.integer("port") == nil)
        #expect(document.problems().map(\.file) == [directory.file("a.yaml")])
    }

    @Test func `bytes that are no UTF-8 are a problem at their place`() {
        let document = SettingsDocument(bytes: Array("a: 1\nb: \"".utf8) + [0xFF, 0x22], file: "agent.yaml")
        let problems = document.problems()
        #expect(problems.map(\.message) == ["this is not text in UTF-8"])
        #expect(problems.map(\.line) == [2])
        #expect(problems.map(\.column) == [5])
    }
}
