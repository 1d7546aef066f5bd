/// The attributes read from spans and resources, by their names in OpenTelemetry's semantic conventions: the stable
/// ones (HTTP, 1.23 and later) first, then the older ones that many SDKs still send unless told otherwise.
enum SpanAttribute: UInt8, CaseIterable {
    case httpRequestMethod, httpRequestMethodOriginal, urlFull, urlScheme, urlPath, urlQuery, urlTemplate
    case serverAddress, serverPort, clientAddress, networkPeerAddress, networkProtocolVersion
    case httpResponseStatusCode, httpRequestBodySize, httpResponseBodySize, httpRoute, errorType, userAgentOriginal

    case httpMethod, httpURL, httpTarget, httpHost, httpScheme, httpStatusCode, httpFlavor, httpUserAgent
    case httpRequestContentLength, httpResponseContentLength, httpServerName, httpClientIP
    case netPeerName, netPeerPort, netPeerIP, netSockPeerAddr, netHostName, netHostPort, peerService

    case serviceName, serviceVersion, deploymentEnvironmentName, deploymentEnvironment, hostName, k8sNodeName,
        cloudRegion

    /// Filled from `OTLPConfiguration.customerAttributes`, in order of preference.
    case customer0, customer1, customer2, customer3, customer4, customer5, customer6, customer7

    static let customers: [SpanAttribute] =
        [.customer0, .customer1, .customer2, .customer3, .customer4, .customer5, .customer6, .customer7]

    /// Nil for those that settings name.
    var name: String? {
        switch self {
        case .httpRequestMethod: "http.request.method"
        case .httpRequestMethodOriginal: "http.request.method_original"
        case .urlFull: "url.full"
        case .urlScheme: "url.scheme"
        case .urlPath: "url.path"
        case .urlQuery: "url.query"
        case .urlTemplate: "url.template"
        case .serverAddress: "server.address"
        case .serverPort: "server.port"
        case .clientAddress: "client.address"
        case .networkPeerAddress: "network.peer.address"
        case .networkProtocolVersion: "network.protocol.version"
        case .httpResponseStatusCode: "http.response.status_code"
        case .httpRequestBodySize: "http.request.body.size"
        case .httpResponseBodySize: "http.response.body.size"
        case .httpRoute: "http.route"
        case .errorType: "error.type"
        case .userAgentOriginal: "user_agent.original"
        case .httpMethod: "http.method"
        case .httpURL: "http.url"
        case .httpTarget: "http.target"
        case .httpHost: "http.host"
        case .httpScheme: "http.scheme"
        case .httpStatusCode: "http.status_code"
        case .httpFlavor: "http.flavor"
        case .httpUserAgent: "http.user_agent"
        case .httpRequestContentLength: "http.request_content_length"
        case .httpResponseContentLength: "http.response_content_length"
        case .httpServerName: "http.server_name"
        case .httpClientIP: "http.client_ip"
        case .netPeerName: "net.peer.name"
        case .netPeerPort: "net.peer.port"
        case .netPeerIP: "net.peer.ip"
        case .netSockPeerAddr: "net.sock.peer.addr"
        case .netHostName: "net.host.name"
        case .netHostPort: "net.host.port"
        case .peerService: "peer.service"
        case .serviceName: "service.name"
        case .serviceVersion: "service.version"
        case .deploymentEnvironmentName: "deployment.environment.name"
        case .deploymentEnvironment: "deployment.environment"
        case .hostName: "host.name"
        case .k8sNodeName: "k8s.node.name"
        case .cloudRegion: "cloud.region"
        case .customer0, .customer1, .customer2, .customer3, .customer4, .customer5, .customer6, .customer7: nil
        }
    }
}

/// Text borrowed from the request's body, or from the JSON parser that holds it: valid only while both live.
typealias BorrowedText = UnsafeBufferPointer<UInt8>

/// The value of an attribute, as far as any we read has one.
enum AttributeValue {
    case text(BorrowedText)
    case integer(Int64)
    case number(Double)
    case boolean(Bool)
}

/// The values of one span's attributes, a slot for each we read. The last of duplicates wins.
struct AttributeValues {
    private var slots = ContiguousArray<AttributeValue>(repeating: .boolean(false), count: SpanAttribute.allCases.count)
    private var present: UInt64 = 0

    init() {
        precondition(SpanAttribute.allCases.count <= 64, "`present` has a bit for each attribute")
    }

    mutating func removeAll() {
        present = 0
    }

    func has(_ attribute: SpanAttribute) -> Bool {
        present & (1 &<< UInt64(attribute.rawValue)) != 0
    }

    subscript(attribute: SpanAttribute) -> AttributeValue? {
        get { has(attribute) ? slots[Int(attribute.rawValue)] : nil }
        set {
            guard let newValue else {
                present &= ~(1 &<< UInt64(attribute.rawValue))
                return
            }
            slots[Int(attribute.rawValue)] = newValue
            present |= 1 &<< UInt64(attribute.rawValue)
        }
    }

    /// The text of an attribute; nil for an empty one, which says no more than an absent one.
    func text(_ attribute: SpanAttribute) -> BorrowedText? {
        guard case .text(let text)? = self[attribute], !text.isEmpty else { return nil }
        return text
    }

    func text(_ first: SpanAttribute, _ second: SpanAttribute) -> BorrowedText? {
        text(first) ?? text(second)
    }

    /// A whole number, also where an SDK sent it as a floating-point number or as text.
    func integer(_ attribute: SpanAttribute) -> Int64? {
        switch self[attribute] {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        case .text(let text) where text.count <= 19: Int64(String(decoding: text, as: UTF8.self))
        case .text, .boolean, nil: nil
        }
    }

    func integer(_ first: SpanAttribute, _ second: SpanAttribute) -> Int64? {
        integer(first) ?? integer(second)
    }
}
