import Runtime
import Testing

@Suite struct SecretTests {
    private struct Holder {
        var name = "x"
        var secret = Secret("hunter2")
    }

    @Test func `a secret never prints`() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        dump(Holder(), to: &dumped)
        dump([secret as Any, Optional(secret) as Any], to: &dumped)
        let texts = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\(Holder())",
            String(reflecting: Holder()),
            "\([secret])", "\(String(describing: Optional(secret)))", dumped,
            "\(Mirror(reflecting: secret).children.map { $0 })",
        ]
        for text in texts { #expect(!text.contains("hunter2")) }
        #expect("\(secret)" == "<redacted>")
        #expect(dumped.contains("<redacted>"))
        #expect(secret.reveal == "hunter2")
    }

    @Test func `secrets equal by their content, so that a reload sees a change`() {
        #expect(Secret("a") == Secret("a"))
        #expect(Secret("a") != Secret("b"))
    }

    @Test func `a secret is written out, in a file, or in a variable`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("from-file\n", to: "token")
        try directory.write("two\nlines\r\n", to: "key")
        let document = settings(
            """
            a: literal
            b: file:\(directory.file("token"))
            c: env:MY_TOKEN
            d: file:\(directory.file("key"))
            e: env:FARWATCH_KEY
            """,
            ["MY_TOKEN": "from-variable", "FARWATCH_F": "file:\(directory.file("token"))", "FARWATCH_KEY": "k"])
        #expect(document.root.secret("a")?.reveal == "literal")
        #expect(document.root.secret("b")?.reveal == "from-file")
        #expect(document.root.secret("c")?.reveal == "from-variable")
        #expect(document.root.secret("d")?.reveal == "two\nlines")
        #expect(document.root.secret("e")?.reveal == "k")
        #expect(document.root.secret("f")?.reveal == "from-file")
        #expect(document.problems() == [])
    }

    @Test func `a secret that is not there is a problem at its place`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("\n", to: "empty")
        let document = settings(
            """
            a: file:/nonexistent/token
            b: env:NO_SUCH
            c: ""
            d: file:\(directory.file("empty"))
            e: file:\(directory.path)
            f: [x]
            """
        )
        for key in ["a", "b", "c", "d", "e", "f"] { #expect(document.root.secret(key) == nil) }
        #expect(
            document.messages == [
                "`a`: cannot open /nonexistent/token: No such file or directory",
                "`b`: the variable NO_SUCH is not set",
                "`c` is empty", "`d`: \(directory.file("empty")) is empty",
                "`e`: cannot read \(directory.path): Is a directory", "`f` must be a secret, not a list",
            ])
        #expect(document.problems().map(\.line) == [1, 2, 3, 4, 5, 6])
    }

    @Test func `a whole line with a secret is not shown when something else is wrong with it`() {
        let document = settings(
            "forward: {endpoint: x, token: hunter2}\npassword: hunter2\napi_key: hunter2 }\nurl: http://u:hunter2@h\n")
        _ = document.root.section("forward").secret("token")
        for problem in document.problems() { #expect(!problem.rendered().contains("hunter2")) }
        #expect(document.problems().count == 4)
    }
}
