import CallModel
import Documents

/// OpenAPI 3.1 of the route table: what the server checks and what it says it checks come from the same values.
func openAPIDocument(_ routes: [APIRoute], version: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
        writer.member("openapi", "3.1.0")
        writer.object("info") {
            $0.member("title", "Farwatch")
            $0.member("version", version)
            $0.member(
                "description",
                "The outage status of partners, found from the calls of a fleet. Times are RFC 3339 in UTC.")
            $0.object("license") {
                $0.member("name", "See the project")
                $0.member("identifier", "LicenseRef-project")
            }
        }
        writer.array("servers") { $0.object { $0.member("url", "/") } }
        writer.object("paths") { writer in
            for (index, route) in routes.enumerated()
            where !routes[..<index].contains(where: { $0.pattern == route.pattern }) {
                writer.object(route.pattern) { writer in
                    for route in routes where route.pattern == routes[index].pattern {
                        writer.object(route.method.lowercased()) { operation(route, &$0) }
                    }
                }
            }
            writer.object(openAPIPath) { writer in
                writer.object("get") { writer in
                    writer.member("operationId", "openapi")
                    writer.member("summary", "This description, as OpenAPI 3.1.")
                    writer.array("security") { $0.object { _ in } }
                    writer.object("responses") {
                        success("application/json", schema: "OpenAPI", &$0)
                        problem(400, "A parameter is unknown.", &$0)
                    }
                }
            }
        }
        writer.object("components") { writer in
            writer.object("securitySchemes") {
                $0.object("token") {
                    $0.member("type", "http")
                    $0.member("scheme", "bearer")
                }
            }
            writer.object("schemas") { writer in
                for (name, schema) in apiSchemas { writer.member(name, json: Array(schema.utf8)) }
            }
        }
    }
    return writer.bytes
}

private func operation(_ route: APIRoute, _ writer: inout JSONWriter) {
    writer.member("operationId", operationID(route))
    writer.member("summary", route.summary)
    let pathNames = route.pattern.split(separator: "/").filter { $0.hasPrefix("{") }.map {
        String($0.dropFirst().dropLast())
    }
    writer.array("parameters") { writer in
        for name in pathNames {
            writer.object {
                $0.member("name", name)
                $0.member("in", "path")
                $0.member("required", true)
                $0.object("schema") {
                    $0.member("type", "string")
                    $0.member("minLength", 1)
                }
            }
        }
        for parameter in route.parameters { writer.object { describe(parameter, &$0) } }
    }
    writer.array("security") { writer in
        // Anonymous reading is allowed on loopback.
        if route.isReading { writer.object { _ in } }
        if route.access != .open { writer.object { $0.array("token") { _ in } } }
    }
    if let fields = route.body {
        writer.object("requestBody") { writer in
            writer.member("required", !route.isBodyOptional)
            writer.object("content") { writer in
                writer.object("application/json") { writer in
                    writer.object("schema") { describe(fields, &$0) }
                }
            }
        }
    }
    writer.object("responses") { writer in
        if route.successStatus == 204 {
            description(204, "Done.", &writer)
        } else {
            answer(route.successStatus, "The answer.", route, &writer)
        }
        if route.mayBePending { answer(202, "Written down, but not done yet.", route, &writer) }
        if route.mayBeUnchanged { description(304, "The client has it already.", &writer) }
        problem(400, "A parameter is malformed or unknown.", &writer)
        if route.access != .open {
            problem(401, "No token, or one that is not valid.", &writer)
            problem(403, "The token lacks the scope.", &writer)
        } else if route.mayBeForbidden {
            problem(403, "The key is not the right one.", &writer)
        }
        if route.body != nil {
            problem(413, "The body is too large.", &writer)
            problem(415, "The body is not application/json.", &writer)
        }
        if route.mayConflict { problem(409, "What is there already stands against it.", &writer) }
        if route.mayBeMissing { problem(404, "There is nothing of that name.", &writer) }
        problem(431, "The head of the request, its query included, is too large.", &writer)
        problem(503, "Not ready, or the database does not answer.", &writer)
    }
}

private func operationID(_ route: APIRoute) -> String {
    let prefix = route.method == "GET" ? "" : route.method.lowercased() + "_"
    return prefix + String(route.pattern.map { $0.isLetter || $0.isNumber ? $0 : "_" }.drop { $0 == "_" })
}

private func describe(_ fields: [APIField], _ writer: inout JSONWriter) {
    writer.member("type", "object")
    writer.member("additionalProperties", false)
    writer.array("required") { writer in
        for field in fields where field.isRequired { writer.string(field.name) }
    }
    writer.object("properties") { writer in
        for field in fields {
            writer.object(field.name) { schema in
                schema.member("description", field.summary)
                describe(field.kind, &schema)
            }
        }
    }
}

