import CallModel
import Documents
import Glibc

extension ErrorConvention {
    /// What happened to a call. Reads the body only where a rule asks for it; a body that is no JSON passes no test.
    func outcome(of call: APICall, path: UnsafeBufferPointer<UInt8>, parser: () -> JSONParser) -> Outcome {
        guard let response = call.response else { return .noAnswer(call.error ?? .other) }
        // An answer that broke off is none, whatever its status line promised; one that said no had been given.
        if let error = call.error, response.status < 400 { return .noAnswer(error) }
        // By index: a rule that does not apply is not copied.
        guard rules.indices.contains(where: { rules[$0].applies(response.status, path) }) else {
            return ErrorConvention.byDefault(response)
        }
        let applicable = rules.lazy.filter { $0.applies(response.status, path) }
        if let body = response.body, body.form != .shape, mayBeJSON(body.bytes),
            applicable.contains(where: { $0.condition.mayHold(for: body.bytes) })
        {
            // A body that cannot be parsed says nothing; the conditions below judge without it.
            let judged = try? parser().parse(body.bytes) { root in
                applicable.first { $0.condition.holds(for: response, root: root) }?.outcome
            }
            if let judged { return judged }
        }
        // Without a readable body only the other conditions can hold.
        return applicable.first { $0.condition.holds(for: response, root: nil) }?.outcome
            ?? ErrorConvention.byDefault(response)
    }

    private func mayBeJSON(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first(where: { $0 > 0x20 }) else { return false }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || first == 0xEF
    }
}

extension OutcomeRule {
    func applies(_ status: Int, _ path: UnsafeBufferPointer<UInt8>) -> Bool {
        guard statuses.contains(status) else { return false }
        return pathSuffixes.isEmpty
            || pathSuffixes.contains { suffix in
                // Most paths differ in their last byte.
                path.last == suffix.utf8.last && path.count >= suffix.utf8.count
                    && path.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
            }
    }
}

extension OutcomeRule.Condition {
    /// Whether it asks for something in the body that could be there: looking for a key's bytes costs a fraction of reading the
    /// document, and most answers are no errors. A key with an escape in it is found only by reading.
    func mayHold(for body: [UInt8]) -> Bool {
        guard case .body(let path, _) = self else { return false }
        guard case .member(let name)? = path.steps.last(where: { $0 != .anyElement }), !name.isEmpty else {
            return true
        }
        return body.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, memchr(start, 0x5C, bytes.count) == nil else { return true }
            var at = 0
            // Keys begin behind a quote.
            while let quote = memchr(start + at, 0x22, bytes.count - at) {
                at = UnsafeRawPointer(quote) - start + 1
                guard bytes.count - at > name.count else { return false }
                if bytes[at] == name[0], memcmp(start + at, name, name.count) == 0 { return true }
            }
            return false
        }
    }

    func holds(for response: APICall.Response, root: JSONValue?) -> Bool {
        switch self {
        case .status: return true
        case .header(let name, let test):
            guard let value = response.headers.value(of: name) else { return false }
            return test.passes(header: value)
        case .body(let path, let test):
            return root.map { test.passes($0, path.steps[...]) } ?? false
        }
    }
}

extension ValueTest {
    func passes(header value: String) -> Bool {
        let value = value.lowercased()
        let trimmed = value.drop { $0 == " " }
        switch self {
        case .isPresent: return !trimmed.isEmpty
        case .isFalse: return trimmed == "false"
        case .isOneOf(let texts): return texts.contains { $0.lowercased() == trimmed }
        case .isNotOneOf(let texts): return !texts.contains { $0.lowercased() == trimmed }
        case .contains(let texts): return texts.contains { trimmed.contains($0.lowercased()) }
        }
    }

    /// Recursion is bounded by the path's length.
    func passes(_ value: JSONValue, _ steps: ArraySlice<BodyPath.Step>) -> Bool {
        guard let step = steps.first else { return passes(value) }
        let rest = steps.dropFirst()
        var passed = false
        switch step {
        case .member(let name):
            // Of duplicates the last wins, as everywhere.
            value.forEachMember { key, member in
                if key.elementsEqual(name) { passed = passes(member, rest) }
            }
        case .anyElement:
            value.forEachElement { element in passed = passed || passes(element, rest) }
        }
        return passed
    }

    private func passes(_ value: JSONValue) -> Bool {
        switch self {
        case .isPresent:
            switch value.kind {
            case .null: return false
            case .object, .array: return value.childCount > 0
            case .string: return !(value.utf8?.isEmpty ?? true)
            case .bool, .integer, .unsigned, .double: return true
            }
        case .isFalse: return value.bool == false
        case .isOneOf(let texts): return ValueTest.text(of: value).map(texts.contains) ?? false
        case .isNotOneOf(let texts): return ValueTest.text(of: value).map { !texts.contains($0) } ?? false
        case .contains(let texts):
            guard let text = ValueTest.text(of: value)?.lowercased() else { return false }
            return texts.contains { text.contains($0.lowercased()) }
        }
    }

    private static func text(of value: JSONValue) -> String? {
        switch value.kind {
        case .string: value.string
        case .integer: value.int64.map { "\($0)" }
        case .unsigned: value.uint64.map { "\($0)" }
        case .bool: value.bool.map { $0 ? "true" : "false" }
        case .object, .array, .double, .null: nil
        }
    }
}
