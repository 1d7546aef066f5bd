import CallModel

// One call as a curl command, to send it again.

/// A command for a POSIX shell that sends what was sent: method, URL, headers and body as they were recorded, and nothing that curl
/// would add by itself. What redaction took away has to be put back by whoever runs it; where of a body only the shape was kept, a
/// comment says so. What belongs to one connection (`host`, lengths, codings) is curl's own.
///
/// Everything in it came from strangers: every argument is in single quotes, in which a shell knows no other character, and
/// curl is told not to expand or tidy anything (`--globoff`, `--path-as-is`, `--data-raw`).
public func curlCommand(_ call: APICall) -> String {
    let isHead = call.request.method == "HEAD"
    var lines = ["curl --globoff --path-as-is --include"]
    // Told by --request alone curl would wait for a body.
    lines.append(isHead ? "--head" : "--request \(quoted(call.request.method))")
    let body = CurlBody(call.request, isHead: isHead)
    for header in call.request.headers where isSent(header.name) { lines.append("--header \(headerArgument(header))") }
    for name in unwanted(call.request, hasBody: body.argument != nil) { lines.append("--header '\(name):'") }
    if let argument = body.argument { lines.append(argument) }
    lines.append("--url \(quoted(call.request.url))")
    return body.comment + body.pipe + lines.joined(separator: " \\\n  ") + "\n"
}

private let ofConnection: Set<String> = [
    "content-length", "host", "connection", "transfer-encoding", "accept-encoding",
]

private func isSent(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.allSatisfy(isTokenCharacter) && !ofConnection.contains(name)
}

/// `name;` is how curl is told of a header without a value: `name:` takes one away.
private func headerArgument(_ header: Header) -> String {
    let value = header.value.unicodeScalars.map { $0 == "\r" || $0 == "\n" ? " " : String($0) }.joined()
    return quoted(value.allSatisfy { $0 == " " } ? "\(header.name);" : "\(header.name): \(value)")
}

/// What curl would send of its own accord and the call did not. Where no header was recorded nothing is known of it but that the body
/// is no form because curl thinks so.
private func unwanted(_ request: APICall.Request, hasBody: Bool) -> [String] {
    var names = request.headers.isEmpty ? [] : ["user-agent", "accept"]
    if hasBody { names += ["content-type", "expect"] }
    return names.filter { request.headers.value(of: $0) == nil }
}

/// How a body gets into the command.
private struct CurlBody {
    /// A line that says what is not in it; or empty.
    var comment = ""
    /// What hands curl a body that is too long for an argument; or empty.
    var pipe = ""
    var argument: String?

    /// Linux takes 128 KiB in one argument.
    private static let argumentByteCountMax = 100_000

    init(_ request: APICall.Request, isHead: Bool) {
        guard let body = request.body else {
            let byteCount = request.bodyByteCount ?? 0
            if byteCount > 0 { comment = "# The body (\(byteCount) bytes) was not kept.\n" }
            return
        }
        if body.form == .shape {
            comment = "# Of the body only its shape was kept: \(oneLine(String(decoding: body.bytes, as: UTF8.self)))\n"
        } else if isHead {
            comment = "# curl sends no body with HEAD: it (\(body.bytes.count) bytes) is left out.\n"
        } else if let text = String(validating: body.bytes, as: UTF8.self), !text.utf8.contains(0) {
            if body.bytes.count <= Self.argumentByteCountMax {
                argument = "--data-raw \(quoted(text))"
            } else {
                (pipe, argument) = ("printf %s \(quoted(text)) |\n", "--data-binary @-")
            }
        } else {
            comment = "# The body (\(body.bytes.count) bytes) is no text and is left out.\n"
        }
    }
}

/// By scalars, as a shell reads bytes: a quote with a combining mark behind it is another `Character` than a quote.
private func quoted(_ text: String) -> String {
    var quoted = "'"
    // NUL cannot be passed to a program at all.
    for scalar in text.unicodeScalars where scalar != "\0" {
        if scalar == "'" { quoted += "'\\''" } else { quoted.unicodeScalars.append(scalar) }
    }
    return quoted + "'"
}

private func oneLine(_ text: String) -> String {
    String(text.prefix(2_000).map { $0.isNewline || $0 == "\0" ? " " : $0 })
}
