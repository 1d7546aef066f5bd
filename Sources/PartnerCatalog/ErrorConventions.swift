/// Conventions that several partners share.
extension ErrorConvention {
    /// GraphQL over HTTP: errors travel inside 200. Tried after a partner's own rules, for paths that end in `graphql`.
    ///
    /// Codes are those of Apollo, Shopify, GitHub and Linear; an unknown one is an error inside success. A response with both data
    /// and errors counts as failed: part of what was asked for is missing.
    static let graphQLRules: [OutcomeRule] = [
        OutcomeRule(
            200...499,
            .body(
                "errors[].extensions.code",
                .isOneOf([
                    "THROTTLED", "RATE_LIMITED", "RATELIMITED", "MAX_COST_EXCEEDED", "TOO_MANY_REQUESTS",
                    "ComplexityException",
                ])), .rateLimited, pathSuffixes: graphQLPaths),
        OutcomeRule(
            200...499, .body("errors[].type", .isOneOf(["RATE_LIMITED", "RATE_LIMIT", "MAX_NODE_LIMIT_EXCEEDED"])),
            .rateLimited, pathSuffixes: graphQLPaths),
        OutcomeRule(
            200...499,
            .body(
                "errors[].extensions.code",
                .isOneOf(["UNAUTHENTICATED", "FORBIDDEN", "ACCESS_DENIED", "AUTHENTICATION_ERROR", "UNAUTHORIZED"])),
            .unauthorized, pathSuffixes: graphQLPaths),
        OutcomeRule(200...299, .body("errors", .isPresent), .errorInSuccess, pathSuffixes: graphQLPaths),
    ]

    static let graphQLPaths = ["/graphql", "/graphql.json", "/gql"]

    /// JSON-RPC 2.0, section 5.1: a response object with `error`.
    public static let jsonRPC = ErrorConvention(rules: [
        OutcomeRule(200...299, .body("error.code", .isPresent), .errorInSuccess)
    ])

    /// `{"success": false}` in a 200.
    public static let successFlag = ErrorConvention(rules: [
        OutcomeRule(200...299, .body("success", .isFalse), .errorInSuccess)
    ])

    /// `{"ok": false, "error": "…"}` in a 200, as Slack answers.
    public static let okFlag = ErrorConvention(rules: [
        OutcomeRule(
            200...299, .body("error", .isOneOf(["ratelimited", "rate_limited", "message_limit_exceeded"])), .rateLimited
        ),
        OutcomeRule(
            200...299,
            .body(
                "error",
                .isOneOf([
                    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "no_permission",
                    "missing_scope", "org_login_required", "ekm_access_denied", "not_allowed_token_type",
                    "access_denied",
                    "team_access_not_granted",
                ])), .unauthorized),
        OutcomeRule(200...299, .body("ok", .isFalse), .errorInSuccess),
    ])
}

/// Families of rate-limit headers that several partners share.
extension [RateLimitHeader] {
    /// `x-ratelimit-limit`, `-remaining`, `-reset`.
    public static let xRateLimit: [RateLimitHeader] = [
        RateLimitHeader("x-ratelimit-limit", .limit), RateLimitHeader("x-ratelimit-remaining", .remaining),
        RateLimitHeader("x-ratelimit-reset", .reset),
    ]
    /// The same without `x-`, from older texts of the IETF draft.
    public static let rateLimit: [RateLimitHeader] = [
        RateLimitHeader("ratelimit-limit", .limit), RateLimitHeader("ratelimit-remaining", .remaining),
        RateLimitHeader("ratelimit-reset", .reset),
    ]
    /// `x-rate-limit-limit`, `-remaining`, `-reset`.
    public static let xRateDashLimit: [RateLimitHeader] = [
        RateLimitHeader("x-rate-limit-limit", .limit), RateLimitHeader("x-rate-limit-remaining", .remaining),
        RateLimitHeader("x-rate-limit-reset", .reset),
    ]
    /// draft-ietf-httpapi-ratelimit-headers as of 2025-09.
    public static let structured: [RateLimitHeader] = [
        RateLimitHeader("ratelimit", .combined), RateLimitHeader("ratelimit-policy", .combined),
    ]
}
