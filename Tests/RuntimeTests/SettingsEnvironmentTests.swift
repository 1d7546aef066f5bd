import Runtime
import Testing

@Suite struct SettingsEnvironmentTests {
    @Test func `a variable overrides the file, and stands in for what the file lacks`() {
        let document = settings(
            "forward: {port: 1, endpoints: [a]}\nspool:\n",
            [
                "FARWATCH_FORWARD__PORT": "7443", "FARWATCH_FORWARD__ENDPOINTS": "https://x, https://y,",
                "FARWATCH_FORWARD__TLS__CA": "/ca.pem", "FARWATCH_SPOOL__MAX_BYTES": "1GiB", "PATH": "/bin",
            ])
        let forward = document.root.section("forward")
        #expect(forward.integer("port") == 7443)
        #expect(forward.strings("endpoints") == ["https://x", "https://y"])
        #expect(forward.isPresent("tls"))
        #expect(forward.section("tls").string("ca") == "/ca.pem")
        #expect(document.root.section("spool").byteCount("max_bytes") == 1 << 30)
        #expect(document.problems() == [])
    }

    @Test func `named sections are overridden by name, and made`() {
        let document = settings(
            "partners:\n  stripe: {mode: shape}\n  my-own.api: {mode: none}\n",
            [
                "FARWATCH_PARTNERS__STRIPE__MODE": "full", "FARWATCH_PARTNERS__MY_OWN_API__MODE": "redacted",
                "FARWATCH_PARTNERS__STRIPE_EU__MODE": "none", "FARWATCH_LABELS__TEAM": "payments",
            ])
        let partners = document.root.namedSections("partners").map { ($0.name, $0.section.string("mode")) }
        #expect(partners.map(\.0) == ["stripe", "my-own.api", "stripe_eu"])
        #expect(partners.map(\.1) == ["full", "redacted", "none"])
        #expect(document.root.namedStrings("labels").map { "\($0.name)=\($0.value)" } == ["team=payments"])
        #expect(document.problems() == [])
    }

    @Test func `list entries are overridden by number, and added`() {
        let document = settings(
            "routes:\n  - owner: a\n", ["FARWATCH_ROUTES__0__OWNER": "b", "FARWATCH_ROUTES__1__OWNER": "c"])
        #expect(document.root.sections("routes").map { $0.string("owner") } == ["b", "c"])
        #expect(document.problems() == [])
    }

    @Test func `an empty variable unsets`() {
        let document = settings("forward: {token: abc}\n", ["FARWATCH_FORWARD__TOKEN": ""])
        #expect(document.root.section("forward").secret("token") == nil)
        #expect(!document.root.section("forward").isPresent("token"))
        #expect(document.problems() == [])
    }

    @Test func `a variable that no setting asked for is a problem, unless it is allowed`() {
        let document = settings(
            "", ["FARWATCH_FORWARD__TOKN": "sk_live_1", "FARWATCH_CONFIG": "x", "FARWATCH_": "y"],
            allowed: ["FARWATCH_CONFIG"])
        _ = document.root.section("forward").secret("token")
        #expect(
            document.problems().map { $0.rendered() } == [
                "environment: FARWATCH_: no such setting",
                "environment: FARWATCH_FORWARD__TOKN: no such setting\n      = did you mean `FARWATCH_FORWARD__TOKEN`?",
            ])
    }

    @Test func `a value that does not fit is told by the variable's name`() {
        let document = settings(
            "", ["FARWATCH_PORT": "x", "FARWATCH_FORWARD": "y", "FARWATCH_ROUTES": "z"])
        #expect(document.root.integer("port") == nil)
        _ = document.root.section("forward").string("token")
        _ = document.root.sections("routes")
        #expect(
            document.problems().map { $0.rendered() } == [
                "environment: FARWATCH_FORWARD: `forward` is a section\n"
                    + "      = set one key of it: `FARWATCH_FORWARD__…`",
                "environment: FARWATCH_PORT: `port` must be a whole number, not `x`",
                "environment: FARWATCH_ROUTES: `routes` is a list of sections\n"
                    + "      = set one key of it: `FARWATCH_ROUTES__0__…`",
            ])
    }

    @Test func `another prefix belongs to another program`() {
        let document = SettingsDocument(
            yaml: "", file: "a", environment: ["OTHER_PORT": "1", "FARWATCH_PORT": "2"], prefix: "OTHER_")
        #expect(document.root.integer("port") == 1)
        #expect(document.problems() == [])
    }

    @Test func `this process's own variables can be listed`() {
        #expect(ThisProcess.environment["PATH"]?.isEmpty == false)
    }
}
