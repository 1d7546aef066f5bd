// Where partners say how they are: public pages that answer `/api/v2/summary.json` in Statuspage's form.

extension Catalogue {
    /// By partner, without a slash at the end. From general knowledge, to be verified, as of
    /// `PartnerDefinition.reviewed`: a wrong one costs a request that fails and is counted, never a wrong statement,
    /// for what is not of the form is none. Partners whose pages have a form of their own (Stripe, Slack, AWS …) are
    /// left out: an operator states what those say.
    public static let statusPages: [String: String] = [
        "airtable": "https://status.airtable.com", "algolia": "https://status.algolia.com",
        "amplitude": "https://status.amplitude.com", "anthropic": "https://status.anthropic.com",
        "asana": "https://status.asana.com", "atlassian": "https://status.atlassian.com",
        "bamboohr": "https://status.bamboohr.com", "bigcommerce": "https://status.bigcommerce.com",
        "bitbucket": "https://bitbucket.status.atlassian.com", "box": "https://status.box.com",
        "braintree": "https://status.braintreepayments.com", "braze": "https://braze.statuspage.io",
        "buildkite": "https://www.buildkitestatus.com", "chargebee": "https://status.chargebee.com",
        "circleci": "https://status.circleci.com", "clickup": "https://status.clickup.com",
        "cloudflare": "https://www.cloudflarestatus.com", "coinbase": "https://status.coinbase.com",
        "contentful": "https://www.contentfulstatus.com", "datadog": "https://status.datadoghq.com",
        "digitalocean": "https://status.digitalocean.com", "discord": "https://discordstatus.com",
        "docusign": "https://status.docusign.com", "dropbox": "https://status.dropbox.com",
        "elastic-cloud": "https://status.elastic.co", "figma": "https://status.figma.com",
        "front": "https://www.frontstatus.com", "github": "https://www.githubstatus.com",
        "hubspot": "https://status.hubspot.com", "intercom": "https://www.intercomstatus.com",
        "klaviyo": "https://status.klaviyo.com", "launchdarkly": "https://status.launchdarkly.com",
        "linear": "https://linearstatus.com", "mailgun": "https://status.mailgun.com",
        "mixpanel": "https://www.mixpanelstatus.com", "monday": "https://status.monday.com",
        "netlify": "https://www.netlifystatus.com", "new-relic": "https://status.newrelic.com",
        "notion": "https://status.notion.so", "onesignal": "https://status.onesignal.com",
        "openai": "https://status.openai.com", "plaid": "https://status.plaid.com",
        "postmark": "https://status.postmarkapp.com", "pusher": "https://status.pusher.com",
        "recurly": "https://status.recurly.com", "segment": "https://status.segment.com",
        "sendgrid": "https://status.sendgrid.com", "sentry": "https://status.sentry.io",
        "shopify": "https://www.shopifystatus.com", "snowflake": "https://status.snowflake.com",
        "square": "https://www.issquareup.com", "trello": "https://trello.status.atlassian.com",
        "twilio": "https://status.twilio.com", "vercel": "https://www.vercel-status.com",
        "webflow": "https://status.webflow.com", "zapier": "https://status.zapier.com",
        "zoom": "https://www.zoomstatus.com",
    ]
}
