import Documents
import SimulationKit

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// What a document becomes when it is read and written again.
func rewritten(_ json: String, depthMax: Int = 64) throws -> String {
    try text(JSONParser(depthMax: depthMax).parse(Array(json.utf8)) { $0.serialized() })
}

func failure(of json: [UInt8], _ parser: JSONParser = JSONParser()) -> JSONError? {
    do {
        try parser.parse(json) { _ in }
        return nil
    } catch {
        return error as? JSONError
    }
}

func failure(of json: String) -> JSONError? { failure(of: Array(json.utf8)) }

/// Random JSON text with the spellings that real documents have: white space, escapes, exponents, duplicates, nesting.
struct JSONMaker {
    var random: SeededGenerator
    var strings: [String] = []

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    mutating func document() -> String { space() + value(depth: 0) + space() }

    private mutating func space() -> String {
        chance(80) ? "" : ["", " ", "\n", "\t \r\n"].randomElement(using: &random)!
    }

    mutating func value(depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 5 ? 6 : 9), using: &random) {
        case 0: return "null"
        case 1: return chance(50) ? "true" : "false"
        case 2: return "\(Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0..<64, using: &random))"
        case 3: return number()
        case 4, 5: return string()
        case 6: return list("[", "]") { $0.value(depth: depth + 1) }
        default: return list("{", "}") { $0.string() + $0.space() + ":" + $0.space() + $0.value(depth: depth + 1) }
        }
    }

    private mutating func list(_ open: String, _ close: String, _ item: (inout JSONMaker) -> String) -> String {
        let items = (0..<Int.random(in: 0..<6, using: &random)).map { _ in space() + item(&self) + space() }
        return open + (items.isEmpty ? space() : items.joined(separator: ",")) + close
    }

    private mutating func number() -> String {
        let digits = String(UInt64.random(in: 0...99_999, using: &random))
        let fraction = chance(60) ? "." + String(UInt64.random(in: 0...9_999_999, using: &random)) : ""
        let exponents = ["e5", "E-7", "e+300", "e-320", "e400"]
        return (chance(30) ? "-" : "") + digits + fraction
            + (chance(25) ? exponents.randomElement(using: &random)! : "")
    }

    mutating func string() -> String {
        let pieces = [
            "a", "Zz", "0", " ", "é", "日本", "😀", "\\n", "\\\"", "\\\\", "\\/", "\\u00e9", "\\ud83d\\ude00", "\\u0000",
            "-_.", "key",
        ]
        return "\""
            + (0..<Int.random(in: 0..<8, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            + "\""
    }
}
