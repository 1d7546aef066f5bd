import CallModel

/// Makes calls of one route for tests: a hundred good ones and one to explain.
enum ExplainedCalls {
    static func call(
        _ body: String, type: String = "application/json", status: Int = 201, answer: String? = nil,
        answerType: String = "application/json", customer: String = "acme", id: String = "c", form: Body.Form = .full,
        headers: [Header] = [], url: String = "https://api.pay.example/v1/orders"
    ) -> APICall {
        var call = APICall(
            time: Instant(secondsSinceEpoch: 1_790_000_000),
            request: APICall.Request(
                method: "POST", url: url, headers: [Header("content-type", type)] + headers,
                body: Body(body, form: form)),
            source: .json)
        call.id = id
        call.partner = "pay"
        call.route = "POST /v1/orders"
        call.customer = customer
        call.response = APICall.Response(
            status: status, headers: [Header("content-type", answerType)], body: answer.map { Body($0) })
        if status >= 400 { call.outcome = status >= 500 ? .serverError : .rejected }
        return call
    }

    /// An order as partners accept it; what is given replaces a member, nil removes it.
    static func order(_ seed: Int, _ changes: [String: String?] = [:]) -> String {
        var members: [(String, String)] = [
            ("reference", "\"r\(seed)x\(seed &* 7919 % 9973)\""), ("amount", "\(100 + seed * 37 % 5_000)"),
            ("currency", "\"\(["EUR", "USD", "GBP"][seed % 3])\""),
            ("email", "\"user\(seed)@mail\(seed % 9).example\""), ("note", "\"note \(seed % 50) of the day\""),
            ("shipped_on", "\"2026-0\(1 + seed % 9)-1\(seed % 10)\""),
            (
                "items",
                "["
                    + (0...(seed % 3)).map {
                        "{\"sku\":\"SKU-\(10 + ($0 + seed) % 20)\",\"quantity\":\(1 + ($0 + seed) % 9)}"
                    }
                    .joined(separator: ",") + "]"
            ),
        ]
        for (key, value) in changes.sorted(by: { $0.key < $1.key }) {
            members.removeAll { $0.0 == key }
            if let value { members.append((key, value)) }
        }
        return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }
}
