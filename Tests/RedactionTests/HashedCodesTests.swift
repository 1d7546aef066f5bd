import CallModel
import Redaction
import Testing

@Suite struct HashedCodesTests {
    private func redacted(_ body: String, hashesCodes: Bool, hasKey: Bool = true) -> String {
        var policy = RedactionPolicy()
        policy.hashesCodes = hashesCodes
        if hasKey { policy.hash = KeyedHash(key: Array(0..<16)) }
        var redactor = Redactor(policy: policy)
        var call = APICall(
            time: .epoch, request: .init(method: "POST", url: "https://api.example.com/v1/x"), source: .json)
        call.request.headers = [Header("content-type", "application/json")]
        call.request.body = Body(body)
        redactor.redact(&call, now: .epoch)
        return String(decoding: call.request.body?.bytes ?? [], as: UTF8.self)
    }

    @Test func `codes are hashed only where the operator asks for it and gives a key`() {
        let body = #"{"currency":"EUR"}"#
        #expect(redacted(body, hashesCodes: true).contains("string/3/alpha3#"))
        #expect(!redacted(body, hashesCodes: false).contains("#"))
        #expect(!redacted(body, hashesCodes: true, hasKey: false).contains("#"))
    }

    @Test(arguments: [
        "access_token", "Password", "cvc", "first_name", "lastName", "firstname", "ZIP", "iban", "api-key",
    ])
    func `what says a secret or a person is never hashed`(key: String) {
        #expect(!redacted("{\"\(key)\":\"smith1\"}", hashesCodes: true).contains("#"))
    }
}
