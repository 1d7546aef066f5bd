/// Where partners are called, as their own clients, API descriptions and documentation write it. Typed from there, not made from
/// the catalogue's data; accounts' names are made up. As of 2026-11-28.
///
/// A line: the partner, where it was read, and the hosts, between bars. Of a host with a part of the account's own in it one
/// example is told.
let hostVectors = """
    stripe | github.com/stripe/stripe-node src/Types.ts | api.stripe.com files.stripe.com connect.stripe.com meter-events.stripe.com
    paypal | github.com/paypal/paypal-rest-api-specifications openapi/invoicing_v1.json | api-m.paypal.com api-m.sandbox.paypal.com
    paypal | github.com/paypal/paypal-rest-api-specifications openapi/payments_payment_v1.json | api.paypal.com
    adyen | github.com/Adyen/adyen-python-api-library Adyen/client.py | checkout-test.adyen.com acme-checkout-live.adyenpayments.com
    braintree | github.com/braintree/braintree_python braintree/environment.py | api.braintreegateway.com api.sandbox.braintreegateway.com payments.braintree-api.com
    square | github.com/square/square-python-sdk src/square/environment.py | connect.squareup.com connect.squareupsandbox.com
    checkout-com | github.com/checkout/checkout-sdk-python checkout_sdk/environment.py | api.checkout.com api.sandbox.checkout.com
    checkout-com | github.com/checkout/checkout-sdk-python environment_subdomain.py, its test | acme.api.checkout.com acme.api.sandbox.checkout.com
    gocardless | github.com/gocardless/gocardless-pro-python gocardless_pro/client.py | api.gocardless.com api-sandbox.gocardless.com
    mollie | github.com/mollie/mollie-api-python mollie/api/client.py | api.mollie.com
    plaid | github.com/plaid/plaid-openapi 2020-09-14.yml, CHANGELOG.md | production.plaid.com sandbox.plaid.com development.plaid.com
    razorpay | github.com/razorpay/razorpay-node lib/razorpay.js | api.razorpay.com
    paddle | github.com/PaddleHQ/paddle-node-sdk src/internal/api/constants.ts | api.paddle.com sandbox-api.paddle.com
    chargebee | github.com/chargebee/chargebee-python chargebee/environment.py | acme.chargebee.com
    maxio | github.com/maxio-com/ab-python-sdk doc/controllers | acme.chargify.com
    intuit | github.com/intuit/oauth-pythonclient docs/user-guide.rst, tests | quickbooks.api.intuit.com sandbox-quickbooks.api.intuit.com oauth.platform.intuit.com
    xero | github.com/XeroAPI/Xero-OpenAPI xero-identity.yaml, xero_files.yaml | api.xero.com identity.xero.com
    shopify | github.com/Shopify/shopify-app-js packages/apps/shopify-api/CHANGELOG.md | my-shop.myshopify.com
    bigcommerce | github.com/bigcommerce/docs reference/carts.v3.yml | api.bigcommerce.com
    shippo | github.com/goshippo/shippo-python-sdk src/shippo/sdkconfiguration.py | api.goshippo.com
    easypost | github.com/EasyPost/easypost-python easypost/constant.py | api.easypost.com
    ups | github.com/UPS-API/api-documentation Pickup.yaml | onlinetools.ups.com wwwcie.ups.com
    avalara | github.com/avadev/AvaTax-REST-V2-Python-SDK src/avalara/client.py, examples | rest.avatax.com sandbox-rest.avatax.com
    contentstack | github.com/contentstack/contentstack-javascript config.js, examples, tests | cdn.contentstack.io api.contentstack.io eu-cdn.contentstack.com
    contentful | github.com/contentful/contentful.js lib/contentful.ts, README.md | cdn.contentful.com preview.contentful.com
    contentful | github.com/contentful/contentful-management.js README.md | api.contentful.com
    algolia | github.com/algolia/algoliasearch-client-javascript packages/recommend, client-insights | b1g2gm9ng0-dsn.algolia.net b1g2gm9ng0-1.algolianet.com insights.algolia.io
    slack | github.com/slackapi/python-slack-sdk | slack.com hooks.slack.com
    twilio | github.com/twilio/twilio-python twilio/rest/*/__init__.py | api.twilio.com messaging.twilio.com
    sendgrid | github.com/sendgrid/sendgrid-python sendgrid/base_interface.py | api.sendgrid.com api.eu.sendgrid.com
    mailgun | github.com/mailgun/mailgun.js README.md | api.mailgun.net api.eu.mailgun.net
    mailchimp | github.com/mailchimp/mailchimp-client-lib-codegen spec/transactional.json | mandrillapp.com
    postmark | github.com/ActiveCampaign/postmark.js .env.example | api.postmarkapp.com
    resend | github.com/resend/resend-node src/logs/logs.spec.ts | api.resend.com
    vonage | github.com/Vonage/vonage-python-sdk http_client/src/vonage_http_client/http_client.py | api.nexmo.com rest.nexmo.com video.api.vonage.com api-eu.vonage.com
    messagebird | github.com/messagebird/messagebird-nodejs lib/messagebird.js | rest.messagebird.com
    discord | github.com/discord/discord-api-docs developers/reference.mdx | discord.com
    telegram | github.com/tdlib/telegram-bot-api README.md | api.telegram.org
    meta | github.com/facebook/facebook-python-business-sdk facebook_business/session.py, video_uploader.py | graph.facebook.com graph-video.facebook.com
    meta | github.com/fbsamples/messenger-platform-samples postman/instagram-platform-api | graph.instagram.com
    pusher | github.com/pusher/pusher-http-node lib/pusher_config.js, README.md | api.pusherapp.com api-eu.pusher.com
    onesignal | github.com/OneSignal/api api.json; github.com/OneSignal/onesignal-node-api DefaultApi.md | onesignal.com api.onesignal.com
    zendesk | github.com/zendesk/zendesk_api_client_rb README.md | yoursubdomain.zendesk.com
    intercom | github.com/intercom/Intercom-OpenAPI fern/openapi-overrides.yml | api.intercom.io api.eu.intercom.io api.au.intercom.io
    hubspot | github.com/HubSpot/hubspot-api-nodejs src/services/http/Request.ts | api.hubapi.com
    pipedrive | github.com/pipedrive/client-nodejs docs/v1.md | api.pipedrive.com oauth.pipedrive.com
    klaviyo | github.com/klaviyo/klaviyo-api-node README.md | a.klaviyo.com
    segment | github.com/segmentio/segment-docs src/partners/sources.md, scripts/catalog | api.segment.io events.eu1.segmentapis.com api.segmentapis.com
    front | github.com/frontapp/front-api-specs core-api/core-api.json | api2.frontapp.com yourcompany.api.frontapp.com
    github | github.com/octokit/webhooks.js scripts/generate-types.ts | api.github.com
    gitlab | github.com/python-gitlab/python-gitlab CHANGELOG.md | gitlab.com
    linear | github.com/linear/linear packages/sdk/codegen.schema.yml | api.linear.app
    pagerduty | github.com/PagerDuty/api-schema reference/REST, events-v2 | api.pagerduty.com events.pagerduty.com
    pagerduty | github.com/PagerDuty/developer-docs app-integration-development | api.eu.pagerduty.com
    datadog | github.com/DataDog/datadog-api-client-python .generator/schemas/v1/openapi.yaml | api.datadoghq.com api.datadoghq.eu api.us5.datadoghq.com http-intake.logs.datadoghq.eu
    cloudflare | github.com/cloudflare/cloudflare-typescript src/client.ts | api.cloudflare.com
    circleci | github.com/circleci/circleci-docs execution-runner/pages/runner-provisioner.adoc | circleci.com runner.circleci.com
    vercel | github.com/vercel/sdk src/lib/config.ts | api.vercel.com
    launchdarkly | github.com/launchdarkly/python-server-sdk ldclient/config.py | app.launchdarkly.com events.launchdarkly.com
    asana | github.com/Asana/openapi defs/asana_oas.yaml | app.asana.com
    monday | github.com/mondaycom/monday-graphql-api packages/api/lib/constants | api.monday.com
    notion | github.com/makenotion/notion-sdk-js README.md | api.notion.com
    airtable | github.com/Airtable/airtable.js build/airtable.browser.js | api.airtable.com
    typeform | github.com/Typeform/js-api-client README.md | api.typeform.com api.eu.typeform.com
    box | github.com/box/box-python-sdk docs/client.md, managers/zip_downloads.py | api.box.com upload.box.com dl.boxcloud.com
    dropbox | github.com/dropbox/dropbox-sdk-js test/unit/utils.js, lib/routes.js | api.dropboxapi.com content.dropboxapi.com
    docusign | github.com/docusign/docusign-esign-python-client client/configuration.py, auth/oauth.py | demo.docusign.net account.docusign.com account-d.docusign.com
    auth0 | github.com/auth0/node-auth0 AGENTS.md | your-tenant.auth0.com
    okta | github.com/okta/okta-developer-docs guides/find-your-domain | example.okta.com example.oktapreview.com example.okta-emea.com
    clerk | github.com/clerk/javascript packages/backend/src/tokens/keys.ts | api.clerk.com
    onfido | github.com/onfido/onfido-python onfido/configuration.py, tests | api.eu.onfido.com api.onfido.com
    aws | github.com/boto/botocore botocore/data/endpoints.json | sqs.eu-west-1.amazonaws.com dynamodb.us-east-1.api.aws
    aws-s3 | github.com/boto/botocore botocore/utils.py, endpoints.json | s3.amazonaws.com bucket.s3.amazonaws.com s3.eu-west-1.amazonaws.com bucket.s3.eu-west-1.amazonaws.com s3-us-west-2.amazonaws.com
    google-cloud-storage | github.com/googleapis/python-storage | storage.googleapis.com bucket.storage.googleapis.com
    google-maps | github.com/googlemaps/google-maps-services-python googlemaps/client.py | maps.googleapis.com
    microsoft-graph | github.com/microsoftgraph/msgraph-sdk-python-core src/msgraph_core/_enums.py | graph.microsoft.com graph.microsoft.us
    microsoft-login | github.com/AzureAD/microsoft-authentication-library-for-python msal/authority.py | login.microsoftonline.com login.microsoft.com
    openai | github.com/openai/openai-python README.md, examples/azure_ad.py | api.openai.com mtls.api.openai.com my-resource.openai.azure.com
    anthropic | github.com/anthropics/anthropic-sdk-python src/anthropic/_client.py | api.anthropic.com
    mistral | github.com/mistralai/client-python README.md | api.mistral.ai
    cohere | github.com/cohere-ai/cohere-python src/cohere/environment.py | api.cohere.com
    hugging-face | github.com/huggingface/huggingface_hub src/huggingface_hub/constants.py, docs | huggingface.co router.huggingface.co api-inference.huggingface.co
    replicate | github.com/replicate/replicate-python replicate/client.py | api.replicate.com
    svix | github.com/svix/svix-webhooks go/svix.go | api.svix.com api.us.svix.com api.eu.svix.com api.in.svix.com api.ca.svix.com api.au.svix.com
    heroku | github.com/heroku/platform-api schema.json | api.heroku.com
    netlify | github.com/netlify/open-api swagger.yml | api.netlify.com
    digitalocean | github.com/digitalocean/openapi Makefile | api.digitalocean.com
    fastly | github.com/fastly/fastly-js src/ApiClient.js | api.fastly.com rt.fastly.com
    buildkite | github.com/buildkite/docs pages/apis/rest_api.md, graphql_api.md | api.buildkite.com graphql.buildkite.com
    opsgenie | github.com/opsgenie/opsgenie-python-sdk opsgenie-oas.json, README.md | api.opsgenie.com api.eu.opsgenie.com
    new-relic | github.com/newrelic/newrelic-client-go pkg/region/region_constants.go | api.newrelic.com api.eu.newrelic.com log-api.newrelic.com metric-api.newrelic.com log-api.eu.newrelic.com
    elastic-cloud | github.com/elastic/cloud-sdk-go api/apidocs-user.json, testdata | api.elastic-cloud.com 4746.us-central1.gcp.cloud.es.io
    snowflake | github.com/snowflakedb/snowflake-connector-python src/snowflake/connector | acme.snowflakecomputing.com
    bamboohr | github.com/BambooHR/bhr-api-python specs/public.yaml | api.bamboohr.com companysubdomain.bamboohr.com
    gusto | github.com/Gusto/gusto-python-client openapi.yaml, README.md | api.gusto.com api.gusto-demo.com
    greenhouse | github.com/grnhse/greenhouse-api-docs source/includes | harvest.greenhouse.io boards-api.greenhouse.io
    lever | github.com/lever/postings-api nodejs/server.js | api.lever.co api.eu.lever.co
    customer-io | github.com/customerio/customerio-node lib/regions.ts | api.customer.io track.customer.io api-eu.customer.io track-eu.customer.io
    amplitude | github.com/amplitude/Amplitude-Python src/amplitude/constants.py | api2.amplitude.com api.eu.amplitude.com
    mixpanel | github.com/mixpanel/mixpanel-python CLAUDE.md, demo | api.mixpanel.com api-eu.mixpanel.com
    brevo | github.com/getbrevo/brevo-python README.md | api.brevo.com
    sparkpost | github.com/SparkPost/node-sparkpost lib/sparkpost.js, README.md | api.sparkpost.com api.eu.sparkpost.com
    zoho | github.com/zoho/zohocrm-python-sdk-8.0 zohocrmsdk/src/com/zoho/crm/api/dc | www.zohoapis.com sandbox.zohoapis.com content.zohoapis.eu accounts.zoho.com accounts.zoho.eu
    linkedin | github.com/linkedin-developers/linkedin-api-js-client examples | api.linkedin.com
    x | github.com/tweepy/tweepy cassettes, tweepy/api.py | api.twitter.com upload.twitter.com
    wise | github.com/transferwise/digital-signatures-examples sca-personal-tokens | api.transferwise.com
    dwolla | github.com/Dwolla/dwolla-openapi openapi.yml | api.dwolla.com api-sandbox.dwolla.com
    coinbase | github.com/coinbase/coinbase-advanced-py constants.py; coinbase-commerce-node lib/Client.js | api.coinbase.com api.commerce.coinbase.com
    recurly | github.com/recurly/recurly-client-python openapi/api.yaml | v3.recurly.com v3.eu.recurly.com
    lemon-squeezy | github.com/lmsqueezy/lemonsqueezy.js src/internal/utils | api.lemonsqueezy.com
    taxjar | github.com/taxjar/taxjar-node lib/taxjar.ts, README.md | api.taxjar.com api.sandbox.taxjar.com
    marqeta | github.com/marqeta/marqeta-python README.md | shared-sandbox-api.marqeta.com
    webflow | github.com/webflow/js-webflow-api src/environments.ts | api.webflow.com
    figma | github.com/figma/rest-api-spec openapi/openapi.yaml | api.figma.com
    miro | github.com/miroapp/api-clients packages/generator/spec.json | api.miro.com
    ringcentral | github.com/ringcentral/ringcentral-js sdk/src/SDK.ts, CONTRIBUTING.md | platform.ringcentral.com platform.devtest.ringcentral.com
    zapier | github.com/zapier/zapier-platform packages/legacy-scripting-runner | hooks.zapier.com
    workos | github.com/workos/workos-node src/workos.ts | api.workos.com
    stytch | github.com/stytchauth/stytch-node lib/shared/envs.ts, tests | api.stytch.com test.stytch.com
    lob | github.com/lob/lob-openapi lob-api-public.yml | api.lob.com
    elevenlabs | github.com/elevenlabs/elevenlabs-python src/elevenlabs/environment.py | api.elevenlabs.io
    deepgram | github.com/deepgram/deepgram-python-sdk src/deepgram/environment.py | api.deepgram.com
    gemini | github.com/googleapis/python-genai google/genai | generativelanguage.googleapis.com
    groq | github.com/groq/groq-python src/groq/_client.py | api.groq.com
    perplexity | github.com/perplexityai/perplexity-py src/perplexity/_client.py | api.perplexity.ai
    """

