/// Messages as partners are believed to send them: from third parties and general knowledge, not read in the partner's own words,
/// in the form of the other vectors. They hold the catalogue to what is believed; none of it counts as confirmed.
let unconfirmedVectors = """
    github webhook general knowledge
    X-GitHub-Event: issues
    X-Hub-Signature-256: sha256=d57c68ca6f92289e6987922ff26938930f6e66a2
    = issues - - -

    adyen webhook general knowledge
    HmacSignature: 4Iwv6nQ2
    = - - - -

    maxio webhook general knowledge
    X-Chargify-Webhook-Id: 81309511
    X-Chargify-Webhook-Signature-Hmac-Sha-256: 9ebdd4f5
    = - 81309511 - -

    mailchimp webhook general knowledge
    X-Mandrill-Signature: 0VjTVtVv
    = - - - -

    intercom webhook general knowledge
    X-Hub-Signature: sha1=21ff2e14
    = - - - -

    atlassian webhook general knowledge
    X-Atlassian-Webhook-Identifier: 7d2a31
    X-Atlassian-Webhook-Retry: 1
    = - 7d2a31 2 -

    trello webhook general knowledge
    X-Trello-Webhook: ExSf3Ql0
    = - - - -

    airtable webhook general knowledge
    X-Airtable-Content-MAC: hmac-sha256=6d1f
    = - - - -

    typeform webhook general knowledge
    Typeform-Signature: sha256=eW91ciBzaWduYXR1cmU=
    = - - - -

    docusign webhook general knowledge
    X-DocuSign-Signature-1: DfV+OtRSnsuy
    = - - - -

    wrike webhook general knowledge
    X-Hook-Secret: 9a7c
    = - - - -

    onfido webhook general knowledge
    X-SHA2-Signature: 89e60408
    = - - - -

    persona webhook general knowledge
    Persona-Signature: t=1600000000,v1=ab12
    = - - - -

    netlify webhook general knowledge
    X-Webhook-Signature: eyJhbGciOiJIUzI1NiJ9.e30.c2ln
    = - - - -

    snyk webhook general knowledge
    X-Hub-Signature: sha256=4fcc
    X-Snyk-Event: project_snapshot/v0
    X-Snyk-Transport-ID: 998fe884
    = project_snapshot/v0 998fe884 - -

    bamboohr webhook general knowledge
    X-BambooHR-Signature: 5c1a
    = - - - -

    gusto webhook general knowledge
    X-Gusto-Signature: 5c1b
    = - - - -

    deel webhook general knowledge
    X-Deel-Signature: 5c1c
    X-Deel-Webhook-Id: 2f61
    = - 2f61 - -

    customer-io webhook general knowledge
    X-CIO-Signature: 5c1d
    X-CIO-Timestamp: 1600000000
    = - - - -

    sparkpost webhook general knowledge
    X-MessageSystems-Batch-ID: 4d1e
    = - 4d1e - -

    linkedin webhook general knowledge
    X-LI-Signature: hmacsha256=5c1e
    = - - - -

    x webhook general knowledge
    X-Twitter-Webhooks-Signature: sha256=5c1f
    = - - - -

    wise webhook general knowledge
    X-Signature-SHA256: MIIBIjANBg
    X-Delivery-Id: 0f3a
    = - 0f3a - -

    dwolla webhook general knowledge
    X-Dwolla-Topic: transfer_created
    X-Request-Signature-SHA-256: 9b5c
    = transfer_created - - -

    lemon-squeezy webhook general knowledge
    X-Event-Name: order_created
    X-Signature: 5c21
    = order_created - - -

    brex webhook general knowledge
    Webhook-Id: msg_1
    Webhook-Timestamp: 1600000000
    X-Brex-Signature: v1,5c22
    = - - - -

    paymongo webhook general knowledge
    Paymongo-Signature: t=1600000000,te=5c23
    = - - - -

    lob webhook general knowledge
    Lob-Signature: 5c25
    Lob-Signature-Timestamp: 1600000000
    = - - - -

    vercel webhook general knowledge
    x-vercel-signature: 5c26
    = - - - -

    launchdarkly webhook general knowledge
    X-LD-Signature: 5c27
    = - - - -

    bitbucket webhook general knowledge
    X-Event-Key: repo:push
    X-Hook-UUID: e1b2
    X-Request-UUID: c3d4
    = repo:push c3d4 - e1b2

    gitlab webhook general knowledge
    X-Gitlab-Event: Push Hook
    X-Gitlab-Event-UUID: 13792a34
    = Push_Hook 13792a34 - -

    razorpay webhook general knowledge
    X-Razorpay-Event-Id: evt_1
    X-Razorpay-Signature: 5c28
    = - evt_1 - -

    square webhook general knowledge
    square-retry-number: 1
    x-square-hmacsha256-signature: 5c29
    = - - 2 -

    twilio webhook general knowledge
    I-Twilio-Idempotency-Token: 6f2a
    X-Twilio-Signature: 5c2a
    = - 6f2a - -

    heroku webhook general knowledge
    Heroku-Webhook-Hmac-SHA256: 5c2b
    Heroku-Webhook-Id: 7a3b
    = - 7a3b - -

    linear webhook general knowledge
    Linear-Delivery: 8b4c
    Linear-Event: Issue
    Linear-Signature: 5c2c
    = Issue 8b4c - -

    pagerduty webhook general knowledge
    X-PagerDuty-Signature: v1=5c2d
    X-Webhook-Subscription: 9c5d
    = - - - 9c5d

    stripe limit general knowledge
    HTTP 429
    Stripe-Rate-Limited-Reason: global-rate
    = reason=global-rate

    xero limit general knowledge
    HTTP 429
    X-AppMinLimit-Remaining: 9999
    X-Rate-Limit-Problem: minute
    = remaining=9999 window=60 reason=minute

    contentful limit general knowledge
    x-contentful-ratelimit-hour-limit: 36000
    x-contentful-ratelimit-hour-remaining: 35999
    x-contentful-ratelimit-second-limit: 10
    x-contentful-ratelimit-second-remaining: 9
    = limit=36000 remaining=35999 window=3600 / limit=10 remaining=9 window=1

    sendgrid limit general knowledge
    X-RateLimit-Limit: 600
    X-RateLimit-Remaining: 599
    X-RateLimit-Reset: 1795781400
    = limit=600 remaining=599 reset=1795781400

    onesignal limit general knowledge
    RateLimit-Limit: 150
    RateLimit-Remaining: 149
    RateLimit-Reset: 1
    = limit=150 remaining=149 reset=1

    meta limit general knowledge
    x-app-usage: {"call_count":28,"total_time":25,"total_cputime":90}
    = ratio=0.9

    freshworks limit general knowledge
    X-RateLimit-Total: 700
    X-RateLimit-Remaining: 698
    = limit=700 remaining=698

    hubspot limit general knowledge
    X-HubSpot-RateLimit-Max: 100
    X-HubSpot-RateLimit-Remaining: 99
    = limit=100 remaining=99

    pipedrive limit general knowledge
    x-ratelimit-limit: 80
    x-ratelimit-remaining: 79
    x-ratelimit-reset: 2
    = limit=80 remaining=79 reset=2

    front limit general knowledge
    X-RateLimit-Limit: 50
    X-RateLimit-Remaining: 49
    X-RateLimit-Reset: 1795781400.5
    = limit=50 remaining=49 reset=1795781400

    gitlab limit general knowledge
    RateLimit-Limit: 2000
    RateLimit-Remaining: 1999
    RateLimit-Reset: 1795781400
    = limit=2000 remaining=1999 reset=1795781400

    sentry limit general knowledge
    X-Sentry-Rate-Limit-Limit: 40
    X-Sentry-Rate-Limit-Remaining: 39
    X-Sentry-Rate-Limit-Reset: 1795781400
    = limit=40 remaining=39 reset=1795781400

    vercel limit general knowledge
    X-RateLimit-Limit: 500
    X-RateLimit-Remaining: 499
    X-RateLimit-Reset: 1795781400
    = limit=500 remaining=499 reset=1795781400

    atlassian limit general knowledge
    X-RateLimit-Limit: 350
    X-RateLimit-Remaining: 349
    = limit=350 remaining=349

    trello limit general knowledge
    x-rate-limit-api-token-limit: 100
    x-rate-limit-api-token-remaining: 99
    = limit=100 remaining=99

    calendly limit general knowledge
    X-RateLimit-Limit: 500
    X-RateLimit-Remaining: 499
    X-RateLimit-Reset: 40
    = limit=500 remaining=499 reset=40

    zoom limit general knowledge
    X-RateLimit-Category: Light
    X-RateLimit-Limit: 80
    X-RateLimit-Remaining: 79
    X-RateLimit-Reset: 1795781400
    = limit=80 remaining=79 reset=1795781400 reason=Light

    zoom limit general knowledge
    X-RateLimit-Remaining: 0
    X-RateLimit-Type: Daily-limit
    = remaining=0 reason=Daily-limit

    clickup limit general knowledge
    X-RateLimit-Limit: 100
    X-RateLimit-Remaining: 99
    X-RateLimit-Reset: 1795781400
    = limit=100 remaining=99 reset=1795781400

    microsoft-graph limit general knowledge
    x-ms-throttle-limit-percentage: 0.8
    = ratio=0.8

    openai limit general knowledge
    x-ratelimit-limit-requests: 5000
    x-ratelimit-remaining-requests: 4999
    x-ratelimit-reset-requests: 12s
    x-ratelimit-limit-tokens: 160000
    x-ratelimit-remaining-tokens: 80000
    x-ratelimit-reset-tokens: 6m0s
    = limit=5000 remaining=4999 reset=12 / limit=160000 remaining=80000 reset=360

    groq limit general knowledge
    x-ratelimit-limit-requests: 14400
    x-ratelimit-remaining-requests: 14370
    x-ratelimit-reset-requests: 2m59s
    = limit=14400 remaining=14370 reset=179

    replicate limit general knowledge
    ratelimit-limit: 600
    ratelimit-remaining: 599
    = limit=600 remaining=599

    heroku limit general knowledge
    RateLimit-Remaining: 2400
    = remaining=2400

    netlify limit general knowledge
    X-RateLimit-Limit: 500
    X-RateLimit-Remaining: 499
    X-RateLimit-Reset: 1795781400
    = limit=500 remaining=499 reset=1795781400

    servicenow limit general knowledge
    X-RateLimit-Limit: 20
    X-RateLimit-Remaining: 19
    X-RateLimit-Reset: 1795781400
    = limit=20 remaining=19 reset=1795781400

    braze limit general knowledge
    X-RateLimit-Limit: 250000
    X-RateLimit-Remaining: 249999
    X-RateLimit-Reset: 1795784400
    = limit=250000 remaining=249999 reset=1795784400

    zoho limit general knowledge
    X-RATELIMIT-LIMIT: 100
    X-RATELIMIT-REMAINING: 99
    X-RATELIMIT-RESET: 1795781400000
    = limit=100 remaining=99 reset=1795781400

    lemon-squeezy limit general knowledge
    X-Ratelimit-Limit: 300
    X-Ratelimit-Remaining: 299
    X-Ratelimit-Reset: 60
    = limit=300 remaining=299 reset=60

    webflow limit general knowledge
    X-RateLimit-Limit: 60
    X-RateLimit-Remaining: 59
    X-RateLimit-Reset: 60
    = limit=60 remaining=59 reset=60

    aircall limit general knowledge
    X-AircallApi-Limit: 60
    X-AircallApi-Remaining: 59
    X-AircallApi-Reset: 1795781400
    = limit=60 remaining=59 window=60 reset=1795781400

    lob limit general knowledge
    X-RateLimit-Limit: 150
    X-RateLimit-Remaining: 149
    X-RateLimit-Reset: 1795781400
    = limit=150 remaining=149 reset=1795781400
    """
