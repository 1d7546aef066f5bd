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
