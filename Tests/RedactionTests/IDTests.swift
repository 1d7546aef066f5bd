import CallModel
import Redaction
import Testing

/// Repeats are known by their ids, so redaction must keep different ones different.
@Suite struct IDTests {
    private func redacted(_ id: String) -> String? {
        var redactor = Redactor(policy: .failClosed)
        var call = APICall(time: .epoch, request: .init(method: "GET", url: "https://a.example/"), source: .otlp)
        call.id = id
        redactor.redact(&call, now: .epoch)
        return call.id
    }

    @Test(arguments: [
        "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", "7c0e3b52-9c3d-4d1e-8f7a-1b2c3d4e5f60", "order-77", "a-1",
    ])
    func `ids that are no secrets stay`(id: String) {
        #expect(redacted(id) == id)
    }

    @Test func `random ids stay apart, and equal ones equal`() {
        let first = "2aY7bPqT8wXzLm4NcV5rJk9sDf"
        let second = "2aY7bPqT8wXzLm4NcV5rJk9sDg"
        #expect(redacted(first) == redacted(first))
        #expect(redacted(first) != redacted(second))
        #expect(redacted(first)?.hasPrefix("id-") == true)
    }

    @Test(arguments: ["ann@acme.example", "4242424242424242", "123-45-6789"])
    func `what may be tried out goes`(id: String) {
        #expect(redacted(id) == nil)
    }
}
