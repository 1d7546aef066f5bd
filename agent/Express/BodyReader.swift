import CallModel
import Documents
import Redaction

/// Looks at the bodies of a row where they lie: values of the call's own document as they are, text that is JSON by parsing it once,
/// for the outcome and for the shape.
final class BodyReader {
    struct Read {
        var bodies = RowBodies()
        /// The response's body, where that is JSON.
        var responseRoot: BodyValue?
    }

    /// A body, as it came.
    enum Source {
        /// A value of the call's own document.
        case value(BodyValue)
        /// Bytes, whatever they are.
        case bytes(CallRow.Text)
    }

    // Two, because what one has parsed is valid until it is used again.
    private let requestParser = JSONParser(byteCountMax: Limits.bodyByteCountMax)
    private let responseParser = JSONParser(byteCountMax: Limits.bodyByteCountMax)

    /// Nil where a body is left to the general way. What is read is valid until the next.
    func read(
        _ row: CallRow, _ request: Source?, _ response: Source?, _ redactor: inout Redactor
    ) -> Read? {
        var read = Read()
        if let request {
            guard let body = content(request, row.request, requestParser, &redactor) else { return nil }
            read.bodies.request = body.content
        }
        if let response {
            guard let body = content(response, row.response, responseParser, &redactor) else { return nil }
            read.bodies.response = body.content
            read.responseRoot = body.root
        }
        return read
    }

    private func content(
        _ source: Source, _ message: CallRow.Message, _ parser: JSONParser, _ redactor: inout Redactor
    ) -> (content: RowBodies.Content, root: BodyValue?)? {
        let field = message.headers.first { $0.name.hasSameBytes(as: "content-type") }
        let isSaidJSON = field?.value.hasSameBytes(as: "application/json") ?? false
        // Redaction could change it before it is asked.
        if let field, !isSaidJSON, !redactor.isClean(field.value) { return nil }
        let type = isSaidJSON ? nil : field.map { String(decoding: $0.value, as: UTF8.self) }
        let text: CallRow.Text
        switch source {
        case .bytes(let bytes): text = bytes
        case .value(let value):
            guard let bytes = value.utf8 else {
                let isJSON = field == nil || isSaidJSON || Shape.isJSON(contentType: type, body: Self.openBrace)
                return isJSON ? (.document(value), value) : nil
            }
            text = bytes
        }
        let root = mayBeJSON(text) ? (try? parser.root(of: UnsafeRawBufferPointer(text))).map(BodyValue.parsed) : nil
        if isSaidJSON || Shape.isJSON(contentType: type, body: text) { return root.map { (.document($0), $0) } }
        return redactor.rowShape(of: text, contentType: type).map { (.shape($0), root) }
    }

    /// As `ErrorConvention` asks.
    private func mayBeJSON(_ text: CallRow.Text) -> Bool {
        guard let first = text.first(where: { $0 > 0x20 }) else { return false }
        return first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || first == 0xEF
    }

    private static var openBrace: CallRow.Text {
        let text: StaticString = "{"
        return CallRow.Text(start: text.utf8Start, count: 1)
    }
}
