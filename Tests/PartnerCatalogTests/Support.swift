import CallModel
import PartnerCatalog
import Testing

func call(
    _ method: String = "GET", _ url: String, headers: [Header] = [], direction: Direction = .outbound,
    partner: String? = nil, route: String? = nil
) -> APICall {
    var call = APICall(
        time: .epoch, direction: direction, request: .init(method: method, url: url, headers: headers), source: .json)
    call.partner = partner
    call.route = route
    return call
}

func answered(
    _ status: Int, _ body: String? = nil, headers: [Header] = [], url: String = "https://api.example.com/v1/x",
    error: FailureKind? = nil
) -> APICall {
    var call = call("POST", url)
    call.response = .init(status: status, headers: headers, body: body.map { Body($0) })
    call.error = error
    return call
}

extension Catalogue {
    /// `partner route`, or why not.
    func names(_ call: APICall) -> String {
        switch resolve(call) {
        case .partner(let id, let route, _): "\(id) \(route)"
        case .notOurs(let reason): reason.rawValue
        }
    }

    func partner(_ url: String) -> String {
        switch resolve(call(url)) {
        case .partner(let id, _, _): id
        case .notOurs(let reason): reason.rawValue
        }
    }

    private func call(_ url: String) -> APICall {
        APICall(time: .epoch, request: .init(method: "GET", url: url), source: .json)
    }
}

/// A test's argument is told by its id: the whole definition would fill the log.
extension PartnerDefinition: CustomTestStringConvertible {
    public var testDescription: String { id }
}
