import CallModel

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
            for route in routes {
                writer.object(route.pattern) { $0.object("get") { operation(route, &$0) } }
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
    writer.member("operationId", operationID(route.pattern))
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
        writer.object { _ in }
        if route.access != .open { writer.object { $0.array("token") { _ in } } }
    }
    writer.object("responses") { writer in
        success(route.contentType, schema: route.schema, &writer)
        if route.access == .status, route.schema != nil { description(304, "The client has it already.", &writer) }
        problem(400, "A parameter is malformed or unknown.", &writer)
        if route.access != .open {
            problem(401, "No token, or one that is not valid.", &writer)
            problem(403, "The token lacks the scope.", &writer)
        }
        if route.mayBeMissing { problem(404, "There is nothing of that name.", &writer) }
        problem(503, "Not ready, or the database does not answer.", &writer)
    }
}

private func operationID(_ pattern: String) -> String {
    String(pattern.map { $0.isLetter || $0.isNumber ? $0 : "_" }.drop { $0 == "_" })
}

private func describe(_ parameter: APIParameter, _ writer: inout JSONWriter) {
    writer.member("name", parameter.name)
    writer.member("in", "query")
    writer.member("description", parameter.summary)
    writer.object("schema") { schema in
        switch parameter.kind {
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
        case .time:
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
        case .status:
            schema.member("type", "string")
            schema.member("pattern", "^[1-9]([0-9][0-9]|[xX][xX])$")
        case .traceID:
            schema.member("type", "string")
            schema.member("pattern", "^(?!0{32}$)[0-9a-fA-F]{32}$")
        case .cursor:
            schema.member("type", "string")
            schema.member("pattern", "^00[0-9a-f]{34}$")
        }
    }
}

private func success(_ contentType: String, schema: String?, _ writer: inout JSONWriter) {
    writer.object("200") { writer in
        writer.member("description", "The answer.")
        writer.object("content") { writer in
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
