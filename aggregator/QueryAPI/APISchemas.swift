/// The schemas of the API's answers (JSON Schema 2020-12), by name. A test holds real answers against them.
let apiSchemas: [(name: String, schema: String)] = [
    (
        "Problem",
        #"{"type":"object","required":["title","status"],"properties":{"type":{"type":"string"},"title":{"type":"string"},"#
            + #""status":{"type":"integer"},"detail":{"type":"string"},"hint":{"type":"string"},"errors":{"type":"array","#
            + #""items":{"type":"object","required":["pointer","detail"],"properties":{"pointer":{"type":"string"},"#
            + #""detail":{"type":"string"}}}}}}"#
    ),
    ("Object", anyObject),
    (
        "ServerSentEvent",
        #"{"type":"object","required":["event","data"],"properties":{"event":{"type":"string"},"data":{"type":"string"},"#
            + #""id":{"type":"string"}}}"#
    ),
    ("Time", #"{"type":"string","format":"date-time"}"#),
    ("TimeOrNull", #"{"type":["string","null"],"format":"date-time"}"#),
    ("NumberOrNull", #"{"type":["number","null"]}"#),
    ("TextOrNull", #"{"type":["string","null"]}"#),
    (
        "PartnerStatus",
        #"{"enum":["operational","degraded_performance","partial_outage","major_outage","under_maintenance","unknown"]}"#
    ),
    ("Partner", object(partnerMembers)),
    (
        "PartnerDetail",
        object(
            headMembers + partnerMembers + [
                ("facts", reference("PartnerFacts")),
                ("routes", list("PartOfCalls")), ("hosts", list("PartOfCalls")),
                ("customers", list("PartOfCalls")),
                ("outages", list("Outage")),
            ])
    ),
    (
        "RegionStatus",
        object([("name", text), ("status", reference("PartnerStatus")), ("calls", integer), ("calls_failed", integer)])
    ),
    ("PartOfCalls", object([("name", text), ("calls", integer), ("calls_failed", integer)])),
    (
        "Outage",
        object([
            ("id", text), ("started_at", reference("Time")), ("ended_at", reference("TimeOrNull")),
            ("worst_status", text),
            ("reason", text), ("calls_failed", integer),
        ])
    ),
    (
        "Status",
        object(
            headMembers + [
                ("indicator", indicator), ("description", text),
                ("fleet", object([("hosts_reporting", integer), ("hosts_silent", integer)])),
                ("coverage", object(coverageMembers + [("processes_blind", integer)])),
                ("partners", list("Partner")), ("hosts_in_trouble", list("TroubledHost")),
            ])
    ),
    (
        "TroubledHost",
        object([
            ("host", text), ("since", reference("Time")), ("calls", integer), ("calls_failed", integer),
            ("partners_affected", integer),
        ])
    ),
    ("PartnerList", object(headMembers + [("data", list("ListedPartner")), ("next_cursor", reference("TextOrNull"))])),
    ("ListedPartner", object(partnerMembers + [("facts", reference("FactsState"))])),
    ("FactsState", #"{"enum":["confirmed","in_part","unconfirmed","settings","derived"]}"#),
    (
        "PartnerFacts",
        object([
            ("state", reference("FactsState")), ("confirmed", texts), ("unconfirmed", texts),
            ("unknown", texts), ("verified", reference("TextOrNull")), ("source", reference("TextOrNull")),
        ])
    ),
    (
        "Catalogue",
        object([
            ("format", integer), ("version", text),
            ("partners", #"{"type":"object","additionalProperties":\#(reference("KnownPartner"))}"#),
            ("public_suffixes", object([("registries", texts), ("companies", texts)])),
        ])
    ),
    (
        "KnownPartner",
        object([
            ("name", text), ("defined_by", texts), ("facts", reference("PartnerFacts")), ("hosts", texts),
            ("webhook_signatures", texts), ("webhook_headers", anyObject), ("webhook_paths", texts), ("routes", texts),
            ("errors", list("Object")), ("rate_limit_headers", list("Object")),
        ])
    ),
    (
        "CallList",
        object([("data", list("Call")), ("next_cursor", reference("TextOrNull")), ("scanned", integer)])
    ),
    (
        "Trace",
        object([
            ("trace_id", reference("TextOrNull")), ("asked_for", text), ("complete", boolean),
            ("started_at", reference("Time")), ("duration_ms", number),
            ("calls", list("TracedCall")), ("gaps", #"{"type":"array"}"#),
        ])
    ),
    (
        "TracedCall",
        object([
            ("depth", integer), ("parent", reference("TextOrNull")), ("linked_by", reference("TextOrNull")),
            ("offset_ms", number), ("call", reference("Call")),
        ])
    ),
    (
        "CallExplanation",
        object([
            ("id", text), ("ranked", list("RankedPlace")), ("note", text), ("values_read", integer),
            ("values_cut", boolean), ("read", reference("SamplesRead")),
        ])
    ),
    (
        "RankedPlace",
        object(
            [("path", text), ("where", text), ("test", text), ("confidence", number), ("text", text)],
            optional: [("value", text)])
    ),
    (
        "Explanation",
        object([("population", anyObject), ("causes", list("Cause")), ("read", reference("SamplesRead"))])
    ),
    (
        "Cause",
        object(
            [
                ("predicate", list("Condition")), ("kind", text), ("risk_ratio", number), ("confidence", number),
                ("text", text), ("samples", anyObject), ("chosen", boolean),
            ],
            optional: [
                ("failures_with", number), ("failures_total", number), ("successes_with", number), ("a_with", number),
                ("a_total", number), ("b_with", number), ("b_total", number),
            ])
    ),
    (
        "Condition",
        object([("path", text), ("where", text), ("test", text), ("value", reference("TextOrNull"))])
    ),
    (
        "SamplesRead",
        object(
            [("complete", boolean)],
            optional: [
                ("failures", reference("SampleRead")), ("successes", reference("SampleRead")),
                ("a", reference("SampleRead")), ("b", reference("SampleRead")),
            ])
    ),
    (
        "SampleRead",
        object([
            ("since", reference("Time")), ("until", reference("Time")), ("matching", integer), ("read", integer),
            ("read_max", integer),
        ])
    ),
    (
        "Volume",
        object([
            ("since", reference("Time")), ("until", reference("Time")), ("by", text), ("data", list("VolumeCount")),
        ])
    ),
    (
        "VolumeCount",
        object(
            [("calls", integer), ("calls_failed", integer), ("failure_ratio", reference("NumberOrNull"))],
            optional: [("name", reference("TextOrNull")), ("time", reference("Time"))])
    ),
    (
        "Impact",
        object([
            ("partner", reference("TextOrNull")), ("since", reference("Time")), ("until", reference("Time")),
            ("calls", integer), ("calls_failed", integer), ("failure_ratio", reference("NumberOrNull")),
            ("customers_calling", integer), ("customers_affected", integer),
            ("without_customer", reference("VolumeCount")), ("customers", list("VolumeCount")),
            ("routes", list("VolumeCount")), ("inbound", reference("InboundImpact")),
        ])
    ),
    (
        "InboundImpact",
        object(
            [("since", reference("Time")), ("until", reference("Time")), ("known", boolean), ("text", text)]
                + impactMembers + [
                    ("linked", anyObject), ("complete", boolean), ("requests_uncounted", integer),
                    ("partners", list("ImpactPart")), ("routes", list("ImpactPart")), ("customers", list("ImpactPart")),
                ])
    ),
    ("ImpactPart", object([("name", reference("TextOrNull"))] + impactMembers)),
    (
        "DriftList",
        object([
            ("data", list("DriftFinding")), ("certificates", reference("CertificateEnds")),
            ("next_cursor", reference("TextOrNull")),
        ])
    ),
    (
        "DriftFinding",
        object([
            ("id", text), ("partner", text), ("route", text),
            (
                "kind",
                #"{"enum":["key_appeared","key_vanished","type_changed","header_appeared","header_vanished","#
                    + #""version_changed","deprecation","sunset","latency_step","certificate_end"]}"#
            ), ("subject", text), ("before", reference("TextOrNull")), ("after", reference("TextOrNull")),
            ("text", text),
            ("effective_at", reference("TimeOrNull")), ("first_seen", reference("Time")),
            ("last_seen", reference("Time")), ("answers", integer), ("hosts_seeing", integer),
            ("hosts_calling", integer),
            ("fleet_ratio", reference("NumberOrNull")), ("samples", #"{"type":"array","items":{"type":"string"}}"#),
        ])
    ),
    (
        "CertificateEnds",
        object([("known", boolean), ("data", list("CertificateEnd"))])
    ),
    (
        "CertificateEnd",
        object([
            ("name", text), ("partner", reference("TextOrNull")), ("not_after", reference("Time")), ("agents", integer),
            ("agents_calling", integer), ("fleet_ratio", number),
        ])
    ),
    (
        "History",
        object(
            headMembers + [
                ("partner", text), ("first_seen", reference("TimeOrNull")), ("periods", list("HistoryPeriod")),
                ("days", list("HistoryStep")), ("quarter_hours", list("HistoryStep")),
            ])
    ),
    (
        "HistoryPeriod",
        object([
            ("period", #"{"enum":["24h","7d","30d","90d"]}"#), ("since", reference("Time")),
            ("uptime_ratio", reference("NumberOrNull")), ("outages", integer), ("degradations", integer),
            ("down_s", number), ("degraded_s", number), ("time_to_detect_mean_s", reference("NumberOrNull")),
            ("time_to_detect_longest_s", reference("NumberOrNull")),
            ("time_to_recover_mean_s", reference("NumberOrNull")),
            ("time_to_recover_longest_s", reference("NumberOrNull")), ("calls", integer), ("calls_failed", integer),
        ])
    ),
    (
        "HistoryStep",
        object([
            ("start", reference("Time")), ("calls", integer), ("calls_failed", integer),
            ("worst_status", reference("TextOrNull")),
        ])
    ),
    (
        "AuditList",
        object([("data", list("AuditEntry")), ("next_before", #"{"type":["integer","null"]}"#)])
    ),
    (
        "AuditEntry",
        object([
            ("id", integer), ("at", reference("Time")), ("who", text), ("what", text), ("detail", anyObject),
        ])
    ),
    ("IncidentList", object([("data", list("Incident")), ("next_cursor", reference("TextOrNull"))])),
    (
        "Incident",
        object(
            [
                ("id", text), ("state", #"{"enum":["open","acknowledged","resolved"]}"#),
                ("started_at", reference("Time")), ("opened_at", reference("Time")),
                ("resolved_at", reference("TimeOrNull")), ("detected_after_s", number), ("severity", severity),
                ("title", text), ("cause", reference("IncidentCause")), ("explains", anyObject),
                ("timeline", list("TimelineEntry")), ("owner", reference("TextOrNull")),
                ("acknowledged", reference("Acknowledged")), ("notifications", list("Notification")),
            ],
            optional: [
                ("trend", #"{"enum":["growing","steady","shrinking"]}"#), ("quiet", boolean),
                ("merged_into", reference("TextOrNull")), ("samples", #"{"type":"array","items":{"type":"string"}}"#),
                ("explanation", #"{"type":"array","items":{"type":"string"}}"#), ("impact", reference("InboundImpact")),
                ("partner_page", reference("TextOrNull")),
            ])
    ),
    (
        "IncidentCause",
        object([
            ("kind", text), ("partners", #"{"type":"array","items":{"type":"string"}}"#),
            (
                "predicate",
                #"{"type":"array","items":{"type":"object","required":["dimension","value"],"properties":{"#
                    + #""dimension":{"type":"string"},"value":{"type":"string"}}}}"#
            ), ("confidence", number),
        ])
    ),
    ("TimelineEntry", object([("at", reference("Time")), ("what", text)], optional: [("who", text)])),
    (
        "Acknowledged",
        #"{"type":["object","null"],"required":["at","by"],"properties":{"at":{"type":"string","format":"date-time"},"#
            + #""by":{"type":["string","null"]}}}"#
    ),
    (
        "Notification",
        object([
            ("at", reference("Time")), ("channel", text), ("kind", text),
            ("state", #"{"enum":["pending","delivered","dead","superseded"]}"#), ("attempts", integer),
            ("last_error", reference("TextOrNull")),
        ])
    ),
    ("NotificationList", object([("data", list("ToldMessage")), ("next_cursor", reference("TextOrNull"))])),
    (
        "ToldMessage",
        object([
            ("id", text), ("incident", text), ("at", reference("Time")), ("channel", text), ("kind", text),
            ("state", #"{"enum":["pending","delivered","dead","superseded"]}"#), ("attempts", integer),
            ("last_error", reference("TextOrNull")),
        ])
    ),
    ("Why", object([("incident", reference("TextOrNull")), ("decisions", objects)])),
    ("QuietList", object([("data", list("Quiet")), ("next_cursor", reference("TextOrNull"))])),
    (
        "Quiet",
        object([
            ("id", text), ("kind", #"{"enum":["silence","maintenance"]}"#),
            ("side", #"{"enum":["ours","theirs",null]}"#), ("state", #"{"enum":["pending","active","ended"]}"#),
            ("matchers", objects), ("starts_at", reference("Time")), ("ends_at", reference("Time")), ("comment", text),
            ("created_at", reference("Time")), ("created_by", text), ("updated_at", reference("Time")),
            ("ended_by", reference("TextOrNull")),
        ])
    ),
    ("OwnerList", object([("data", list("Owner")), ("next_cursor", reference("TextOrNull"))])),
    (
        "Owner",
        object([
            ("name", text), ("source", #"{"enum":["settings","api"]}"#), ("matchers", objects), ("channels", objects),
            ("schedule", #"{"type":["object","null"]}"#), ("quiet_hours", #"{"type":["object","null"]}"#),
            ("contact", reference("TextOrNull")),
            ("runbook", reference("TextOrNull")), ("updated_at", reference("TimeOrNull")),
            ("updated_by", reference("TextOrNull")),
        ])
    ),
    ("EvidenceList", object([("data", list("Evidence")), ("next_cursor", reference("TextOrNull"))])),
    (
        "Evidence",
        object([
            ("id", text), ("created_at", reference("Time")), ("created_by", text), ("title", text),
            ("scope", anyObject), ("calls", integer), ("complete", boolean), ("sha256", text),
        ])
    ),
    (
        "EvidencePreview",
        object([
            ("evidence", text), ("title", text), ("calls", integer), ("complete", boolean), ("partners", texts),
            ("preview", text),
            ("har", anyObject),
            ("page", text),
        ])
    ),
    (
        "RateLimitList",
        object([
            ("as_of", reference("Time")), ("partner", text), ("data", list("RateLimit")), ("calls_read", integer),
            ("next_cursor", reference("TextOrNull")),
        ])
    ),
    (
        "RateLimit",
        object(
            [
                ("source_header", text), ("policy", reference("TextOrNull")), ("limit", reference("NumberOrNull")),
                ("remaining", reference("NumberOrNull")), ("used", reference("NumberOrNull")),
                ("used_ratio", reference("NumberOrNull")), ("reset_at", reference("TimeOrNull")),
                ("window_s", reference("NumberOrNull")), ("reason", reference("TextOrNull")),
            ],
            optional: [("observed_at", reference("Time")), ("call", text), ("host", reference("TextOrNull"))])
    ),
    ("ShareList", object([("data", list("Share")), ("next_cursor", reference("TextOrNull"))])),
    ("Share", object(shareMembers)),
    ("NewShare", object(shareMembers + [("path", text)])),
    (
        "Call",
        object(
            [
                ("id", text), ("time", reference("Time")), ("direction", #"{"enum":["outbound","inbound"]}"#),
                ("request", anyObject),
            ],
            optional: [
                ("partner", text), ("route", text), ("service", text), ("service_version", text), ("host", text),
                ("region", text), ("environment", text), ("customer", text), ("outcome", text),
                ("response", #"{"type":"object","required":["status"],"properties":{"status":{"type":"integer"}}}"#),
                ("error", reference("TextOrNull")), ("duration_ms", number), ("weight", integer), ("source", text),
            ])
    ),
    (
        "HostList",
        object([("as_of", reference("Time")), ("data", list("Host")), ("next_cursor", reference("TextOrNull"))])
    ),
    (
        "Host",
        object([
            ("agent", text), ("state", #"{"enum":["reporting","silent"]}"#), ("first_seen", reference("Time")),
            ("last_seen", reference("Time")), ("clock_offset_s", reference("NumberOrNull")),
            ("host", reference("TextOrNull")), ("region", reference("TextOrNull")),
            ("version", reference("TextOrNull")),
            (
                "lag",
                object([
                    ("calls_waiting", reference("NumberOrNull")), ("bytes_waiting", reference("NumberOrNull")),
                ])
            ), ("lost", anyObject), ("coverage", anyObject), ("report", anyObject),
        ])
    ),
    ("Version", object([("name", text), ("version", text)])),
    ("OpenAPI", object([("openapi", text), ("info", anyObject), ("paths", anyObject)])),
    ("StatuspageStatus", object(statuspageMembers)),
    ("StatuspageComponents", object(statuspageMembers + [("components", list("StatuspageComponent"))])),
    ("StatuspageIncidents", object(statuspageMembers + [("incidents", list("StatuspageIncident"))])),
    (
        "StatuspageSummary",
        object(
            statuspageMembers + [
                ("components", list("StatuspageComponent")), ("incidents", list("StatuspageIncident")),
                ("scheduled_maintenances", #"{"type":"array"}"#),
            ])
    ),
    (
        "StatuspageComponent",
        object([
            ("id", text), ("name", text), ("status", reference("PartnerStatus")), ("created_at", reference("Time")),
            ("updated_at", reference("Time")), ("position", integer), ("page_id", text), ("group", boolean),
        ])
    ),
    (
        "StatuspageIncident",
        object([
            ("id", text), ("name", text),
            ("status", #"{"enum":["investigating","identified","monitoring","resolved"]}"#),
            ("impact", indicator), ("created_at", reference("Time")), ("resolved_at", reference("TimeOrNull")),
            ("incident_updates", #"{"type":"array"}"#), ("components", list("StatuspageComponent")),
        ])
    ),
]

private let text = #"{"type":"string"}"#
private let integer = #"{"type":"integer"}"#
private let number = #"{"type":"number"}"#
private let boolean = #"{"type":"boolean"}"#
private let anyObject = #"{"type":"object"}"#
private let texts = #"{"type":"array","items":{"type":"string"}}"#
private let objects = #"{"type":"array","items":{"type":"object"}}"#
private let severity = #"{"enum":["minor","major","critical"]}"#
private let indicator = #"{"enum":["none","minor","major","critical"]}"#

private let headMembers = [("as_of", reference("Time")), ("stale", boolean)]

private let coverageMembers = [
    ("connections_seen", integer), ("calls_decoded_ratio", reference("NumberOrNull")), ("hosts_blind", integer),
]

private let partnerMembers = [
    ("id", text), ("name", text), ("status", reference("PartnerStatus")), ("since", reference("Time")),
    ("reason", text),
    ("calls_per_minute", number), ("failure_ratio", reference("NumberOrNull")),
    ("baseline_failure_ratio", reference("NumberOrNull")), ("p50_ms", reference("NumberOrNull")),
    ("p95_ms", reference("NumberOrNull")), ("baseline_p95_ms", reference("NumberOrNull")), ("hosts_affected", integer),
    ("hosts_calling", integer), ("customers_affected", integer), ("incident", reference("TextOrNull")),
    ("regions", list("RegionStatus")),
    ("coverage", object(coverageMembers)),
    ("partner_says", reference("TextOrNull")),
]

private let shareMembers = [
    ("id", text), ("state", #"{"enum":["open","expired","ended","used_up"]}"#), ("evidence", text), ("recipient", text),
    ("created_at", reference("Time")), ("created_by", text), ("expires_at", reference("Time")),
    ("ended_at", reference("TimeOrNull")), ("ended_by", reference("TextOrNull")), ("views", integer),
    ("last_viewed_at", reference("TimeOrNull")),
]

private let impactMembers = [
    ("requests", integer), ("requests_failed", integer), ("requests_with_trouble_inside", integer),
    (
        "failed_because",
        object([
            ("requests", number), ("ratio", reference("NumberOrNull")), ("low", number), ("high", number),
            ("confidence", number),
        ])
    ),
    (
        "slowed",
        object([
            ("requests", number), ("ratio", reference("NumberOrNull")), ("extra_ms", reference("NumberOrNull")),
            ("mean_ms_with", reference("NumberOrNull")), ("mean_ms_without", reference("NumberOrNull")),
        ])
    ),
]

private let statuspageMembers = [
    (
        "page",
        object([("id", text), ("name", text), ("url", text), ("time_zone", text), ("updated_at", reference("Time"))])
    ),
    ("status", object([("indicator", indicator), ("description", text)])),
]

private func reference(_ name: String) -> String { ##"{"$ref":"#/components/schemas/\##(name)"}"## }

private func list(_ name: String) -> String { #"{"type":"array","items":\#(reference(name))}"# }

private func object(_ members: [(String, String)], optional: [(String, String)] = []) -> String {
    let properties = (members + optional).map { #""\#($0.0)":\#($0.1)"# }.joined(separator: ",")
    let required = members.map { #""\#($0.0)""# }.joined(separator: ",")
    return #"{"type":"object","required":[\#(required)],"properties":{\#(properties)}}"#
}
