/// Real answers of partners, as their own documentation, API descriptions, clients or recorded answers write them, and what they
/// mean. Nothing here is made from the catalogue's data: whoever changes either must know that both are right.
///
/// A block is one message; its first line tells partner, kind and where it was read (as of 2026-11-28).
/// Each `=` line tells the outcome of the answer so far: `HTTP` the status, else 200, and the last body told. A line of statuses
/// tells outcomes of answers without a body, as the partner's client tells its errors apart.
let answerVectors = """
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


    stripe answer github.com/stripe/stripe-node src/Error.ts
    400 rejected, 401 unauthorized, 402 rejected, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error

    stripe answer github.com/stripe/stripe-node src/Error.ts: a limit told in its older form
    HTTP 400
    {"error": {"code": "rate_limit", "message": "Request rate limit exceeded.", "type": "invalid_request_error"}}
    = rate_limited

    braintree answer github.com/braintree/braintree_python braintree/util/http.py
    401 unauthorized, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error, 503 server_error, 504 server_error

    gocardless answer github.com/gocardless/gocardless-pro-python gocardless_pro/errors.py
    401 unauthorized, 403 unauthorized, 429 rate_limited

    chargebee answer github.com/chargebee/chargebee-python chargebee/http_request.py
    429 rate_limited, 500 server_error

    recurly answer github.com/recurly/recurly-client-python recurly/errors.py
    304 success, 400 rejected, 401 unauthorized, 402 rejected, 403 unauthorized, 404 rejected, 422 rejected, 429 rate_limited, 502 server_error

    shippo answer github.com/goshippo/shippo-python-sdk src/shippo/addresses.py
    400 rejected, 429 rate_limited, 500 server_error, 503 server_error

    easypost answer github.com/EasyPost/easypost-python easypost/requestor.py
    400 rejected, 401 unauthorized, 402 rejected, 403 unauthorized, 404 rejected, 422 rejected, 429 rate_limited, 500 server_error, 503 server_error

    postmark answer github.com/ActiveCampaign/postmark.js src/client/errors/ErrorHandler.ts
    401 unauthorized, 404 rejected, 422 rejected, 429 rate_limited, 500 server_error, 503 server_error

    workos answer github.com/workos/workos-node src/workos.ts
    401 unauthorized, 404 rejected, 409 rejected, 422 rejected, 429 rate_limited

    webflow answer github.com/webflow/js-webflow-api src/api/resources/assets/client/Client.ts
    400 rejected, 401 unauthorized, 404 rejected, 429 rate_limited, 500 server_error

    auth0 answer github.com/auth0/node-auth0 src/management/api/resources/actions/client/Client.ts
    400 rejected, 401 unauthorized, 403 unauthorized, 429 rate_limited

    miro answer developers.miro.com/reference/ratelimiting; github.com/miroapp/api-clients packages/generator/spec.json
    429 rate_limited

    elevenlabs answer github.com/elevenlabs/elevenlabs-python src/elevenlabs/errors
    400 rejected, 401 unauthorized, 403 unauthorized, 404 rejected, 409 rejected, 422 rejected

    cohere answer github.com/cohere-ai/cohere-python src/cohere/audio/transcriptions/raw_client.py
    400 rejected, 401 unauthorized, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error, 503 server_error

    openai answer github.com/openai/openai-python src/openai/_client.py
    400 rejected, 409 rejected, 422 rejected, 401 unauthorized, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error

    groq answer github.com/groq/groq-python src/groq/_client.py
    400 rejected, 422 rejected, 401 unauthorized, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error

    perplexity answer github.com/perplexityai/perplexity-py src/perplexity/_client.py
    400 rejected, 422 rejected, 401 unauthorized, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error

    anthropic answer github.com/anthropics/anthropic-sdk-python src/anthropic/_client.py
    400 rejected, 422 rejected, 401 unauthorized, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error

    airtable answer github.com/Airtable/airtable.js lib/base.ts
    401 unauthorized, 403 unauthorized, 404 rejected, 413 rejected, 422 rejected, 429 rate_limited, 500 server_error, 503 server_error

    dropbox answer github.com/dropbox/dropbox-sdk-python dropbox/dropbox_client.py
    400 rejected, 401 unauthorized, 409 rejected, 429 rate_limited, 500 server_error

    box answer github.com/box/box-python-sdk docs/configuration.md, box_sdk_gen/networking/retries.py
    401 unauthorized, 429 rate_limited, 500 server_error

    notion answer github.com/makenotion/notion-sdk-js src/errors.ts
    401 unauthorized, 404 rejected, 409 rejected, 429 rate_limited, 500 server_error, 503 server_error

    bamboohr answer github.com/BambooHR/bhr-api-python docs/Exceptions
    401 unauthorized, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error, 503 server_error

    github answer docs.github.com rate limits; github.com/octokit/plugin-throttling.js src/index.ts: the primary limit
    HTTP 403
    x-ratelimit-remaining: 0
    x-ratelimit-reset: 1795781700
    = rate_limited

    github answer docs.github.com rate limits; github.com/octokit/plugin-throttling.js src/index.ts: the secondary limit
    HTTP 403
    retry-after: 60
    x-ratelimit-remaining: 4987
    = rate_limited

    github answer docs.github.com rate limits: no right to it
    HTTP 403
    x-ratelimit-remaining: 4987
    = unauthorized

    slack answer github.com/slackapi/python-slack-sdk README, tests/slack_sdk/audit_logs/mock_web_api_handler.py
    HTTP 200
    {"ok": false, "error": "ratelimited"}
    = rate_limited
    {"ok": false, "error": "channel_not_found"}
    = error_in_success
    {"ok": true}
    = success

    mixpanel answer github.com/mixpanel/mixpanel-python mixpanel/__init__.py: a success that took nothing
    HTTP 200
    {"status": 0, "error": "token, missing or empty"}
    = error_in_success
    {"status": 1}
    = success

    snowflake answer github.com/snowflakedb/snowflake-connector-python src/snowflake/connector/network.py
    HTTP 200
    {"success": false, "code": "390112", "message": "Your session has expired."}
    = error_in_success
    {"success": true, "data": {"sessionToken": "x"}}
    = success

    vonage answer github.com/Vonage/vonage-python-sdk sms/tests/data: one of two was throttled
    HTTP 200
    {"message-count": "2", "messages": [{"status": "0"}, {"status": "1", "error-text": "Throttled"}]}
    = rate_limited
    {"message-count": "1", "messages": [{"status": "7", "error-text": "Number barred."}]}
    = error_in_success
    {"message-count": "1", "messages": [{"status": "0"}]}
    = success

    google-maps answer github.com/googlemaps/google-maps-services-python googlemaps/client.py
    HTTP 200
    {"status": "OVER_QUERY_LIMIT", "results": []}
    = rate_limited
    {"status": "ZERO_RESULTS", "results": []}
    = success

    aws answer github.com/boto/botocore botocore/parsers.py, retries/standard.py: throttled, told in a header
    HTTP 400
    x-amzn-ErrorType: ThrottlingException:http://internal.amazon.com/coral/com.amazon.coral.availability/
    = rate_limited

    aws answer github.com/boto/botocore botocore/parsers.py, retries/standard.py: throttled, told in the body
    HTTP 400
    {"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "message": "x"}
    = rate_limited
    {"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "x"}
    = rejected
    {"__type": "com.amazon.coral.service#UnrecognizedClientException", "message": "x"}
    = unauthorized

    aws answer github.com/boto/botocore botocore/parsers.py, data: refused, told in a header
    HTTP 400
    x-amzn-ErrorType: ExpiredTokenException
    = unauthorized
    """
