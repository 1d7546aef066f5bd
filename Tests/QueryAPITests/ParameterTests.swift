import CallModel
import Testing

@testable import QueryAPI

struct ParameterTests {
    private let fields = [
        APIField(name: "title", kind: .text(characterCountMax: 10), summary: "", isRequired: true),
        APIField(name: "count", kind: .integer(1...5), summary: ""),
        APIField(name: "kind", kind: .choice(["partner", "host"]), summary: ""),
    ]

    private func problem(_ body: String) -> APIProblem? {
        do {
            _ = try checkedBody(Array(body.utf8), fields, now: .epoch)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a good body is taken as it is`() throws {
        let values = try checkedBody(Array(#"{"title":"a","count":5,"kind":"host"}"#.utf8), fields, now: .epoch)
        #expect(values == ["title": "a", "count": "5", "kind": "host"])
    }

    @Test func `every fault of a body is told at once, each with its place`() throws {
        let problem = try #require(problem(#"{"count":9,"kind":"hosts","colour":"red"}"#))
        #expect(problem.status == 400)
        #expect(Set(problem.errors.map(\.pointer)) == ["/body/count", "/body/kind", "/body/colour", "/body/title"])
    }

    @Test(arguments: ["", "[]", "7", "{", #"{"title":7}"#, #"{"title":""}"#, #"{"title":"12345678901"}"#, "{}"])
    func `what is not wanted is refused`(body: String) { #expect(problem(body)?.status == 400) }

    @Test func `a name misspelt is answered with the one that was meant`() throws {
        let wrongField = try #require(problem(#"{"titel":"x"}"#))
        #expect(wrongField.hint == "did you mean `title`?")
        do {
            _ = try checkedQuery("partnr=x", [APIParameter(name: "partner", kind: .time, summary: "")], now: .epoch)
            Issue.record("an unknown parameter was taken")
        } catch {
            #expect(error.hint == "did you mean `partner`?")
            #expect(error.errors.map(\.pointer) == ["/query/partnr"])
        }
    }

    @Test(arguments: [
        ("$.a=1=2", "1=2"), ("$.a=", ""), ("$.a", nil),
    ]) func `a test of a body is a path and perhaps a value`(text: String, value: String?) throws {
        let test = try #require(parseJSONTest(text))
        #expect(test.value == value)
    }

    @Test func `a test of a header is a token and perhaps a value`() throws {
        #expect(parseHeaderTest("Retry-After: 30")?.name == "retry-after")
        #expect(parseHeaderTest("Retry-After: 30")?.value == "30")
        #expect(parseHeaderTest("x")?.value == nil)
        #expect(parseHeaderTest("a b: c") == nil && parseHeaderTest(": c") == nil)
    }
}
