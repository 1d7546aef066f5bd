/// The words by which answers tell what is wrong, as data. Collected from the error formats of RFC 9457, JSON:API 1.1, the
/// Google, Microsoft, Stripe, Shopify, Zendesk, GitHub, Adyen and Avalara references, and those that Rails, Laravel, Django,
/// FastAPI, Spring, ASP.NET, Ajv and express-validator make by default; 2026-11.
enum AnswerWords {
    /// Keys whose value is a place in the request, normalised.
    static let placeKeys: Set<String> = [
        "param", "parameter", "parametername", "field", "fieldname", "fieldpath", "pointer", "path", "jsonpath",
        "jsonpointer", "property", "propertyname", "propertypath", "attribute", "attributename", "key", "loc",
        "location", "datapath", "instancepath", "target", "element", "elementname", "argument", "argumentname",
        "column",
        "xpath", "member", "input", "invalidfield", "invalidparam", "refersto", "invalidproperty", "header",
    ]

    /// Keys whose members are places with what is wrong with them, normalised.
    static let errorContainers: Set<String> = [
        "errors", "error", "fielderrors", "fields", "validationerrors", "invalidparams", "invalidparameters", "details",
        "violations", "modelstate", "messages", "failures", "issues", "fieldviolations", "causes", "problems", "detail",
        "invalid",
    ]

    static let codeKeys: Set<String> = [
        "code", "type", "errorcode", "errortype", "statuscode", "reason", "rule", "keyword", "kind", "errorname", "tag",
        "constraint", "error", "category", "subcode",
    ]

    static let sentenceKeys: Set<String> = [
        "message", "title", "detail", "details", "description", "errordescription", "errormessage", "msg",
        "faultstring", "text", "hint", "developermessage", "usermessage", "longmessage", "shortmessage", "explanation",
        "reason", "summary", "errordetails", "localizedmessage", "statusmessage",
    ]

    /// Words in front of the name of a place.
    static let introductions: Set<String> = [
        "element", "field", "parameter", "param", "property", "attribute", "key", "argument", "column", "header", "for",
        "the", "in", "at", "of", "value", "named", "input", "member", "node", "on", "missing", "invalid", "required",
        "unknown", "unexpected", "unrecognized", "unrecognised", "path", "location", "type:", "parameter:", "field:",
    ]

    /// Words behind the name of a place.
    static let verbs: Set<String> = [
        "is", "must", "has", "cannot", "can't", "should", "was", "contains", "does", "may", "exceeds", "required",
        "missing", "invalid", "needs", "are", "have", "isn't", "not", "combination", "too", "already", "expected",
        "field", "value", "parameter", "format", "accepts", "failed",
    ]

    /// Keys that are everyday words of error messages as well.
    static let common: Set<String> = [
        "type", "name", "value", "id", "code", "status", "date", "format", "message", "body", "field", "parameter",
        "request", "element", "items", "item", "number", "account", "version", "error", "data", "object", "string",
        "key", "title", "description", "order", "customer", "address", "country", "currency", "time", "method", "valid",
        "to", "from", "in", "is", "of", "the", "a", "for", "and", "on", "be", "not", "content", "text", "state",
        "level",
        "service", "reference", "public", "source", "target", "channel", "options", "length", "range", "required",
    ]

    /// What the words of a message or a code say is wrong; each with the tests it speaks of. Matched on lower-case text with
    /// `_` and `-` as spaces.
    static let phrases: [(words: String, tests: [ExplainTest])] = [
        ("required", [.missing, .renamed, .length]), ("missing", [.missing, .renamed]),
        ("must be provided", [.missing, .renamed]), ("must be present", [.missing, .renamed]),
        ("not provided", [.missing]), ("blank", [.length, .missing]), ("empty", [.length, .missing]),
        ("not be null", [.type, .missing]), ("null", [.type]), ("nil", [.type]),
        ("too long", [.length]), ("too short", [.length]), ("length", [.length]), ("characters long", [.length]),
        ("max length", [.length]), ("maximum length", [.length]), ("at most", [.length, .greater]),
        ("out of range", [.greater, .less]), ("range", [.greater, .less]), ("greater than", [.less, .greater]),
        ("less than", [.greater, .less]), ("at least", [.less, .length]), ("minimum", [.less, .length]),
        ("maximum", [.greater, .length]), ("between", [.greater, .less]), ("too large", [.greater]),
        ("too small", [.less]), ("positive", [.less]),
        ("allowed values", [.equals]), ("one of", [.equals]), ("not supported", [.equals]), ("unsupported", [.equals]),
        ("valid choice", [.equals]), ("in the list", [.equals]), ("enum", [.equals]),
        ("not allowed", [.equals, .present]),
        ("not enabled", [.equals]), ("combination", [.equals]), ("invalid value", [.equals, .format]),
        ("malformed", [.format, .type]), ("format", [.format]), ("pattern", [.format]), ("does not match", [.format]),
        ("characters", [.format]), ("encoding", [.format]), ("parse", [.format, .type]), ("valid email", [.format]),
        ("valid date", [.format]), ("valid url", [.format]),
        ("type", [.type]), ("must be a", [.type]), ("must be an", [.type]), ("expected", [.type]), ("integer", [.type]),
        ("not a number", [.type]), ("numeric", [.type]), ("boolean", [.type]),
        ("unrecognised", [.present]), ("unrecognized", [.present]), ("not a recognised", [.present]),
        ("unknown", [.present, .equals]), ("unexpected", [.present]), ("additional", [.present]), ("extra", [.present]),
        ("already", [.duplicate]), ("duplicate", [.duplicate]), ("taken", [.duplicate]), ("unique", [.duplicate]),
        ("conflict", [.duplicate]), ("removed", [.present]), ("deprecated", [.present]),
    ]
}
