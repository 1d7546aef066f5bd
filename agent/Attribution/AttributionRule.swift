import CallModel

/// What a call is kept by beside its partner and route.
public enum AttributedField: String, Sendable, CaseIterable {
    case customer, service
    case serviceVersion = "service_version"
    case region, environment
}

/// One place where a call tells one of its names. Of a field's rules the first that yields a text decides.
public struct AttributionRule: Sendable, Hashable {
    public enum Source: Sendable, Hashable {
        /// A request header, in lower case.
        case header(String)
        /// What the sender itself said: an attribute of the span or its resource, a field of the event, the native form's own.
        case attribute
        /// A path such as `/tenants/{customer}/**`: the segment in braces.
        case path(PathCapture)
        /// A host such as `{customer}.zendesk.com`: the labels in braces.
        case host(HostCapture)
        case query(String)
        /// A claim of the JSON Web Token in a header.
        case jwt(header: String, claim: [String])
        /// A member of the request's JSON body (`account.id`), or a field of its form.
        case body([String])
        /// The systemd unit of the process that made the call, without `.service`.
        case unit
        /// The container or pod in the process's control group.
        case cgroup
        /// Always this text: the last resort, such as the host's own region.
        case constant(String)
    }

    public var source: Source
    /// Only for calls of this partner; nil for all.
    public var partner: String?
    public var direction: Direction?

    public init(_ source: Source, partner: String? = nil, direction: Direction? = nil) {
        self.source = source
        self.partner = partner
        self.direction = direction
    }

    func concerns(_ call: APICall) -> Bool {
        (partner == nil || partner == call.partner) && (direction == nil || direction == call.direction)
    }
}

/// A path with one segment to take out: `/tenants/{customer}/**`, `*` for any one segment, `**` at the end for the rest.
public struct PathCapture: Sendable, Hashable {
    private enum Segment: Hashable, Sendable {
        case literal(String), any, captured
    }

    private var segments: [Segment] = []
    private var isOpen = false

    /// Nil for what does not begin with a slash or does not have exactly one segment in braces.
    public init?(_ text: String) {
        guard text.hasPrefix("/") else { return nil }
        var capturedCount = 0
        for part in text.split(separator: "/") {
            guard !isOpen else { return nil }
            if part == "**" {
                isOpen = true
            } else if part == "*" {
                segments.append(.any)
            } else if part.hasPrefix("{"), part.hasSuffix("}") {
                capturedCount += 1
                segments.append(.captured)
            } else {
                segments.append(.literal(String(part)))
            }
        }
        guard capturedCount == 1 else { return nil }
    }

    func value(in path: String) -> String? {
        let parts = path.split(separator: "/")
        guard isOpen ? parts.count >= segments.count : parts.count == segments.count else { return nil }
        var captured: Substring?
        for (segment, part) in zip(segments, parts) {
            switch segment {
            case .literal(let text): guard text == part else { return nil }
            case .any: continue
            case .captured: captured = part
            }
        }
        return captured.map(String.init)
    }
}

/// A host with labels to take out: `{customer}.zendesk.com`, `api-{tenant}.example.com`.
public struct HostCapture: Sendable, Hashable {
    private let before: String
    private let after: String

    /// Nil for what does not have exactly one name in braces, or nothing beside it.
    public init?(_ text: String) {
        guard let open = text.firstIndex(of: "{"), let close = text.firstIndex(of: "}"), open < close,
            !text[text.index(after: close)...].contains(where: { $0 == "{" || $0 == "}" })
        else { return nil }
        before = text[..<open].lowercased()
        after = text[text.index(after: close)...].lowercased()
        guard after.contains(".") else { return nil }
    }

    func value(in host: String) -> String? {
        guard host.utf8.count > before.utf8.count + after.utf8.count, host.hasPrefix(before), host.hasSuffix(after)
        else {
            return nil
        }
        return String(host.dropFirst(before.count).dropLast(after.count))
    }
}

/// What is known of the process that made or took a call, where a probe saw it.
public struct ProcessFacts: Sendable, Equatable {
    /// Without `.service`.
    public var unit: String?
    /// A container's id, or a pod's.
    public var container: String?

    public init(unit: String? = nil, container: String? = nil) {
        self.unit = unit
        self.container = container
    }

    /// Reads the text of `/proc/PID/cgroup` (cgroups(7)): `0::/system.slice/billing.service`. Of several lines the unified
    /// hierarchy's, `0::`, or the last.
    public init(cgroup text: String) {
        let lines = text.split(separator: "\n")
        let line = lines.first { $0.hasPrefix("0::") } ?? lines.last ?? ""
        // `cri-containerd-<id>.scope`, `docker-<id>.scope`, `/docker/<id>`, `kubepods-pod<uid>.slice`.
        for component in line.split(separator: "/").reversed() {
            if unit == nil, component.hasSuffix(".service") { unit = String(component.dropLast(8)) }
            guard container == nil else { continue }
            let stem = component.hasSuffix(".scope") ? component.dropLast(6) : component
            let tail = stem.split(separator: "-").last ?? stem
            let isID = tail.utf8.count == 64 && tail.utf8.allSatisfy { $0 &- 48 < 10 || $0 &- 97 < 6 }
            if isID { container = String(tail.prefix(12)) }
        }
    }
}
