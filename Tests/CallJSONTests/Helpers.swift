import CallJSON
import CallModel
import Documents

/// Reads one call from JSON text.
func read(_ json: String) throws -> APICall {
    var reader = CallJSONReader()
    return try JSONParser().parse(Array(json.utf8)) { try reader.read($0) }
}

/// The refusal of a call, nil when it is taken.
func refusal(of json: String) -> CallError? {
    do {
        _ = try read(json)
        return nil
    } catch {
        return error as? CallError ?? CallError(pointer: "?", detail: "\(error)")
    }
}

/// A call with one more member in the call, its request or its response.
func call(_ member: String = "", request: String = "", response: String? = nil) -> String {
    let tail = (member.isEmpty ? "" : "," + member) + (response.map { ",\"response\":{\($0)}" } ?? "")
    let request = request.isEmpty ? "" : "," + request
    return
        #"{"time":"2026-11-23T19:34:00Z","request":{"method":"GET","url":"https://api.example.com/a"\#(request)}\#(tail)}"#
}

func written(_ call: APICall, id: String? = nil) -> String {
    var bytes: [UInt8] = []
    CallJSONWriter.append(call, id: id, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}

func decode(
    _ text: String, _ form: CallDocumentForm, limits: CallDocumentLimits = CallDocumentLimits()
) throws -> DecodedCalls {
    var reader = CallJSONReader()
    let parser = JSONParser()
    return try Array(text.utf8).withUnsafeBytes {
        try decodeCalls($0, form: form, parser: parser, reader: &reader, limits: limits)
    }
}

/// SplitMix64: the same run for the same seed, on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
