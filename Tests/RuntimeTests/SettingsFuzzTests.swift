import Runtime
import SimulationKit
import Testing

@Suite struct SettingsFuzzTests {
    private static let example = """
        state_directory: /var/lib/farwatch # where
        receive: {listen: "127.0.0.1:4318", trust_host: false}
        forward:
          endpoints: [https://a:7443, 'https://b:7443']
          token: file:/etc/farwatch/token
          timeout: 10s
          tls: {ca: /etc/ca.pem}
        spool:
          max_bytes: 1GiB
        partners:
          stripe:
            mode: shape
          "api.example.com": {mode: full, until: 2026-12-31}
        routes:
          - owner: payments
            after: 5m
          - {owner: support}
        text: |
          one
           two
        folded: >-
          three

        """

    /// Asks in every way, at every place the example has.
    private func readAll(_ document: SettingsDocument) -> [SettingsProblem] {
        let root = document.root
        _ = root.string("state_directory")
        _ = root.section("receive").bool("trust_host")
        let forward = root.section("forward")
        _ = forward.strings("endpoints")
        _ = forward.string("token")
        _ = forward.duration("timeout")
        _ = forward.section("tls").string("ca")
        _ = root.section("spool").byteCount("max_bytes", in: 1...100)
        _ = root.section("spool").integer("max_bytes")
        _ = root.section("spool").double("max_bytes")
        for (_, partner) in root.namedSections("partners") { _ = partner.choice("mode", of: ["full"]) }
        for route in root.sections("routes") {
            _ = route.duration("after")
            _ = route.isPresent("owner")
            route.report("owner", "x", hint: "y")
            route.report(nil, "x")
        }
        _ = root.namedStrings("labels")
        return document.problems()
    }

    /// Every problem can be shown, and points into the file.
    private func check(_ bytes: [UInt8], _ note: String) {
        let lineCount = String(decoding: bytes, as: UTF8.self).unicodeScalars.count + 1
        let problems = readAll(SettingsDocument(bytes: bytes, file: "agent.yaml"))
        #expect(problems.count <= SettingsProblemTests.problemsMax, "\(note)")
        for problem in problems {
            let isPlaced =
                problem.line >= 0 && problem.line <= lineCount && problem.column >= 0 && problem.caretWidth >= 1
            #expect(isPlaced, "\(note)")
            let text = problem.rendered()
            #expect(text.utf8.count < 4096, "\(note)")
            #expect(
                !text.unicodeScalars.contains { $0.properties.generalCategory == .control && $0 != "\n" }, "\(note)")
        }
    }

    @Test func `the example reads without a flaw in its form`() {
        let document = settings(Self.example)
        #expect(document.root.section("forward").strings("endpoints") == ["https://a:7443", "https://b:7443"])
        #expect(document.root.string("text") == "one\n two\n")
        #expect(document.root.sections("routes").count == 2)
    }

    @Test func `the example cut at every byte never crashes`() {
        let bytes = Array(Self.example.utf8)
        for end in 0...bytes.count { check(Array(bytes.prefix(end)), "cut at \(end)") }
    }

    @Test func `random bytes never crash`() {
        let seed: UInt64 = 20_261_123
        var random = SeededGenerator(seed: seed)
        for round in 0..<1500 {
            let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            check(bytes, "seed \(seed) round \(round)")
        }
    }

    @Test func `random YAML-like text never crashes`() {
        let seed: UInt64 = 7
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "a", "b: ", "- ", "\n", "  ", "\t", "[", "]", "{", "}", ",", ": ", "? ", "| ", "> ", "\"", "'", "&x ", "*x",
            "!t ", "---\n",
            "...\n", "%YAML 1.1\n", "#", "\\", "\r\n", "\u{85}", "\u{2028}", "é", "𝄞", "\0", "<<: ", "~",
            "forward:\n  ", "routes:\n",
        ]
        for round in 0..<4000 {
            let text = (0..<Int.random(in: 1...40, using: &random)).map { _ in pieces.randomElement(using: &random)! }
                .joined()
            check(Array(text.utf8), "seed \(seed) round \(round)")
        }
    }

    @Test func `the example with bytes changed never crashes`() {
        let seed: UInt64 = 42
        var random = SeededGenerator(seed: seed)
        let original = Array(Self.example.utf8)
        for round in 0..<2500 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(Array(" \t:-[]{}\"'\n#&*!|>%@`,?".utf8).randomElement(using: &random)!, at: place)
                default:
                    bytes.insert(contentsOf: bytes[place...].prefix(Int.random(in: 1...30, using: &random)), at: place)
                }
            }
            check(bytes, "seed \(seed) round \(round)")
        }
    }

    @Test func `random variables never crash`() {
        let seed: UInt64 = 99
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "FORWARD", "__", "_", "ROUTES", "0", "1", "PARTNERS", "STRIPE", "MODE", "TOKEN", "é", "-", "SPOOL",
            "MAX_BYTES", "LABELS",
        ]
        for round in 0..<500 {
            var environment: [String: String] = [:]
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                let name = (0..<Int.random(in: 0...6, using: &random)).map { _ in pieces.randomElement(using: &random)!
                }.joined()
                environment["FARWATCH_" + name] = ["", "x", "1", "5s", "a,b", ",", "\n"].randomElement(using: &random)!
            }
            let problems = readAll(settings(Self.example, environment))
            #expect(problems.allSatisfy { !$0.rendered().isEmpty }, "seed \(seed) round \(round)")
        }
    }
}

extension SettingsProblemTests {
    /// A hundred, and the one that says how many more.
    static let problemsMax = 101
}
