/// Real rate limits of partners, as their own documentation, API descriptions, clients or recorded answers write them, and what they
/// mean. Nothing here is made from the catalogue's data: whoever changes either must know that both are right.
///
/// A block is one message; its first line tells partner, kind and where it was read (as of 2026-11-28).
/// The `=` line tells what was read of each limit, times in seconds: since 1970 where the message says so, else from the answer.
let limitVectors = """
    github limit docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
    x-ratelimit-limit: 5000
    x-ratelimit-remaining: 4987
    x-ratelimit-used: 13
    x-ratelimit-reset: 1795781700
    x-ratelimit-resource: core
    = limit=5000 remaining=4987 used=13 reset=1795781700 reason=core

    shopify limit shopify.dev/docs/api/usage/limits: leaky bucket
    X-Shopify-Shop-Api-Call-Limit: 32/40
    = limit=40 used=32

    zendesk limit developer.zendesk.com/api-reference/introduction/rate-limits
    X-Rate-Limit: 700
    X-Rate-Limit-Remaining: 699
    ratelimit-limit: 100
    ratelimit-remaining: 99
    ratelimit-reset: 41
    = limit=700 remaining=699 window=60 / limit=100 remaining=99 reset=41

    hubspot limit developers.hubspot.com/changelog 2018-11-06, usage guidelines
    X-HubSpot-RateLimit-Daily: 250000
    X-HubSpot-RateLimit-Daily-Remaining: 249000
    X-HubSpot-RateLimit-Secondly: 10
    X-HubSpot-RateLimit-Secondly-Remaining: 9
    = limit=250000 remaining=249000 window=86400 / limit=10 remaining=9 window=1

    salesforce limit developer.salesforce.com REST API: Limit Info header
    Sforce-Limit-Info: api-usage=25/5000, per-app-api-usage=17/250(appName=sample)
    = policy=api-usage limit=5000 used=25 window=86400 / policy=per-app-api-usage limit=250 used=17 window=86400

    xero limit developer.xero.com FAQ: limits
    X-DayLimit-Remaining: 4999
    X-MinLimit-Remaining: 59
    X-AppMinLimit-Remaining: 9999
    = remaining=4999 window=86400 / remaining=59 window=60 / remaining=9999 window=60

    intercom limit developers.intercom.com/docs/references/rest-api/errors/rate-limiting
    X-RateLimit-Limit: 100
    X-RateLimit-Remaining: 99
    X-RateLimit-Reset: 1487332510
    = limit=100 remaining=99 reset=1487332510

    brevo limit developers.brevo.com/docs/limit-headers
    x-sib-ratelimit-limit: 1000
    x-sib-ratelimit-remaining: 998
    x-sib-ratelimit-reset: 25
    = limit=1000 remaining=998 reset=25

    gocardless limit github.com/gocardless/gocardless-pro-python README.rst: rate limits
    RateLimit-Limit: 1000
    RateLimit-Remaining: 163
    RateLimit-Reset: Thu, 03 May 2018 16:00:00 GMT
    = limit=1000 remaining=163 reset=1525363200

    resend limit github.com/resend/resend-node src/segments/__recordings__
    ratelimit-limit: 20
    ratelimit-policy: 20;w=1
    ratelimit-remaining: 19
    ratelimit-reset: 1
    = limit=20 remaining=19 reset=1

    anthropic limit github.com/anthropics/anthropic-sdk-python tests/lib/tools: recorded answers
    anthropic-ratelimit-requests-limit: 50
    anthropic-ratelimit-requests-remaining: 49
    anthropic-ratelimit-requests-reset: 2026-11-27T12:01:00Z
    = limit=50 remaining=49 reset=1795780860

    linear limit github.com/linear/linear packages/sdk/src/error.ts
    X-RateLimit-Requests-Limit: 1500
    X-RateLimit-Requests-Remaining: 1499
    X-RateLimit-Requests-Reset: 1795781400000
    = limit=1500 remaining=1499 reset=1795781400

    klaviyo limit developers.klaviyo.com/en/docs/rate_limits_and_error_handling
    RateLimit-Limit: 150
    RateLimit-Remaining: 149
    RateLimit-Reset: 42
    = limit=150 remaining=149 reset=42

    docusign limit developers.docusign.com/platform/resource-limits
    X-RateLimit-Limit: 3000
    X-RateLimit-Remaining: 2998
    X-RateLimit-Reset: 1795784400
    X-BurstLimit-Limit: 500
    X-BurstLimit-Remaining: 498
    = limit=3000 remaining=2998 window=3600 reset=1795784400 / limit=500 remaining=498 window=30

    auth0 limit auth0.com/blog/why-getting-429s-and-how-to-stop-them
    x-ratelimit-limit: 10
    x-ratelimit-remaining: 9
    x-ratelimit-reset: 1795781400
    = limit=10 remaining=9 reset=1795781400

    atlassian limit jira.atlassian.com/browse/JRACLOUD-69262: a reset to the minute
    X-RateLimit-Limit: 350
    X-RateLimit-Reset: 2026-11-27T12:05Z
    Retry-After: 120
    = limit=350 reset=1795781100

    miro limit developers.miro.com/reference/ratelimiting
    X-RateLimit-Limit: 100000
    X-RateLimit-Remaining: 99500
    X-RateLimit-Reset: 1795781400
    = limit=100000 remaining=99500 reset=1795781400

    ringcentral limit github.com/ringcentral/ringcentral-api-docs docs/basics/rate-limits.md
    X-Rate-Limit-Group: light
    X-Rate-Limit-Limit: 1000
    X-Rate-Limit-Remaining: 999
    X-Rate-Limit-Window: 60
    = limit=1000 remaining=999 window=60 reason=light

    pagerduty limit github.com/PagerDuty/developer-docs docs/REST-API/04-Rate-Limits.md
    HTTP 429
    ratelimit-limit: 960
    ratelimit-remaining: 0
    ratelimit-reset: 20
    = limit=960 remaining=0 reset=20

    datadog limit github.com/DataDog/datadog-api-client-python tests/cassettes/test_retry
    x-ratelimit-limit: 10
    x-ratelimit-name: logs_public_search_api
    x-ratelimit-period: 10
    x-ratelimit-remaining: 9
    x-ratelimit-reset: 3
    = limit=10 remaining=9 window=10 reset=3 reason=logs_public_search_api

    launchdarkly limit github.com/launchdarkly/api-client-python README
    X-Ratelimit-Global-Remaining: 99
    X-Ratelimit-Route-Remaining: 9
    X-Ratelimit-Reset: 1795781400000
    = remaining=99 reset=1795781400 / remaining=9

    bigcommerce limit github.com/bigcommerce/docs reference/page-widgets.v3.yml
    X-Rate-Limit-Requests-Left: 149
    X-Rate-Limit-Requests-Quota: 150
    X-Rate-Limit-Time-Reset-Ms: 15000
    X-Rate-Limit-Time-Window-Ms: 30000
    = limit=150 remaining=149 reset=15

    contentful limit github.com/contentful/contentful-sdk-core src/rate-limit-throttle.ts, rate-limit.ts
    x-contentful-ratelimit-second-limit: 7
    x-contentful-ratelimit-reset: 1
    = limit=7 window=1 reset=1

    replicate limit github.com/replicate/replicate-python tests/cassettes/run.yaml
    ratelimit-remaining: 599
    ratelimit-reset: 1
    = remaining=599 reset=1

    x limit github.com/tweepy/tweepy cassettes/testgetuser.yaml
    x-rate-limit-limit: 900
    x-rate-limit-remaining: 889
    x-rate-limit-reset: 1612932333
    = limit=900 remaining=889 reset=1612932333

    meta limit github.com/fbsamples/messenger-platform-samples postman/messenger-platform-api.postman_collection.json
    x-business-use-case-usage: {"106378625516323":[{"type":"messenger","call_count":1,"total_cputime":1,"total_time":1,"estimated_time_to_regain_access":0}]}
    = ratio=0.01

    fastly limit github.com/fastly/fastly-js src/ApiClient.js
    Fastly-RateLimit-Remaining: 998
    Fastly-RateLimit-Reset: 1795781400
    = remaining=998 reset=1795781400

    buildkite limit github.com/buildkite/docs pages/apis/rest_api.md
    RateLimit-Scope: rest
    RateLimit-Remaining: 80
    RateLimit-Limit: 200
    RateLimit-Reset: 42
    = limit=200 remaining=80 reset=42

    opsgenie limit github.com/opsgenie/opsgenie-python-sdk opsgenie-oas.yml
    X-RateLimit-State: THROTTLED
    X-RateLimit-Period-In-Sec: 60
    = window=60 reason=THROTTLED

    opsgenie limit github.com/opsgenie/opsgenie-python-sdk opsgenie-oas.yml: what was too much
    X-RateLimit-Reason: ACCOUNT
    = reason=ACCOUNT

    greenhouse limit github.com/grnhse/greenhouse-api-docs source/includes/harvest/_introduction.md
    X-RateLimit-Limit: 50
    X-RateLimit-Remaining: 49
    X-RateLimit-Reset: 1795781400
    = limit=50 remaining=49 reset=1795781400

    elastic-cloud limit elastic.co/docs/api/doc/cloud/topic/topic-rate-limiting
    x-ratelimit-limit: 5000
    x-ratelimit-remaining: 4998
    = limit=5000 remaining=4998

    discord limit github.com/discord/discord-api-docs developers/topics/rate-limits.mdx: exceeded, by user
    HTTP 429
    X-RateLimit-Limit: 10
    X-RateLimit-Remaining: 0
    X-RateLimit-Reset-After: 64.57
    X-RateLimit-Scope: user
    = limit=10 remaining=0 reset=64 reason=user

    discord limit github.com/discord/discord-api-docs developers/topics/rate-limits.mdx, examples
    X-RateLimit-Limit: 10
    X-RateLimit-Remaining: 0
    X-RateLimit-Reset: 1470173023.123
    X-RateLimit-Bucket: abcd1234
    = limit=10 remaining=0 reset=1470173023

    okta limit developer.okta.com/docs/reference/api/authn (github.com/okta/okta-developer-docs)
    X-Rate-Limit-Limit: 1
    X-Rate-Limit-Remaining: 0
    X-Rate-Limit-Reset: 1447534590
    = limit=1 remaining=0 reset=1447534590

    digitalocean limit github.com/digitalocean/openapi specification/shared/headers.yml
    ratelimit-limit: 5000
    ratelimit-remaining: 4816
    ratelimit-reset: 1444931833
    = limit=5000 remaining=4816 reset=1444931833

    recurly limit github.com/recurly/recurly-client-python recurly/response.py, docs/README.md
    X-RateLimit-Limit: 2000
    X-RateLimit-Remaining: 1985
    X-RateLimit-Reset: 1570114560
    = limit=2000 remaining=1985 reset=1570114560
    """
