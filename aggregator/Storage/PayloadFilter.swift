import CallModel
import Documents

/// What a call's headers and bodies must hold. Everything that is set must hold, in the request or in the response.
public struct PayloadFilter: Sendable, Equatable {
    /// Lower case.
    public var headerName: String?
    /// Exactly this value; any when absent.
    public var headerValue: String?
    public var jsonPath: JSONPath?
    /// The value at the path as text; any when absent. Where only a body's shape was kept this is a leaf of the shape, such as
    /// `string/11/email`.
    public var jsonValue: String?
    /// Somewhere in a body, ASCII letters of either case.
    public var text: String?
    /// A webhook's delivery id, as the partner gave it.
    public var deliveryID: String?
    /// A webhook's type of event, such as `charge.failed`.
    public var eventType: String?
    /// Upper case.
    public var method: String?
    /// Any of these ids, anywhere in a call that names things (`RelatedIDs`), or as a value in a body.
    public var related: Set<String> = []
    /// Whether bodies with content are looked into. Who may not read them must not find out by searching what they hold.
    public var looksIntoContent = false

    public init() {}

    public var isEmpty: Bool {
        headerName == nil && jsonPath == nil && text == nil && deliveryID == nil && eventType == nil && method == nil
            && related.isEmpty
    }
}

/// The way to values in a document: `$.shipping.zip`, `$.items[0].sku`, `$.items[].sku` (any element), `$['odd key']`.
public struct JSONPath: Sendable, Equatable {
    enum Step: Sendable, Equatable {
        case key([UInt8])
        case index(Int)
        case anyElement
    }

    public static let stepCountMax = 32
    let steps: [Step]

    /// Nil for what is no such path.
    public init?(_ text: String) {
        var rest = Array(text.utf8)[...]
        guard rest.popFirst() == UInt8(ascii: "$") else { return nil }
        var steps: [Step] = []
        while let first = rest.popFirst() {
            switch first {
            case UInt8(ascii: "."):
                let key = rest.prefix { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "[") }
                guard !key.isEmpty else { return nil }
                steps.append(.key(Array(key)))
                rest = rest.dropFirst(key.count)
            case UInt8(ascii: "["):
                guard let step = Self.bracket(&rest) else { return nil }
                steps.append(step)
            default: return nil
            }
            guard steps.count <= Self.stepCountMax else { return nil }
        }
        self.steps = steps
    }

    private static func bracket(_ rest: inout ArraySlice<UInt8>) -> Step? {
        if rest.first == UInt8(ascii: "'") {
            rest = rest.dropFirst()
            let key = rest.prefix { $0 != UInt8(ascii: "'") }
            rest = rest.dropFirst(key.count)
            guard rest.starts(with: "']".utf8), !key.isEmpty else { return nil }
            rest = rest.dropFirst(2)
            return .key(Array(key))
        }
        let inside = rest.prefix { $0 != UInt8(ascii: "]") }
        guard inside.count < rest.count else { return nil }
        rest = rest.dropFirst(inside.count + 1)
        if inside.isEmpty || inside.elementsEqual([UInt8(ascii: "*")]) { return .anyElement }
        guard inside.count <= 9, inside.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(String(decoding: inside, as: UTF8.self)).map { .index($0) }
    }

    /// Whether there is a value at the path for which `test` holds.
    func holds(in value: JSONValue, _ test: (JSONValue) -> Bool) -> Bool { holds(in: value, from: 0, test) }

    private func holds(in value: JSONValue, from step: Int, _ test: (JSONValue) -> Bool) -> Bool {
        guard step < steps.count else { return test(value) }
        var isFound = false
        switch steps[step] {
        case .key(let key):
            guard value.kind == .object else { return false }
            value.forEachMember { name, member in
                if !isFound, name.elementsEqual(key) { isFound = holds(in: member, from: step + 1, test) }
            }
        case .index(let index):
            guard value.kind == .array else { return false }
            var position = 0
            value.forEachElement { element in
                if position == index { isFound = holds(in: element, from: step + 1, test) }
                position += 1
            }
        case .anyElement:
            guard value.kind == .array else { return false }
            value.forEachElement { element in
                if !isFound { isFound = holds(in: element, from: step + 1, test) }
            }
        }
        return isFound
    }
}

