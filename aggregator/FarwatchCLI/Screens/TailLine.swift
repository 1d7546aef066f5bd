import Documents

// A call on one line of a fixed form: what comes later is not known when the first line is shown, so no column can adapt.

let tailHeading =
    padded("TIME", 12) + "  " + padded("PARTNER", 12) + "  " + padded("OUTCOME", 16) + "  " + padded("STATUS", 6) + "  "
    + padded("TOOK", 8) + "  " + padded("HOST", 14) + "  ROUTE"

func tailLine(_ call: JSONValue, _ style: Style) -> String {
    let outcome = call.member("outcome")?.string
    let time = (call.member("time")?.string).map { String($0.dropFirst(11).prefix(12)) }
    let result = style.paint(padded(words(call.member("error")?.string ?? outcome), 16), Tone(outcome: outcome))
    let route = safeText(call.member("route")?.string ?? call.member("request")?.member("url")?.string ?? absent)
    let line =
        padded(time, 12) + "  " + padded(call.member("partner")?.string, 12) + "  " + result + "  "
        + padded(count(call.member("response")?.member("status")), 6) + "  "
        + padded(milliseconds(call.member("duration_ms")?.double), 8) + "  "
        + padded(call.member("host")?.string, 14) + "  "
    let room = (style.width ?? .max) - 84
    return line + (room > 8 ? cut(route, to: room) : route)
}

/// Below a failed call: the place in its request that most likely made it fail, and why. Nil where the request is not the reason.
func tailReason(_ call: JSONValue, _ style: Style) -> String? {
    var first: JSONValue?
    call.member("explanation")?.member("ranked")?.forEachElement { if first == nil { first = $0 } }
    guard let first, let path = first.member("path")?.string else { return nil }
    let place = (first.member("where")?.string).map { words($0).replacing("request.", with: "") + " " } ?? ""
    let text = first.member("text")?.string ?? ""
    let room = max(20, (style.width ?? .max) - 16)
    let mark = style.paint(cut(safeText(place + path), to: room), .bad)
    return String(repeating: " ", count: 14) + "└ " + mark + "  "
        + cut(safeText(text), to: max(8, room - columnCount(of: place + path)))
}

private func padded(_ text: String?, _ columns: Int) -> String {
    let text = cut(safeText(text ?? absent), to: columns)
    return text + String(repeating: " ", count: columns - columnCount(of: text))
}
