/// Real webhooks of partners, as their own documentation, API descriptions, clients or recorded answers write them, and what they
/// mean. Nothing here is made from the catalogue's data: whoever changes either must know that both are right.
///
/// A block is one message; its first line tells partner, kind and where it was read (as of 2026-11-28).
/// The `=` line tells event, delivery, attempt and subscription, `-` for what is not told. Secrets and ids are shortened or
/// made up.
let webhookVectors = """
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

    gitlab webhook rubydoc.info/github/gitlabhq/gitlabhq/Gitlab/WebHooks; gitlab.com merge request 125338
    X-Gitlab-Event: Merge Request Hook
    X-Gitlab-Webhook-UUID: d48bd2a4-9e1c-4f5d-8f0e-0f0b0e0b5f11
    = Merge_Request_Hook - - d48bd2a4-9e1c-4f5d-8f0e-0f0b0e0b5f11

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

    zendesk webhook developer.zendesk.com webhooks: verifying, anatomy of a webhook request
    x-zendesk-webhook-id: 01F1KRFQ6BG29CNWFR60NK5FNY
    x-zendesk-webhook-invocation-id: 8350205582
    x-zendesk-webhook-signature: EiqWE3SXTPQpPulBV6OSuuGziIishZNc1VwNZYqZrHU=
    x-zendesk-webhook-signature-timestamp: 2021-03-25T05:09:27Z
    = - 8350205582 - 01F1KRFQ6BG29CNWFR60NK5FNY

    github webhook github.com/octokit/webhooks.js README: without a secret
    X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958
    X-GitHub-Event: push
    = push 72d3162e-cc78-11e3-81ab-4c9367dc0958 - -

    standard-webhooks webhook github.com/standard-webhooks/standard-webhooks spec
    webhook-id: msg_2KWPBgLlAfxdpx2AI54pPJ85f4W
    webhook-timestamp: 1674087231
    webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=
    = - msg_2KWPBgLlAfxdpx2AI54pPJ85f4W - -

    paypal webhook github.com/paypal/paypal-rest-api-specifications openapi/notifications_webhooks_v1.json
    PAYPAL-TRANSMISSION-ID: 69cd13f0-d67a-11e5-baa3-778b53f4ae55
    PAYPAL-TRANSMISSION-TIME: 2016-02-18T20:01:35Z
    PAYPAL-TRANSMISSION-SIG: lmI95Jx3Y9nhR5SJWlHVIWpg4AgFk7n9bCHSRxbrd8A9zrhdu2rMyFrm
    = - 69cd13f0-d67a-11e5-baa3-778b53f4ae55 - -

    square webhook github.com/square/square-python-sdk README
    x-square-hmacsha256-signature: 2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=
    = - - - -

    checkout-com webhook checkout.com/docs set up your webhook receiver
    Cko-Signature: b9ad3b9ad1e8e4cbb2b8a1e4bb2b2ea3
    = - - - -

    razorpay webhook github.com/razorpay/razorpay-node lib/utils/razorpay-utils.js
    X-Razorpay-Signature: 8cd4c9b5b2a7f1e3d6c0a9b8
    = - - - -

    paddle webhook github.com/PaddleHQ/paddle-node-sdk README
    paddle-signature: ts=1671552777;h1=eb4d0dc8853be92b7f063b9f3ba5233eb920a09459b6e6b2c26705b4364db151
    = - - - -

    intuit webhook github.com/IntuitDeveloper/SampleApp-Webhooks-nodejs routes/routes.js
    intuit-signature: Zm9vYmFyYmF6cXV4
    = - - - -

    xero webhook github.com/XeroAPI/Xero-OpenAPI xero-webhooks.yaml
    x-xero-signature: HNhBzVUEmGzrPU8ueOAfPgDBkz6mMoHB2VLC8gPJGpQ=
    = - - - -

    wise webhook github.com/transferwise/digital-signatures-examples verify-webhook-signature/README.md
    X-Signature-SHA256: MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A
    = - - - -

    asana webhook github.com/Asana/developer-docs source/includes/markdown/_webhooks.html.md
    X-Hook-Signature: 1c5e0f
    = - - - -

    workos webhook github.com/workos/workos-python src/workos/webhooks/_resource.py
    WorkOS-Signature: t=1600000000, v1=5c24
    = - - - -

    recurly webhook github.com/recurly/recurly-client-ruby lib/recurly/webhooks.rb
    recurly-signature: 1675447321,5c20
    = - - - -

    woocommerce webhook github.com/woocommerce/woocommerce-rest-api-docs source/includes/v2/_webhooks.md
    X-WC-Webhook-Topic: order.updated
    X-WC-Webhook-Resource: order
    X-WC-Webhook-Signature: geC1akFhCtsO7fbXz5XiGUsMsRa4Mt0IJsZ96nTaHjI=
    X-WC-Webhook-ID: 535
    X-WC-Webhook-Delivery-ID: 378
    = order.updated 378 - 535

    sendgrid webhook github.com/sendgrid/sendgrid-python sendgrid/helpers/eventwebhook/eventwebhook_header.py
    X-Twilio-Email-Event-Webhook-Signature: MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZU
    X-Twilio-Email-Event-Webhook-Timestamp: 1600112502
    = - - - -

    messagebird webhook github.com/messagebird/messagebird-nodejs lib/webhook-signature-jwt.js
    messagebird-signature-jwt: eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2ln
    = - - - -

    telegram webhook github.com/tdlib/telegram-bot-api telegram-bot-api/WebhookActor.cpp
    X-Telegram-Bot-Api-Secret-Token: a-secret-of-ours
    = - - - -

    meta webhook github.com/fbsamples/messenger-platform-samples messenger-api/messenger-api-and-webhooks/app.py
    X-Hub-Signature-256: sha256=5f1e2d3c4b5a69788796a5b4c3d2e1f0
    = - - - -

    pusher webhook github.com/pusher/pusher-http-node lib/webhook.js
    x-pusher-key: 5f3a2b1c
    x-pusher-signature: 851f492bab8f7652a2e4c82cd0212d97b4e678edf085c06bf640ed45ee7b1169
    = - - - -

    hubspot webhook developers.hubspot.com request validation; changelog: version 3 of webhook signatures
    X-HubSpot-Signature-v3: Xk3PVt8Bfqt8qC4pG9lkjvB6OoPpUMYBLqvkFmGxqeI=
    X-HubSpot-Request-Timestamp: 1653684800000
    = - - - -

    hubspot webhook github.com/HubSpot/hubspot-api-python README; developers.hubspot.com request validation, v1 and v2
    X-HubSpot-Signature: 232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de
    X-HubSpot-Signature-Version: v2
    = - - - -

    segment webhook github.com/segmentio/segment-docs src/connections/destinations/catalog/webhooks/index.md
    x-signature: 3c0f2b6c2f9dc0e1
    = - - - -

    front webhook github.com/frontapp/front-api-specs postman-channel-collection
    X-Front-Signature: c2lnbmVkIHBheWxvYWQ=
    = - - - -

    linear webhook github.com/linear/linear packages/sdk/src/webhooks/client.ts
    linear-signature: 766e1d90a96e2f5ecec342a99c5552999dd95d49250171b902d703fd674f5086
    linear-timestamp: 1676056940508
    = - - - -

    pagerduty webhook github.com/PagerDuty/developer-docs docs/webhooks/04-Signatures.md
    X-PagerDuty-Signature: v1=f03de6f61df6e454f3620c4d6aca17ad072d3f8bbb2760eac3b2ad391b5e8073
    = - - - -

    sentry webhook docs.sentry.io integration platform, webhooks
    Request-ID: 4f2d8a6e
    Sentry-Hook-Resource: issue
    Sentry-Hook-Timestamp: 1602688001
    Sentry-Hook-Signature: 5b9d2b1a
    = issue 4f2d8a6e - -

    cloudflare webhook github.com/cloudflare/cloudflare-typescript src/resources/alerting/destinations/webhooks.ts
    cf-webhook-auth: a-secret-of-ours
    = - - - -

    circleci webhook github.com/circleci/circleci-docs docs/guides/modules/integration/pages/outbound-webhooks.adoc
    circleci-event-type: workflow-completed
    circleci-signature: v1=4fcc06915b43d8a49aff193441e9e18654e6a27c2c428b02e8fcc41ccc2299f9
    = workflow-completed - - -

    calendly webhook developer.calendly.com webhook signatures
    Calendly-Webhook-Signature: t=1492774577,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd
    = - - - -

    box webhook github.com/box/box-python-sdk migration-guides
    box-delivery-id: f96bb54b-ee16-4fc5-aa65-8c2d9e5b546f
    box-delivery-timestamp: 2020-01-01T00:00:00-07:00
    box-signature-algorithm: HmacSHA256
    box-signature-primary: 4KvFa5/unRL8aaqOlnbInTwkOmieZkn1ZVzsAJuRipE=
    = - f96bb54b-ee16-4fc5-aa65-8c2d9e5b546f - -

    box webhook github.com/box/box-python-sdk box_sdk_gen/managers/webhooks.py: the other key, while they are exchanged
    box-delivery-id: f96bb54b-ee16-4fc5-aa65-8c2d9e5b546f
    box-signature-secondary: yxxwBNk7tFyQSy95/VNKAf1o+j8WMPJuo/KcFc7OS0Q=
    = - f96bb54b-ee16-4fc5-aa65-8c2d9e5b546f - -

    dropbox webhook github.com/dropbox/mdwebhook app.py
    X-Dropbox-Signature: 6a7b8c9d
    = - - - -

    zoom webhook github.com/zoom/webhook-sample index.js
    x-zm-request-timestamp: 1658940994
    x-zm-signature: v0=a05d830fa017433bc47887f835a00b9ff33d3882f22f63a2986a8es270341
    = - - - -

    hugging-face webhook github.com/huggingface/huggingface_hub src/huggingface_hub/_webhooks_server.py; hub-docs
    x-webhook-secret: a-secret-of-ours
    = - - - -

    heroku webhook github.com/heroku/platform-api schema.json
    Heroku-Webhook-Hmac-SHA256: dcbff0c4430a2960a2552389d587bc58d30a37a8cf3f75f8fb77abe667ad
    = - - - -

    buildkite webhook github.com/buildkite/docs pages/apis/webhooks/pipelines.md, _verifying_hmac_signatures.md
    X-Buildkite-Event: build.scheduled
    X-Buildkite-Signature: timestamp=1619071700,signature=30222eae518db06f3a2a2dbd98e1b9f8c6f9e4a4
    = build.scheduled - - -

    buildkite webhook github.com/buildkite/docs pages/apis/webhooks/_webhook_token.md
    X-Buildkite-Event: build.finished
    X-Buildkite-Token: a-secret-of-ours
    = build.finished - - -

    greenhouse webhook github.com/grnhse/greenhouse-api-docs source/includes/webhooks/_introduction.md
    Greenhouse-Event-ID: 98541
    Signature: sha256 37d2725109df92747ffcee59833a1d1262d74b9703fa1234c789407218b4a4ef
    = - 98541 - -

    coinbase webhook github.com/coinbase/coinbase-commerce-node examples/webhook/webhook.js
    x-cc-webhook-signature: 6c1e6bbbd4e42d2d3cd0f1e7d0f5e9f5
    = - - - -

    ringcentral webhook github.com/ringcentral/ringcentral-api-docs docs/team-messaging/events/outgoing-webhooks.md
    Verification-Token: xzbcnzbcczxcnzxsjfhkjkfhsdkssfsfsfs
    = - - - -

    webflow webhook github.com/webflow/js-webflow-api src/wrapper/WebhooksClient.ts
    x-webflow-signature: 3f1d2c4b
    x-webflow-timestamp: 1658940994000
    = - - - -

    elevenlabs webhook github.com/elevenlabs/elevenlabs-python src/elevenlabs/conversational_ai/conversation.py
    ElevenLabs-Signature: t=1739537297,v0=8a2f3b1c
    = - - - -
    """