private func describe(_ parameter: APIParameter, _ writer: inout JSONWriter) {
    writer.member("name", parameter.name)
    writer.member("in", "query")
    writer.member("description", parameter.summary)
    if parameter.isRequired { writer.member("required", true) }
    writer.object("schema") { describe(parameter.kind, &$0) }
}

private func describe(_ kind: APIParameter.Kind, _ schema: inout JSONWriter) {
    switch kind {
    case .text(let characterCountMax):
        schema.member("type", "string")
        schema.member("minLength", 1)
        schema.member("maxLength", characterCountMax)
        schema.member("pattern", #"^[^\u0000]*$"#)
    case .integer(let range):
        schema.member("type", "integer")
        schema.member("minimum", range.lowerBound)
        schema.member("maximum", range.upperBound)
    case .choice(let choices):
        schema.member("type", "string")
        schema.array("enum") { for choice in choices { $0.string(choice) } }
    case .time, .timeAhead:
        schema.member("type", "string")
        schema.array("examples") {
            $0.string("15m")
            $0.string("2026-11-23T19:34:00Z")
        }
        schema.array("anyOf") {
            $0.object { $0.member("pattern", "^[0-9]{1,5}[smhd]$") }
            $0.object {
                $0.member("format", "date-time")
                // An `Instant` reaches from 1677 to 2262.
                $0.member("pattern", "^(1[789]|2[01])[0-9]{2}-")
            }
        }
    case .nested(let nested): nested.writeSchema(to: &schema)
    case .status:
        schema.member("type", "string")
        schema.member("pattern", "^[1-9]([0-9][0-9]|[xX][xX])$")
    case .traceID:
        schema.member("type", "string")
        schema.member("pattern", "^(?!0{32}$)[0-9a-fA-F]{32}$")
    case .cursor:
        schema.member("type", "string")
        schema.member("pattern", "^00[01][0-9a-f]{33}$")
    case .searchCursor:
        schema.member("type", "string")
        schema.member("pattern", SearchCursor.pattern)
    case .nameCursor:
        schema.member("type", "string")
        schema.member("maxLength", 2 * NameCursor.byteCountMax)
        // Pairs of hex digits of ASCII.
        schema.member("pattern", "^([2-7][0-9a-f])+$")
    case .eventID:
        schema.member("type", "string")
        schema.member("pattern", StreamCursor.pattern)
    case .jsonTest:
        schema.member("type", "string")
        schema.member("maxLength", testCharacterCountMax)
        schema.member(
            "pattern",
            #"^\$(\.[^.\[=\u0000]+|\[('[^'=\u0000]+'|\*|[0-9]{0,9})\]){0,32}(=[^\u0000]*)?$"#)
    case .population:
        schema.member("type", "string")
        schema.member("maxLength", Population.characterCountMax)
        schema.member("pattern", Population.pattern)
        schema.array("examples") { $0.string("since=1h&failed=true") }
    case .headerTest:
        schema.member("type", "string")
        schema.member("maxLength", testCharacterCountMax)
        schema.member("pattern", #"^[!#$%&'*+.^_`|~0-9A-Za-z-]+(:[^\u0000]*)?$"#)
    }
}

private func answer(_ status: Int, _ text: String, _ route: APIRoute, _ writer: inout JSONWriter) {
    writer.object(String(status)) { writer in
        writer.member("description", text)
        writer.object("content") { writer in
            content(route.contentType, route.schema, &writer)
            for contentType in route.otherContentTypes {
                content(contentType, contentType == "application/json" ? "Object" : nil, &writer)
            }
        }
    }
}

/// A stream's schema is that of one of its events.
private func content(_ contentType: String, _ schema: String?, _ writer: inout JSONWriter) {
    let schema = schema ?? (contentType == "text/event-stream" ? "ServerSentEvent" : nil)
    writer.object(contentType) { writer in
        writer.object("schema") {
            if let schema {
                $0.member("$ref", "#/components/schemas/\(schema)")
            } else {
                $0.member("type", "string")
            }
        }
    }
}

private func success(_ contentType: String, schema: String?, _ writer: inout JSONWriter) {
    writer.object("200") { writer in
        writer.member("description", "The answer.")
        writer.object("content") { writer in
            content(contentType, schema, &writer)
        }
    }
}

private func description(_ status: Int, _ text: String, _ writer: inout JSONWriter) {
    writer.object(String(status)) { $0.member("description", text) }
}

private func problem(_ status: Int, _ text: String, _ writer: inout JSONWriter) {
    writer.object(String(status)) { writer in
        writer.member("description", text)
        writer.object("content") { writer in
            writer.object("application/problem+json") { writer in
                writer.object("schema") { $0.member("$ref", "#/components/schemas/Problem") }
            }
        }
    }
}
