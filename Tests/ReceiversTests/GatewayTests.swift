import CallModel
import Receivers
import Testing
import Transport

/// Senders from elsewhere prove who they are, on every path and in each protocol's own way of being told.
struct GatewayTests {
    private let token = "0123456789abcdef"

    private func fixture() throws -> HandlerFixture {
        try HandlerFixture { $0.tokens = AcceptedTokens(["another-token-of-ours", token]) }
    }

    private func status(_ fixture: HandlerFixture, _ head: RequestHead) -> Int? {
        guard case .refuse(let response) = fixture.handler.admit(head) else { return nil }
        if response.status == 401 { #expect(response.headers[first: "www-authenticate"] == "Bearer") }
        return response.status
    }

    @Test(arguments: ["/v1/traces", "/v1/calls", "/v1/events", "/v1/users", "/v1/config"])
    func `a sender without a token is refused before its body is read`(path: String) throws {
        let fixture = try fixture()
        let method = path == "/v1/config" ? "GET" : "POST"
        func head(_ headers: [(String, String)]) -> RequestHead {
            fixture.head(path, method: method, type: "application/json", headers: headers)
        }
        #expect(status(fixture, head([])) == 401)
        #expect(status(fixture, head([("authorization", "Bearer " + token.dropLast())])) == 401)
        #expect(status(fixture, head([("authorization", "Bearer \(token)x")])) == 401)
        #expect(status(fixture, head([("authorization", "Basic " + token)])) == 401)
        #expect(status(fixture, head([("authorization", "Bearer ")])) == 401)
        #expect(status(fixture, head([("x-moesif-application-id", "wrong")])) == 401)
        #expect(status(fixture, head([("authorization", "Bearer " + token)])) == nil)
        #expect(status(fixture, head([("authorization", "bearer another-token-of-ours")])) == nil)
        #expect(status(fixture, head([("x-moesif-application-id", token)])) == nil)
    }

    @Test func `refusals are written as each protocol has them`() throws {
        let fixture = try fixture()
        guard case .refuse(let otlp) = fixture.handler.admit(fixture.head("/v1/traces", type: "application/json")),
            case .refuse(let native) = fixture.handler.admit(fixture.head("/v1/calls", type: "application/json")),
            case .refuse(let moesif) = fixture.handler.admit(fixture.head("/v1/events", type: "application/json"))
        else {
            Issue.record("not refused")
            return
        }
        #expect(otlp.text.contains(#""code":16"#))
        #expect(native.contentType == "application/problem+json")
        #expect(moesif.text.contains(#""moesif_error":{"code":"unauthorized""#))
        for response in [otlp, native, moesif] { #expect(!response.text.contains(token)) }
    }
}
