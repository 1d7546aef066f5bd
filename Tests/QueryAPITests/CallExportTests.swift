import CallModel
import Documents
import QueryAPI
import Storage
import Testing

struct CallExportTests {
    private func call(_ body: Body?, headers: [Header] = [], url: String = "https://a.example/x?b=1&c=a%20b") -> APICall
    {
        var call = APICall(
            time: .epoch, request: .init(method: "POST", url: url, headers: headers, body: body), source: .json)
        call.response = .init(status: 402, headers: [Header("content-type", "application/json")], body: Body("{}"))
        call.duration = .milliseconds(250)
        return call
    }

    @Test func `nothing from a call gets out of its quotes`() {
        let command = curlCommand(
            call(
                Body("it's; rm -rf / $(id) `id`"),
                headers: [Header("x-a", "v'; reboot; '"), Header("@/etc/passwd", "x")],
                url: "https://a.example/'$(id)'"))
        #expect(command.contains(#"--data-raw 'it'\''s; rm -rf / $(id) `id`'"#))
        #expect(command.contains(#"--header 'x-a: v'\''; reboot; '\'''"#))
        #expect(!command.contains("passwd"), "curl reads a header argument that begins with @ from a file")
        #expect(command.contains(#"--url 'https://a.example/'\''$(id)'\'''"#))
        // A quote with a combining mark behind it is one character to Swift, and a quote and more to a shell.
        #expect(curlCommand(call(Body("x'\u{301};reboot"))).contains("--data-raw 'x'\\''\u{301};reboot'"))
        // What is not in quotes holds nothing of the call.
        var (isQuoted, isEscaped) = (false, false)
        var outside = ""
        for character in command {
            switch (isQuoted, character) {
            case (true, _): isQuoted = character != "'"
            case (false, _) where isEscaped: isEscaped = false
            case (false, "\\"): isEscaped = true
            case (false, "'"): isQuoted = true
            case (false, _): outside.append(character)
            }
        }
        #expect(!isQuoted)
        #expect(!outside.contains("reboot") && !outside.contains("$") && !outside.contains("`"))
    }

    @Test func `a body that is not there any more is said to be missing`() {
        #expect(curlCommand(call(Body(#"{"a":"string/3"}"#, form: .shape))).hasPrefix("# Of the body only its shape"))
        #expect(!curlCommand(call(Body("# x\nrm", form: .shape))).contains("\nrm"), "a comment has one line")
        #expect(curlCommand(call(Body([0xff, 0xfe]))).hasPrefix("# The body (2 bytes) is no text"))
    }

    @Test func `HAR has what HAR must have`() throws {
        let stored = StoredCall(
            id: "i", call: call(Body("{}", form: .redacted)),
            cursor: CallCursor(timeMicroseconds: 0, block: 0, row: 0))
        try JSONParser().parse(harDocument([stored], version: "1")) { document in
            let log = document.member("log")
            #expect(log?.member("version")?.string == "1.2")
            var count = 0
            log?.member("entries")?.forEachElement { entry in
                count += 1
                #expect(entry.member("time")?.double == 250)
                for name: StaticString in [
                    "method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize",
                ] {
                    #expect(entry.member("request")?.member(name) != nil, "\(name)")
                }
                for name: StaticString in [
                    "status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL",
                ] {
                    #expect(entry.member("response")?.member(name) != nil, "\(name)")
                }
                var query: [String] = []
                entry.member("request")?.member("queryString")?.forEachElement {
                    query.append("\($0.member("name")?.string ?? "")=\($0.member("value")?.string ?? "")")
                }
                #expect(query == ["b=1", "c=a b"])
            }
            #expect(count == 1)
        }
    }
}
