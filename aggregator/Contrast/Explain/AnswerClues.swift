import CallModel
import Documents

/// What an answer says of why it refused: places it names, sentences, and words for what is wrong.
struct AnswerClues {
    struct Named {
        var text: String
        /// Whether it stood where places are told (`param`, `pointer`, `loc` …), not in a sentence.
        var isStructured: Bool
    }

    var named: [Named] = []
    var sentences: [String] = []
    /// Machine words: codes and types of errors.
    var codes: [String] = []
    /// The same for answers that say the same: status, structure and words, without ids and numbers.
    var signature: UInt64 = 0
    /// A SOAP fault that says whose fault it was (SOAP 1.1, section 4.4.1; SOAP 1.2, section 5.4.6); nil where none was told.
    var blamesRequest: Bool?

    init() {}

    init(_ response: APICall.Response, parser: JSONParser) {
        var reader = AnswerReader()
        signature = mixed(UInt64(truncatingIfNeeded: response.status))
        guard let body = response.body, !body.bytes.isEmpty, body.bytes.count <= AnswerReader.byteCountMax else {
            return
        }
        body.bytes.withUnsafeBytes { bytes in
            if body.form == .shape { return reader.readShape(bytes) }
            switch BodySyntax(contentType: response.headers.value(of: "content-type"), bytes) {
            case .json: reader.readJSON(bytes, parser)
            case .xml: reader.readXML(bytes)
            case .form, .text: reader.readText(String(decoding: bytes, as: UTF8.self))
            }
        }
        reader.clues.signature = mixed(signature ^ reader.clues.signature)
        self = reader.clues
    }
}

/// Walks an answer's body and sorts what it holds into clues.
struct AnswerReader {
    static let byteCountMax = 64 << 10
    private static let valuesMax = 300
    private static let depthMax = 10
    private static let sentenceByteCountMax = 600
    var clues = AnswerClues()
    private var valueCount = 0

    init() {}

    /// A shape says nothing in words; that two answers have the same structure tells that they are of one kind.
    mutating func readShape(_ bytes: UnsafeRawBufferPointer) {
        var hash: UInt64 = 0
        for byte in bytes where byte &- 48 >= 10 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        clues.signature = mixed(hash)
    }

    mutating func readJSON(_ bytes: UnsafeRawBufferPointer, _ parser: JSONParser) {
        do {
            let root = try parser.root(of: bytes)
            walk(root, key: "", depth: 0, inErrors: false)
        } catch {
            readText(String(decoding: bytes.prefix(4_096), as: UTF8.self))
        }
        parser.shrink()
    }

    private mutating func walk(_ value: JSONValue, key: String, depth: Int, inErrors: Bool) {
        valueCount += 1
        guard depth < Self.depthMax, valueCount < Self.valuesMax else { return }
        sign(key)
        switch value.kind {
        case .object:
            let isErrors = inErrors || AnswerWords.errorContainers.contains(normalised(key))
            value.forEachMember { name, member in
                let name = String(decoding: name.prefix(120), as: UTF8.self)
                if depth == 0 || isErrors, isFieldMessage(member) {
                    clues.named.append(AnswerClues.Named(text: name, isStructured: true))
                }
                walk(member, key: name, depth: depth + 1, inErrors: isErrors)
            }
        case .array: array(value, key: key, depth: depth, inErrors: inErrors)
        case .string: string(value.string ?? "", key: key, inErrors: inErrors)
        default: break
        }
    }

    /// `{"email":["is invalid"]}`: the key is the place. A lone sentence counts only inside a container of errors.
    private func isFieldMessage(_ value: JSONValue) -> Bool {
        guard value.kind == .array, value.childCount > 0 else { return false }
        var isSentences = true
        value.forEachElement { if $0.kind != .string { isSentences = false } }
        return isSentences
    }

    private mutating func array(_ value: JSONValue, key: String, depth: Int, inErrors: Bool) {
        if AnswerWords.placeKeys.contains(normalised(key)) {
            // FastAPI and others tell a place as a list: ["body", "items", 0, "sku"].
            var steps: [String] = []
            value.forEachElement { steps.append($0.string ?? $0.int64.map { String($0) } ?? "") }
            clues.named.append(AnswerClues.Named(text: steps.joined(separator: "."), isStructured: true))
            return
        }
        let isErrors = inErrors || AnswerWords.errorContainers.contains(normalised(key))
        value.forEachElement { walk($0, key: key, depth: depth + 1, inErrors: isErrors) }
    }

    private mutating func string(_ text: String, key: String, inErrors: Bool) {
        let name = normalised(key)
        if AnswerWords.placeKeys.contains(name) || name == "name" && inErrors {
            if text.utf8.count <= 200 { clues.named.append(AnswerClues.Named(text: text, isStructured: true)) }
        } else if AnswerWords.codeKeys.contains(name), !text.utf8.contains(0x20) {
            clues.codes.append(text)
            sign(text)
        } else if inErrors || AnswerWords.sentenceKeys.contains(name) || text.utf8.contains(0x20) {
            sentence(text)
        }
    }

    private mutating func sentence(_ text: String) {
        clues.sentences.append(String(text.prefix(Self.sentenceByteCountMax)))
        sign(text)
    }

    mutating func readXML(_ bytes: UnsafeRawBufferPointer) {
        do throws(XMLError) {
            walk(try XMLDocument.parse(bytes), depth: 0)
        } catch {
            readText(String(decoding: bytes.prefix(4_096), as: UTF8.self))
        }
    }

    private mutating func walk(_ element: XMLElement, depth: Int) {
        valueCount += 1
        guard depth < Self.depthMax, valueCount < Self.valuesMax else { return }
        let name = normalised(element.name)
        sign(element.name)
        if element.children.isEmpty, !element.text.isEmpty {
            if name == "faultcode" || name == "value" {
                clues.codes.append(element.text)
                let code = element.text.split(separator: ":").last ?? ""
                if code == "Client" || code == "Sender" { clues.blamesRequest = true }
                if code == "Server" || code == "Receiver" { clues.blamesRequest = false }
            } else if AnswerWords.placeKeys.contains(name) {
                clues.named.append(AnswerClues.Named(text: element.text, isStructured: true))
            } else if AnswerWords.sentenceKeys.contains(name) || element.text.utf8.contains(0x20) {
                sentence(element.text)
            } else if AnswerWords.codeKeys.contains(name) {
                clues.codes.append(element.text)
                sign(element.text)
            }
        }
        for child in element.children { walk(child, depth: depth + 1) }
    }

    /// Text, or a page: its tags are taken out.
    mutating func readText(_ text: String) {
        var plain = ""
        var isTag = false
        for character in text.prefix(4_096) {
            if character == "<" { isTag = true }
            if !isTag { plain.append(character) }
            if character == ">" {
                isTag = false
                plain.append(" ")
            }
        }
        sentence(plain)
    }

    /// Adds words to the signature, without those that have a digit: ids, numbers, times.
    private mutating func sign(_ text: String) {
        for word in text.split(separator: " ").prefix(40) where !word.utf8.contains(where: { $0 &- 48 < 10 }) {
            var word = String(word)
            clues.signature = mixed(clues.signature &+ word.withUTF8 { hashBytes($0) })
        }
    }
}

/// A key without case and separators: `error_code`, `errorCode` and `ErrorCode` are one.
func normalised(_ key: String) -> String {
    String(
        decoding: key.utf8.compactMap { byte -> UInt8? in
            switch byte {
            case 65...90: byte | 0x20
            case UInt8(ascii: "_"), UInt8(ascii: "-"), 0x20: nil
            default: byte
            }
        }, as: UTF8.self)
}
