/// What Moesif's clients write, taken down as they wrote it: Python's separators, nulls for what is not set.
enum MoesifBodies {
    /// moesifapi 1.5.5.
    static let event =
        #"{"request": {"time": "2026-11-24T05:00:00.250", "uri": "https://api.stripe.com/v1/charges/ch_0?expand=customer", "#
        + #""verb": "POST", "headers": {"Content-Type": "application/json", "X-Shop": "shop-0"}, "api_version": "1.1.0", "#
        + #""ip_address": "203.0.113.7", "body": {"amount": 0, "items": [{"sku": "a"}]}, "transfer_encoding": "json"}, "#
        + #""response": {"time": "2026-11-24T05:00:00.375", "status": 200, "headers": {"Content-Type": "text/plain", "#
        + #""Retry-After": "3"}, "body": "cGxhaW4gdGV4dA==", "ip_address": null, "transfer_encoding": "base64"}, "#
        + #""session_token": "a-session", "tags": null, "user_id": "ann", "company_id": "company-0", "#
        + #""metadata": {"note": "x"}, "direction": "Outgoing", "weight": 1, "blocked_by": null, "#
        + #""transaction_id": "e2257204-20bc-49d5-a619-9dd5e171ac0d"}"#

    /// moesifwsgi 1.10.5: a customer's call that came in.
    static let wsgi =
        #"{"request": {"time": "2026-11-24T05:00:06.437", "uri": "http://127.0.0.1:33679/orders/200", "verb": "POST", "#
        + #""headers": {"Content-Length": "12", "Content-Type": "application/json", "Host": "127.0.0.1:33679", "#
        + #""User-Agent": "python-requests/2.34.2", "Accept": "*/*", "X-Company": "acme", "#
        + #""X-Moesif-Transaction-Id": "49de5eb7-45f5-46b4-9aa0-1444ad32f111"}, "api_version": null, "#
        + #""ip_address": "127.0.0.1", "body": {"sku": "a"}, "transfer_encoding": "json"}, "response": "#
        + #"{"time": "2026-11-24T05:00:06.759", "status": 201, "headers": {"Content-Type": "application/json", "#
        + #""Content-Length": "16"}, "body": {"charged": 200}, "ip_address": null, "transfer_encoding": "json"}, "#
        + #""session_token": null, "tags": null, "user_id": "ann@acme.example", "company_id": "acme", "metadata": null, "#
        + #""direction": "Incoming", "weight": 1, "blocked_by": null, "transaction_id": "9e0185d6-a4d2-4256-9794-9465165ca408"}"#

    /// The same for a page: an empty body, and one that is no JSON.
    static let wsgiPage =
        #"{"request": {"time": "2026-11-24T05:00:07.501", "uri": "http://127.0.0.1:33679/account/ann", "verb": "POST", "#
        + #""headers": {"Content-Length": "0", "Content-Type": "text/plain", "Cookie": "session=1"}, "api_version": null, "#
        + #""ip_address": "127.0.0.1", "body": "", "transfer_encoding": "base64"}, "response": "#
        + #"{"time": "2026-11-24T05:00:07.501", "status": 200, "headers": {"Content-Type": "application/json"}, "#
        + #""body": "PGh0bWw+c29tZWJvZHkncyBwYWdlPC9odG1sPg==", "ip_address": null, "transfer_encoding": "base64"}, "#
        + #""session_token": null, "tags": null, "user_id": "ann@acme.example", "company_id": null, "metadata": null, "#
        + #""direction": "Incoming", "weight": 1, "blocked_by": null, "transaction_id": "69fb6f0c-dfea-483c-aa5e-2052476db5d5"}"#

    /// moesifdjango 2.3.13: what went out, with six digits of a second.
    static let django =
        #"{"request": {"time": "2026-11-24T05:00:51.033000", "uri": "http://127.0.0.1:37801/status/503", "verb": "POST", "#
        + #""headers": {"User-Agent": "python-requests/2.34.2", "Accept": "*/*", "Content-Length": "13", "#
        + #""Content-Type": "application/json"}, "api_version": null, "ip_address": null, "body": {"amount": 7}, "#
        + #""transfer_encoding": "json"}, "response": {"time": "2026-11-24T05:00:51.225000", "status": 503, "headers": "#
        + #"{"Server": "BaseHTTP/0.6 Python/3.11.7", "content-type": "application/json", "request-id": "req_4"}, "#
        + #""body": {"id": "ch_1", "status": 503}, "ip_address": null, "transfer_encoding": "json"}, "session_token": null, "#
        + #""tags": null, "user_id": null, "company_id": "acme", "metadata": null, "direction": "Outgoing", "weight": 1, "#
        + #""blocked_by": null, "transaction_id": "364d45b8-c043-4a72-8aae-0cf2ed5d066d"}"#

    static let user =
        #"{"user_id": "ann@acme.example", "company_id": null, "modified_time": null, "ip_address": null, "#
        + #""session_token": null, "user_agent_string": null, "metadata": {"email": "ann@acme.example"}, "campaign": null}"#

    static let company =
        #"{"company_id": "company-1", "company_domain": null, "modified_time": null, "ip_address": null, "#
        + #""session_token": null, "metadata": null, "campaign": null}"#
}