/// Holds calls against a payload filter, with one parser for all of them. One thread at a time.
public final class PayloadMatcher {
    private let filter: PayloadFilter
    private let parser = JSONParser(byteCountMax: Limits.bodyByteCountMax + 4_096)
    private let needle: [UInt8]

    public init(_ filter: PayloadFilter) {
        self.filter = filter
        needle = (filter.text ?? "").utf8.map(lowered)
    }

    public func matches(_ call: APICall) -> Bool {
        (filter.deliveryID == nil || call.webhook?.deliveryID == filter.deliveryID)
            && (filter.eventType == nil || call.webhook?.eventType == filter.eventType)
            && (filter.method == nil || call.request.method == filter.method)
            && matchesHeaders(call) && matchesJSON(call) && matchesText(call) && matchesRelated(call)
    }

    private func matchesRelated(_ call: APICall) -> Bool {
        guard !filter.related.isEmpty else { return true }
        if !RelatedIDs(call).all.isDisjoint(with: filter.related) { return true }
        return bodies(of: call).contains { body in
            body.form != .shape && (try? parser.parse(body.bytes) { holds($0) }) == true
        }
    }

    /// Whether one of the ids is a value in the document.
    private func holds(_ value: JSONValue) -> Bool {
        var isFound = false
        switch value.kind {
        case .object: value.forEachMember { _, member in if !isFound { isFound = holds(member) } }
        case .array: value.forEachElement { element in if !isFound { isFound = holds(element) } }
        default: isFound = value.string.map { filter.related.contains($0) } ?? false
        }
        return isFound
    }

    private func matchesHeaders(_ call: APICall) -> Bool {
        guard let name = filter.headerName else { return true }
        return (call.request.headers + (call.response?.headers ?? [])).contains { header in
            header.name == name && (filter.headerValue == nil || header.value == filter.headerValue)
        }
    }

    private func bodies(of call: APICall) -> [Body] {
        [call.request.body, call.response?.body].compactMap { body in
            guard let body, body.form == .shape || filter.looksIntoContent else { return nil }
            return body
        }
    }

    private func matchesJSON(_ call: APICall) -> Bool {
        guard let path = filter.jsonPath else { return true }
        return bodies(of: call).contains { body in
            // A body that is no JSON has no such path.
            let isThere = try? parser.parse(body.bytes) { root in
                path.holds(in: root) { value in filter.jsonValue.map { Self.equals(value, $0) } ?? true }
            }
            return isThere == true
        }
    }

    private static func equals(_ value: JSONValue, _ text: String) -> Bool {
        if let string = value.utf8 { return string.elementsEqual(text.utf8) }
        guard value.kind != .object, value.kind != .array else { return false }
        return value.serialized().elementsEqual(text.utf8)
    }

    private func matchesText(_ call: APICall) -> Bool {
        guard !needle.isEmpty else { return true }
        return bodies(of: call).contains { contains($0.bytes) }
    }

    private func contains(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= needle.count else { return false }
        let first = needle[0]
        return bytes.withUnsafeBufferPointer { text in
            for start in 0...(text.count - needle.count) where lowered(text[start]) == first {
                var length = 1
                while length < needle.count, lowered(text[start + length]) == needle[length] { length += 1 }
                if length == needle.count { return true }
            }
            return false
        }
    }
}

private func lowered(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 32 : byte }

extension CallFilter {
    /// Whether a call passes everything but the payload's part: for calls that are not looked for but come by.
    public func matches(_ call: APICall) -> Bool {
        func isWanted(_ wanted: String?, _ name: String?) -> Bool { wanted == nil || wanted == name }
        guard isWanted(partner, call.partner), isWanted(route, call.route), isWanted(service, call.service),
            isWanted(serviceVersion, call.serviceVersion), isWanted(host, call.host), isWanted(region, call.region),
            isWanted(environment, call.environment), isWanted(customer, call.customer),
            isWanted(outcome, call.outcome.name), isWanted(id, call.id)
        else { return false }
        if let direction, direction != call.direction { return false }
        if let failed, failed != call.outcome.isFailure { return false }
        if let succeeded, succeeded != (call.outcome == .success) { return false }
        if let failure, .noAnswer(failure) != call.outcome { return false }
        if let status, !(call.response.map { status.contains($0.status) } ?? false) { return false }
        if let traceID, traceID != call.traceID { return false }
        if let slowerThan, (call.duration ?? .zero) < slowerThan { return false }
        if let source, source != call.source { return false }
        return true
    }
}