/// What nobody has read in the partner's own words yet, told in the same form so that it does not change unnoticed.
let unconfirmedHosts = """
    stripe | general knowledge | uploads.stripe.com
    paypal | general knowledge | api.sandbox.paypal.com
    klarna | general knowledge | api.klarna.com api-na.klarna.com api-oc.klarna.com api.playground.klarna.com
    paddle | general knowledge | vendors.paddle.com
    shopify | general knowledge | api.shopify.com partners.shopify.com
    fedex | general knowledge | apis.fedex.com apis-sandbox.fedex.com
    contentful | general knowledge | graphql.contentful.com
    mailchimp | general knowledge | us6.api.mailchimp.com
    messagebird | general knowledge | api.bird.com conversations.messagebird.com
    discord | general knowledge | discordapp.com
    meta | general knowledge | graph.whatsapp.com
    freshworks | general knowledge | acme.freshdesk.com acme.freshservice.com acme.myfreshworks.com
    hubspot | general knowledge | api.hubspot.com forms.hubspot.com
    salesforce | general knowledge | login.salesforce.com test.salesforce.com acme.my.salesforce.com acme.salesforce.com
    github | general knowledge | uploads.github.com api.acme.ghe.com
    bitbucket | general knowledge | api.bitbucket.org
    sentry | general knowledge | sentry.io acme.sentry.io
    launchdarkly | general knowledge | sdk.launchdarkly.com clientsdk.launchdarkly.com
    atlassian | general knowledge | acme.atlassian.net api.atlassian.com
    trello | general knowledge | api.trello.com
    airtable | general knowledge | content.airtable.com
    calendly | general knowledge | api.calendly.com auth.calendly.com
    dropbox | general knowledge | notify.dropboxapi.com
    zoom | general knowledge | api.zoom.us zoom.us
    wrike | general knowledge | www.wrike.com app-eu.wrike.com
    clickup | general knowledge | api.clickup.com
    clerk | general knowledge | api.clerk.dev
    onfido | general knowledge | api.us.onfido.com api.ca.onfido.com
    persona | general knowledge | withpersona.com api.withpersona.com
    google | general knowledge | www.googleapis.com accounts.google.com
    google-maps | general knowledge | places.googleapis.com routes.googleapis.com
    azure | general knowledge | management.azure.com acme.vault.azure.net acme.servicebus.windows.net acme.search.windows.net
    azure | general knowledge | acme.queue.core.windows.net acme.table.core.windows.net acme.cognitiveservices.azure.com acme.documents.azure.com
    azure-storage | general knowledge | acme.blob.core.windows.net acme.file.core.windows.net acme.dfs.core.windows.net
    cohere | general knowledge | api.cohere.ai
    statuspage | general knowledge | api.statuspage.io
    new-relic | general knowledge | insights-api.newrelic.com trace-api.newrelic.com otlp.nr-data.net
    snyk | general knowledge | api.snyk.io snyk.io api.eu.snyk.io
    servicenow | general knowledge | acme.service-now.com
    workday | general knowledge | acme.workday.com acme.myworkday.com
    personio | general knowledge | api.personio.de
    deel | general knowledge | api.letsdeel.com api-sandbox.demo.deel.com
    amplitude | general knowledge | amplitude.com api.lab.amplitude.com
    mixpanel | general knowledge | data.mixpanel.com mixpanel.com
    braze | general knowledge | rest.iad-01.braze.com rest.fra-01.braze.eu
    iterable | general knowledge | api.iterable.com api.eu.iterable.com
    activecampaign | general knowledge | acme.api-us1.com acme.activehosted.com
    brevo | general knowledge | api.sendinblue.com
    x | general knowledge | api.x.com
    wise | general knowledge | api.wise.com api.sandbox.transferwise.tech
    netsuite | general knowledge | acme.suitetalk.api.netsuite.com acme.restlets.api.netsuite.com
    brex | general knowledge | platform.brexapis.com api.brex.com
    paymongo | general knowledge | api.paymongo.com
    aircall | general knowledge | api.aircall.io
    zapier | general knowledge | api.zapier.com actions.zapier.com
    make | general knowledge | eu1.make.com hook.integromat.com
    """
