import CallModel
import Documents

/// Turns the request of a call into a list of values, in the places of its route.
///
/// JSON, XML and forms become the same kind of tree, from the body itself or from its shape. Bounded by `Limits`: what is
/// left out is told by `FlatRequest.isCut`, and where by `RequestNode.isPartial`. A body that cannot be read is one value of kind `malformed`, never an error; one
/// that was there and is not any more has no value at all (`FlatRequest.unknown`).
final class RequestFlattener {
    struct Limits {
        /// Values of one request.
        var nodesMax = 2_000
        /// Elements of one array.
        var elementsMax = 200
        /// Containers inside one another.
        var depthMax = 32
        /// Bytes kept of one value, to be shown.
        var textByteCountMax = 60
        /// Bytes of a body that is read at all.
        var bodyByteCountMax = 1 << 20
    }

    let limits: Limits
    let parser = JSONParser()
    var flat = FlatRequest()

    init(limits: Limits = Limits()) { self.limits = limits }

    /// Valid until the next call.
    func flatten(_ call: APICall, into paths: inout PathTable) -> FlatRequest {
        flat.removeAll()
        for root in 0..<4 {
            flat.nodes.append(RequestNode(path: Int32(root), parent: -1, kind: root == 0 ? .null : .object))
        }
        flat.unknown = UnknownParts(
            call.request.headers, call.request.body, byteCount: call.request.bodyByteCount)
        if let body = call.request.body, !body.bytes.isEmpty {
            flattenBody(body, call.request.headers.value(of: "content-type"), &paths)
        }
        flattenQuery(call.request.url, &paths)
        flattenHeaders(call.request.headers, &paths)
        flattenDimensions(call, &paths)
        return flat
    }

    /// The same for an answer: its body and headers.
    func flatten(_ response: APICall.Response, into paths: inout PathTable) -> FlatRequest {
        flat.removeAll()
        for root in 0..<4 {
            flat.nodes.append(RequestNode(path: Int32(root), parent: -1, kind: root == 0 ? .null : .object))
        }
        flat.unknown = UnknownParts(response.headers, response.body, byteCount: response.bodyByteCount)
        if let body = response.body, !body.bytes.isEmpty {
            flattenBody(body, response.headers.value(of: "content-type"), &paths)
        }
        flattenHeaders(response.headers, &paths)
        return flat
    }

    private func flattenBody(_ body: Body, _ contentType: String?, _ paths: inout PathTable) {
        guard body.bytes.count <= limits.bodyByteCountMax else {
            flat.isCut = true
            flat.unknown.insert(.body)
            return
        }
        body.bytes.withUnsafeBytes { bytes in
            if body.form == .shape { return flattenShape(bytes, &paths) }
            switch BodySyntax(contentType: contentType, bytes) {
            case .json: flattenJSON(bytes, &paths)
            case .xml: flattenXML(bytes, &paths)
            case .form: flattenForm(bytes, &paths)
            case .text: leaf(bytes.bindMemory(to: UInt8.self), at: 0)
            }
        }
    }

    private func flattenQuery(_ url: String, _ paths: inout PathTable) {
        guard let mark = url.utf8.firstIndex(of: UInt8(ascii: "?")) else { return }
        let query = Array(url.utf8[url.utf8.index(after: mark)...].prefix { $0 != UInt8(ascii: "#") })
        query.withUnsafeBytes { bytes in
            for (name, value) in FormBody(bytes) {
                guard flat.nodes.count < limits.nodesMax else { return flat.cut(below: 1) }
                scalar(name, value, below: 1, &paths)
            }
        }
    }

    private func flattenHeaders(_ headers: [Header], _ paths: inout PathTable) {
        for header in headers where !Self.transportHeaders.contains(header.name) {
            guard flat.nodes.count < limits.nodesMax else { return flat.cut(below: 2) }
            scalar(Array(header.name.utf8), Array(header.value.utf8), below: 2, &paths)
        }
    }

    /// Headers that the connection and the sender's own tracing make: they differ in every call and no partner refuses them.
    private static let transportHeaders: Set<String> = [
        "host", "content-length", "connection", "date", "traceparent", "tracestate", "x-request-id", "accept-encoding",
        "authorization", "cookie", "keep-alive", "transfer-encoding",
    ]

    private func flattenDimensions(_ call: APICall, _ paths: inout PathTable) {
        for (name, value) in [
            ("customer", call.customer), ("service_version", call.serviceVersion), ("host", call.host),
            ("region", call.region), ("environment", call.environment), ("service", call.service),
        ] {
            guard let value else { continue }
            scalar(Array(name.utf8), Array(value.utf8), below: 3, &paths)
        }
    }

    private func scalar(_ name: [UInt8], _ value: [UInt8], below root: Int, _ paths: inout PathTable) {
        let path = name.withUnsafeBufferPointer { paths.child($0, below: Int32(root)) }
        guard path >= 0 else { return flat.cut(below: root) }
        let node = append(path, parent: root)
        value.withUnsafeBufferPointer { leaf($0, at: node) }
    }

    /// A new node without a value yet; its place in the list.
    func append(_ path: Int32, parent: Int, index: Int = -1) -> Int {
        flat.nodes.append(
            RequestNode(
                path: path, parent: Int32(truncatingIfNeeded: parent), index: Int32(truncatingIfNeeded: index),
                kind: .null))
        return flat.nodes.count - 1
    }

    /// A value of text, which may be a number in disguise.
    func leaf(_ text: UnsafeBufferPointer<UInt8>, at node: Int) {
        let (format, length) = StringFormat.of(text)
        flat.nodes[node].kind = .string
        flat.nodes[node].format = format?.rawValue ?? 255
        flat.nodes[node].length = Int32(truncatingIfNeeded: length)
        flat.nodes[node].hash = hashBytes(text) | 1
        switch format {
        case .unicode, .control, .padded, .blank: flat.nodes[node].odd = OddCharacters(text)
        case .digits, .decimal:
            if text.count <= 20 {
                flat.nodes[node].number = Double(String(decoding: text, as: UTF8.self)) ?? .nan
            }
        default: if text.contains(UInt8(ascii: "&")) { flat.nodes[node].odd = OddCharacters(text) }
        }
        keep(text, at: node)
    }

    func keep(_ text: UnsafeBufferPointer<UInt8>, at node: Int) {
        flat.nodes[node].textStart = Int32(truncatingIfNeeded: flat.texts.count)
        let kept = text.prefix(limits.textByteCountMax)
        flat.nodes[node].textCount = Int32(truncatingIfNeeded: kept.count)
        flat.texts.append(contentsOf: kept)
    }
}

/// Which reader a body is for: by its media type, and where that does not say, by its first byte.
enum BodySyntax {
    case json, xml, form, text

    init(contentType: String?, _ body: UnsafeRawBufferPointer) {
        // RFC 9110, section 8.3.1: type/subtype without regard to case, then parameters.
        let essence = contentType?.prefix { $0 != ";" && $0 != " " }.lowercased() ?? ""
        if essence.hasSuffix("/json") || essence.hasSuffix("+json") {
            self = .json
        } else if essence.hasSuffix("/xml") || essence.hasSuffix("+xml") {
            self = .xml
        } else if essence == "application/x-www-form-urlencoded" {
            self = .form
        } else {
            switch body.first(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }) {
            case UInt8(ascii: "{"), UInt8(ascii: "["): self = .json
            case UInt8(ascii: "<") where essence != "text/html": self = .xml
            default: self = .text
            }
        }
    }
}
