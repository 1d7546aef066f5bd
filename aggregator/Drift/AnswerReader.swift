import CallModel
import Documents

/// Makes of a call what drift looks at. Bodies are looked at as shapes, whatever was kept of them: no value gets in.
public final class AnswerReader {
    /// Keys of one answer; what is more is left out.
    static let keysMax = 300
    private static let pathByteCountMax = 200
    private static let versionByteCountMax = 80
    /// Formats that programs parse, so that a change between them hurts.
    private static let tellingFormats: Set<String> = ["uuid", "date", "date-time", "digits"]
    private let parser = JSONParser()

    public init() {}

    /// Nil for a call that has no partner, no route or no answer.
    public func read(_ call: APICall, id: String) -> ObservedAnswer? {
        guard call.direction == .outbound, let partner = call.partner, let route = call.route,
            let response = call.response, (100...599).contains(response.status)
        else { return nil }
        let answers = "\(response.status / 100)xx"
        var answer = ObservedAnswer(
            partner: partner, route: route, host: call.host ?? "", callID: id, time: call.time, answers: answers)
        answer.duration = call.outcome == .success ? call.duration : nil
        if let version = call.request.httpVersion { answer.features.insert(.version("http", version)) }
        for header in response.headers { read(header, &answer) }
        // Failures have whatever body their reason has; what a partner promises are the answers that worked.
        if call.outcome == .success, let body = response.body {
            read(body, contentType: response.headers.value(of: "content-type"), &answer)
        }
        return answer
    }

    private func read(_ header: Header, _ answer: inout ObservedAnswer) {
        answer.features.insert(.header(header.name, of: answer.answers))
        switch header.name {
        case "sunset", "deprecation":
            answer.notices.append(
                ObservedAnswer.Notice(
                    kind: header.name == "sunset" ? .sunset : .deprecation,
                    text: String(header.value.prefix(Self.versionByteCountMax)), at: noticeTime(header.value)))
        case "content-type":
            let media = header.value.prefix { $0 != ";" }.lowercased()
            answer.features.insert(.version("\(header.name)(\(answer.answers))", String(media.prefix(80))))
        case let name where name.contains("version"):
            guard header.value.utf8.count <= Self.versionByteCountMax else { return }
            answer.features.insert(.version(name, header.value))
        default: break
        }
    }

    private func read(_ body: Body, contentType: String?, _ answer: inout ObservedAnswer) {
        let shape =
            body.form == .shape
            ? body.bytes : Shape.of(bytes: body.bytes, contentType: contentType, parser: parser) ?? []
        // A shape that is none was damaged on the way: the answer then has no keys, and tells of none.
        let isRead = try? parser.parse(shape) { root in
            guard root.kind == .object || root.kind == .array else { return false }
            var left = Self.keysMax
            walk(root, "$", &left, &answer)
            return true
        }
        answer.hasBody = isRead == true
    }

    private func walk(_ value: JSONValue, _ path: String, _ left: inout Int, _ answer: inout ObservedAnswer) {
        guard left > 0, path.utf8.count <= Self.pathByteCountMax else { return }
        left -= 1
        switch value.kind {
        case .object:
            answer.features.insert(.key(path, type: "object", of: answer.answers))
            value.forEachMember { key, member in
                let name = String(decoding: key, as: UTF8.self)
                // What a shape left out, and keys that are data, are no keys.
                guard name != "{more}", name != "{key}" else { return }
                // A blank parts the words of a feature.
                walk(member, path + "." + name.replacing(" ", with: "_"), &left, &answer)
            }
        case .array:
            answer.features.insert(.key(path, type: "array", of: answer.answers))
            value.forEachElement { walk($0, path + "[]", &left, &answer) }
        default:
            let type = Self.type(value.string ?? "")
            if let type { answer.features.insert(.key(path, type: type, of: answer.answers)) }
        }
    }

    /// Of a leaf of a shape; nil for one that stands for several or for what was left out.
    private static func type(_ leaf: String) -> String? {
        let parts = leaf.split(separator: "/", omittingEmptySubsequences: false)
        switch parts.first {
        case "string":
            return parts.count > 2 && tellingFormats.contains(String(parts[2])) ? "string(\(parts[2]))" : "string"
        case "integer", "number": return "number"
        case "bool", "null", "object", "array": return String(parts[0])
        default: return nil
        }
    }
}

/// `Sunset` is an HTTP date (RFC 8594, section 3), `Deprecation` a structured date `@1688169599` (RFC 9745, section 2.1); its
/// earlier drafts had an HTTP date or `true`, which tells no time.
func noticeTime(_ text: String) -> Instant? {
    if text.hasPrefix("@") { return Int64(text.dropFirst()).map { Instant(secondsSinceEpoch: $0) } }
    // Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110, section 5.6.7).
    let parts = text.split(separator: " ")
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])) else { return nil }
    let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
    return Instant(rfc3339: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
}
