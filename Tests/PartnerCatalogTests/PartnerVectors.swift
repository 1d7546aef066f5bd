/// Real messages of partners, as their own documentation, API description or client writes them, and what they mean. Nothing
/// here is made from the catalogue's data: whoever changes either must know that both are right.
///
/// A block is one message; its first line tells partner, kind and where it was read (as of 2026-11-28). A webhook's `=` line
/// tells event, delivery, attempt and subscription; a limit's tells limit, remaining and the epoch second of the reset of its
/// first figure; an answer's tells the outcome. `-` stands for what is not told. Secrets and ids are shortened or made up.
let partnerVectors = """
    github webhook docs.github.com/en/webhooks/webhook-events-and-payloads; github.com/octokit/webhooks.js README
    X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958
    X-GitHub-Event: issues
    X-GitHub-Hook-ID: 292430182
    X-Hub-Signature-256: sha256=d57c68ca6f92289e6987922ff26938930f6e66a2
    User-Agent: GitHub-Hookshot/044aadd
    = issues 72d3162e-cc78-11e3-81ab-4c9367dc0958 - 292430182

    shopify webhook github.com/Shopify/shopify-app-js packages/apps/shopify-api/lib/types.ts, its webhook tests
    X-Shopify-API-Version: 2025-07
    X-Shopify-Domain: shop.myshopify.io
    X-Shopify-Hmac-Sha256: hJ6TbKqLq0pNlWpR8o2mXh1nYxk8PzQyP2h7cYt0c1M=
    X-Shopify-Topic: products/create
    X-Shopify-Webhook-Id: b54557e4-bdd9-4b37-8a5f-bf7d70bcd043
    = products/create b54557e4-bdd9-4b37-8a5f-bf7d70bcd043 - -

    slack webhook github.com/slackapi/bolt-python slack_bolt/middleware/request_verification, socket_mode/internals.py
    x-slack-request-timestamp: 1531420618
    x-slack-signature: v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503
    x-slack-retry-num: 2
    x-slack-retry-reason: http_timeout
    = - - 3 -

    gitlab webhook gitlab.com/gitlab-org/gitlab doc/user/project/integrations/webhooks.md
    X-Gitlab-Event: Merge Request Hook
    = Merge_Request_Hook - - -

    stripe webhook github.com/stripe/stripe-node src/Webhooks.ts, examples/webhook-signing
    Stripe-Signature: t=1492774577,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd
    = - - - -

    discord webhook github.com/discord/discord-api-docs developers/events/webhook-events.mdx
    X-Signature-Ed25519: 3f1d2c4b5a69788796a5b4c3d2e1f00f
    X-Signature-Timestamp: 1724100000
    = - - - -

    notion webhook github.com/makenotion/notion-sdk-js src/webhooks.ts
    X-Notion-Signature: sha256=461e8cbcba8a75c3edd866f0e71280f5a85cbf21eff040ebd10fe266df38a735
    = - - - -

    easypost webhook github.com/EasyPost/easypost-python easypost/util.py
    X-Hmac-Signature: hmac-sha256-hex=e93977c8ccb20363d51a62b3fe1fc402b7829be1152da9e88cf9e8d07115a46b
    = - - - -

    twilio webhook github.com/twilio/twilio-python twilio/request_validator.py
    X-Twilio-Signature: RSOYDt4T1cUTdK1PDd93/VVr8B8=
    = - - - -

    gocardless webhook github.com/gocardless/gocardless-pro-python README.rst
    Webhook-Signature: 78c5b1ca3a9d3b5f0d6a6e9b6b6f0ff5b1a3d4e2f60718293a4b5c6d7e8f9012
    = - - - -

    svix webhook github.com/svix/svix-webhooks README, python/svix/webhooks.py
    svix-id: msg_p5jXN8AQM9LWM0D4loKWxJek
    svix-timestamp: 1614265330
    svix-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
    = - msg_p5jXN8AQM9LWM0D4loKWxJek - -

    plaid webhook github.com/plaid/plaid-openapi 2020-09-14.yml: webhook verification
    Plaid-Verification: eyJhbGciOiJFUzI1NiIsImtpZCI6ImJmIn0.eyJpYXQiOjF9.c2ln
    = - - - -

    zendesk webhook developer.zendesk.com/documentation/webhooks/verifying
    x-zendesk-webhook-signature: EiqWE3SXTPQpPulBV6OSuuGziIishZNc1VwNZYqZrHU=
    x-zendesk-webhook-signature-timestamp: 2021-03-25T05:09:27Z
    = - - - -

    discord limit github.com/discord/discord-api-docs developers/topics/rate-limits.mdx, examples
    X-RateLimit-Limit: 10
    X-RateLimit-Remaining: 0
    X-RateLimit-Reset: 1470173023.123
    X-RateLimit-Bucket: abcd1234
    = 10 0 1470173023

    okta limit developer.okta.com/docs/reference/api/authn (github.com/okta/okta-developer-docs)
    X-Rate-Limit-Limit: 1
    X-Rate-Limit-Remaining: 0
    X-Rate-Limit-Reset: 1447534590
    = 1 0 1447534590

    digitalocean limit github.com/digitalocean/openapi specification/shared/headers.yml
    ratelimit-limit: 5000
    ratelimit-remaining: 4816
    ratelimit-reset: 1444931833
    = 5000 4816 1444931833

    recurly limit github.com/recurly/recurly-client-python recurly/response.py, docs/README.md
    X-RateLimit-Limit: 2000
    X-RateLimit-Remaining: 1985
    X-RateLimit-Reset: 1570114560
    = 2000 1985 1570114560

    discord answer github.com/discord/discord-api-docs developers/topics/rate-limits.mdx, exceeded user rate limit
    HTTP 429
    Retry-After: 65
    {"message": "You are being rate limited.", "retry_after": 64.57, "global": false}
    = rate_limited

    okta answer developer.okta.com/docs/reference/api/authn: wrong password
    HTTP 401
    {"errorCode": "E0000004", "errorSummary": "Authentication failed", "errorLink": "E0000004", "errorCauses": []}
    = unauthorized

    okta answer developer.okta.com/docs/reference/api/authn: too many requests
    HTTP 429
    {"errorCode": "E0000047", "errorSummary": "API call exceeded rate limit", "errorLink": "E0000047", "errorCauses": []}
    = rate_limited

    paypal answer github.com/paypal/paypal-rest-api-specifications openapi/checkout_orders_v2.json, error_500
    HTTP 500
    {"name": "INTERNAL_SERVER_ERROR", "message": "An internal server error occurred.", "debug_id": "90957fca61718"}
    = server_error

    sendgrid answer github.com/sendgrid/sendgrid-oai oai.json, 401
    HTTP 401
    {"errors": [{"field": null, "message": "authorization required"}]}
    = unauthorized

    square answer github.com/square/connect-api-specification api.json, NOT_FOUND
    HTTP 404
    {"errors": [{"category": "INVALID_REQUEST_ERROR", "code": "NOT_FOUND", "detail": "Customer with ID `x` not found."}]}
    = rejected

    adyen answer github.com/Adyen/adyen-openapi json/A2APaymentsService-v1.json, 00_400
    HTTP 400
    {"type": "https://docs.adyen.com/errors/bad-request", "errorCode": "00_400", "title": "Bad request", "status": 400}
    = rejected

    intercom answer github.com/intercom/Intercom-OpenAPI, Unauthorized
    HTTP 401
    {"type": "error.list", "request_id": "x", "errors": [{"code": "unauthorized", "message": "Access Token Invalid"}]}
    = unauthorized

    twilio answer github.com/twilio/twilio-python tests/unit/base/test_version.py
    HTTP 422
    {"type": "https://www.twilio.com/docs/api/errors/20001", "title": "Validation failed", "status": 422, "code": 20001}
    = rejected

    digitalocean answer github.com/digitalocean/openapi specification/shared/models/error.yml
    HTTP 404
    {"id": "not_found", "message": "The resource you were accessing could not be found."}
    = rejected

    asana answer github.com/Asana/openapi defs/asana_oas.yaml, TooManyRequests
    HTTP 429
    {"errors": [{"message": "You have exceeded one of the enforced rate limits in the API."}]}
    = rate_limited

    plaid answer github.com/plaid/plaid-openapi 2020-09-14.yml, ITEM_LOGIN_REQUIRED
    HTTP 400
    {"error_type": "ITEM_ERROR", "error_code": "ITEM_LOGIN_REQUIRED", "error_message": "the login details changed"}
    = rejected

    plaid answer github.com/plaid/plaid-openapi 2020-09-14.yml, PlaidErrorType
    HTTP 400
    {"error_type": "RATE_LIMIT_EXCEEDED", "error_code": "RATE_LIMIT", "error_message": "rate limit exceeded"}
    = rate_limited

    slack answer github.com/slackapi/bolt-python tests/mock_web_api_server: a refusal within a success
    HTTP 200
    {"ok": false, "error": "invalid_auth"}
    = unauthorized

    shopify answer github.com/Shopify/shopify-app-js packages/api-clients/admin-api-client/README.md: a success tells its cost
    HTTP 200
    {"data": {"product": {"title": "Aera"}}, "extensions": {"cost": {"throttleStatus": {"currentlyAvailable": 999}}}}
    = success

    xero answer github.com/XeroAPI/Xero-OpenAPI xero_accounting.yaml: an invoice is taken
    HTTP 200
    {"Status": "OK", "ProviderName": "Provider Name Example"}
    = success
    """
