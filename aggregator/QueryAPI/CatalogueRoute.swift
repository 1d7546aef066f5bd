import Transport

/// `/api/v1/catalogue`: what calls are named by, and how far each fact can be trusted; bytes made when the settings were read.
func catalogueRoute(_ sources: QuerySources) -> APIRoute {
    @Sendable func answer(_ request: APIRequest) -> Response {
        sources.catalogue().response(to: request.head, ["cache-control": "no-cache"])
    }
    var route = APIRoute(
        pattern: "/api/v1/catalogue",
        summary: "Every known partner: hosts, webhooks, routes, errors, and what of it is confirmed; public suffixes.",
        access: .read, schema: "Catalogue"
    ) { request in answer(request) }
    route.handleAtOnce = { request throws(APIProblem) in answer(request) }
    return route
}
