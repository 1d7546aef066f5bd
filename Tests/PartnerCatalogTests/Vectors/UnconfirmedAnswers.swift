/// Answers of partners and what they are believed to mean, as `unconfirmedVectors`. What is said of several partners alike is said once.
let unconfirmedAnswers = """
    shopify answer general knowledge
    430 rate_limited

    plaid answer general knowledge
    HTTP 400
    {"error_type": "INVALID_INPUT", "error_code": "INVALID_API_KEYS", "error_message": "invalid client_id"}
    = unauthorized

    vonage answer general knowledge
    {"messages": [{"status": "4", "error-text": "Invalid credentials"}]}
    = unauthorized

    telegram answer general knowledge
    {"ok": false, "error_code": 400, "description": "Bad Request"}
    = error_in_success

    meta answer general knowledge
    HTTP 400
    {"error": {"code": 17, "message": "User request limit reached"}}
    = rate_limited
    {"error": {"code": 190, "message": "Invalid OAuth access token."}}
    = unauthorized
    {"error": {"code": 2, "message": "Service temporarily unavailable"}}
    = server_error

    salesforce answer general knowledge
    HTTP 403
    [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    = rate_limited
    HTTP 400
    [{"errorCode": "API_DISABLED_FOR_ORG", "message": "API is not enabled"}]
    = unauthorized

    pipedrive answer general knowledge
    {"success": false, "error": "Deal not found"}
    = error_in_success

    cloudflare answer general knowledge
    {"success": false, "errors": [{"code": 1003, "message": "Invalid zone"}]}
    = error_in_success

    personio answer general knowledge
    {"success": false, "error": {"code": 0, "message": "The given data was invalid."}}
    = error_in_success

    statuspage answer general knowledge
    420 rate_limited

    monday answer general knowledge
    {"error_code": "ComplexityException", "status_code": 429}
    = rate_limited
    {"error_code": "InvalidColumnIdException", "status_code": 400}
    = error_in_success
    {"errors": [{"message": "Field 'x' doesn't exist"}]}
    = error_in_success

    docusign answer general knowledge
    HTTP 400
    {"errorCode": "HOURLY_APIINVOCATION_LIMIT_EXCEEDED", "message": "x"}
    = rate_limited
    {"errorCode": "AUTHORIZATION_INVALID_TOKEN", "message": "x"}
    = unauthorized

    google answer general knowledge
    HTTP 403
    {"error": {"errors": [{"reason": "userRateLimitExceeded"}], "code": 403}}
    = rate_limited
    {"error": {"status": "RESOURCE_EXHAUSTED", "code": 403}}
    = rate_limited

    google-cloud-storage answer general knowledge
    HTTP 403
    {"error": {"errors": [{"reason": "rateLimitExceeded"}], "code": 403}}
    = rate_limited
    {"error": {"status": "RESOURCE_EXHAUSTED", "code": 403}}
    = rate_limited

    google-maps answer general knowledge
    {"status": "REQUEST_DENIED", "error_message": "The provided API key is invalid."}
    = unauthorized
    {"status": "INVALID_REQUEST"}
    = error_in_success
    HTTP 403
    {"error": {"errors": [{"reason": "dailyLimitExceeded"}], "code": 403}}
    = rate_limited
    {"error": {"status": "RESOURCE_EXHAUSTED", "code": 403}}
    = rate_limited

    gemini answer general knowledge
    HTTP 400
    {"error": {"status": "RESOURCE_EXHAUSTED", "code": 429}}
    = rate_limited

    aws-s3 answer general knowledge
    HTTP 503
    x-amzn-ErrorType: SlowDown
    = rate_limited

    aws-s3 answer general knowledge
    HTTP 503
    {"__type": "SlowDown"}
    = rate_limited
    HTTP 400
    {"__type": "ExpiredToken"}
    = unauthorized

    aws-s3 answer general knowledge
    HTTP 400
    x-amzn-ErrorType: ExpiredToken
    = unauthorized

    iterable answer general knowledge
    {"code": "BadParams", "msg": "x"}
    = error_in_success
    HTTP 400
    {"code": "BadApiKey", "msg": "x"}
    = unauthorized

    zoho answer general knowledge
    {"data": [{"code": "INVALID_DATA", "status": "error"}]}
    = error_in_success
    HTTP 400
    {"code": "TOO_MANY_REQUESTS", "status": "error"}
    = rate_limited

    netsuite answer general knowledge
    HTTP 400
    {"error": {"code": "SSS_REQUEST_LIMIT_EXCEEDED", "message": "x"}}
    = rate_limited

    activecampaign,aircall,algolia,amplitude,atlassian,avalara,azure,azure-storage,bigcommerce,bitbucket,braze answer general knowledge
    400 rejected, 401 unauthorized, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error, 503 server_error, 200 success

    brevo,brex,buildkite,calendly,checkout-com,circleci,clerk,clickup,coinbase,contentful,contentstack,customer-io answer general knowledge
    400 rejected, 401 unauthorized, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error, 503 server_error, 200 success

    datadog,deel,deepgram,dwolla,elastic-cloud,fastly,fedex,figma,freshworks,front,gitlab,greenhouse,gusto,heroku answer general knowledge
    400 rejected, 401 unauthorized, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error, 503 server_error, 200 success

    hubspot,hugging-face,intuit,klarna,klaviyo,launchdarkly,lemon-squeezy,lever,linear,linkedin,lob,mailchimp answer general knowledge
    400 rejected, 401 unauthorized, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error, 503 server_error, 200 success

    mailgun,make,marqeta,maxio,messagebird,microsoft-graph,microsoft-login,mistral,mollie,netlify,new-relic answer general knowledge
    400 rejected, 401 unauthorized, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error, 503 server_error, 200 success

    onesignal,onfido,opsgenie,paddle,pagerduty,paymongo,persona,pusher,razorpay,replicate,resend,ringcentral answer general knowledge
    400 rejected, 401 unauthorized, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error, 503 server_error, 200 success

    segment,sentry,servicenow,snyk,sparkpost,stytch,svix,taxjar,trello,typeform,ups,vercel,wise,workday,wrike,x answer general knowledge
    400 rejected, 401 unauthorized, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error, 503 server_error, 200 success

    zapier,zendesk,zoom answer general knowledge
    400 rejected, 401 unauthorized, 403 unauthorized, 404 rejected, 429 rate_limited, 500 server_error, 503 server_error, 200 success
    """
