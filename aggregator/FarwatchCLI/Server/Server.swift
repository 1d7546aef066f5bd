import ArgumentParser
import Documents
import Glibc
import NIOCore
import NIOPosix
import Runtime
import Transport

/// Where the aggregator is and how to show what it says: shared by all commands.
struct ServerOptions: ParsableArguments {
    @Option(name: .long, help: "The aggregator's API (environment: FARWATCH_URL).")
    var url = ThisProcess.environment["FARWATCH_URL"] ?? "http://127.0.0.1:7080"
    @Option(name: .long, help: "A token with the scope read, or file:PATH (environment: FARWATCH_TOKEN).")
    var token = ThisProcess.environment["FARWATCH_TOKEN"]
    @Option(name: .long, help: "A PEM file of the authorities to trust; the system's when absent.")
    var ca: String?
    @Flag(name: .long, help: "Print the API's JSON.")
    var json = false
    @Flag(name: .long, help: "No colours (environment: NO_COLOR).")
    var noColor = false
    @Flag(name: .long, help: "Show it again and again, until interrupted.")
    var watch = false
    @Option(name: .long, help: "Seconds between two showings with --watch.")
    var interval = 2

    func validate() throws {
        guard (1...3_600).contains(interval) else { throw ValidationError("interval must be from 1 to 3600") }
    }

    /// As wide and as colourful as the terminal; plain and uncut where standard output is none.
    var style: Style {
        guard isatty(STDOUT_FILENO) == 1 else { return Style(width: nil, isColoured: false) }
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let columns = ThisProcess.environment["COLUMNS"].flatMap { Int($0) }
        let isPlain = noColor || ThisProcess.environment["NO_COLOR"]?.isEmpty == false
        return Style(width: isKnown ? Int(size.ws_col) : columns ?? 80, isColoured: !isPlain)
    }

    /// The body of the answer to `GET path`. Says on standard error what went wrong, and ends with 1, or 78 for bad settings.
    func fetch(_ path: String) async throws -> [UInt8] {
        let response = try await withClient { client, headers in
            try await client.send(ClientRequest(method: "GET", path: path, headers: headers))
        }
        return try body(of: response)
    }

    /// The body of the answer to a request that changes something: 200, 201, 202 or 204, which has none.
    func change(_ method: String, _ path: String, _ json: [UInt8]? = nil) async throws -> (status: Int, body: [UInt8]) {
        let response = try await withClient { client, headers in
            var request = ClientRequest(method: method, path: path, headers: headers)
            if let json {
                request.headers.add("content-type", "application/json")
                request.body = ByteBuffer(bytes: json)
            }
            return try await client.send(request)
        }
        return (response.status, try body(of: response, accepting: 200...204))
    }

    /// Reads an answer without an end, piece by piece, until it ends or the connection does.
    func stream(_ path: String, _ receive: @escaping @Sendable ([UInt8]) -> Void) async throws {
        let response = try await withClient { client, headers in
            let request = ClientRequest(
                method: "GET", path: path, headers: headers, timeout: .seconds(366 * 86_400))
            return try await client.stream(request) { receive(Array(buffer: $0)) }
        }
        _ = try body(of: response)
    }

    private func body(
        of response: ClientResponse, accepting statuses: ClosedRange<Int> = 200...200
    ) throws -> [UInt8] {
        let body = Array(buffer: response.body)
        guard statuses.contains(response.status) else {
            printError("farwatch: \(safeText(url)) answers \(response.status): \(complaint(body))")
            throw ExitCode.failure
        }
        return body
    }

    private func withClient(
        _ ask: (HTTPClient, Headers) async throws -> ClientResponse
    ) async throws -> ClientResponse {
        guard let endpoint = Endpoint(url: url) else {
            printError("farwatch: \(safeText(url)) is no address: write it like https://aggregator.example:7080")
            throw ExitCode(EX_CONFIG)
        }
        var headers = Headers()
        if let token = try bearerToken() { headers.add("authorization", "Bearer " + token) }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let client = HTTPClient(endpoint: endpoint, tls: endpoint.isTLS ? ClientTLS(caFile: ca) : nil, group: group)
        let result: Result<ClientResponse, any Error>
        do {
            result = .success(try await ask(client, headers))
        } catch {
            result = .failure(error)
        }
        await client.shutdown()
        try await group.shutdownGracefully()
        switch result {
        case .success(let response): return response
        case .failure(let error):
            printError("farwatch: \(safeText("\(error)"))")
            throw ExitCode.failure
        }
    }

    private func bearerToken() throws -> String? {
        guard let token else { return nil }
        guard token.hasPrefix("file:") else { return token }
        do {
            let bytes = try Files.read(String(token.dropFirst(5)), byteCountMax: 4_096)
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init)
        } catch {
            printError("farwatch: the token cannot be read: \(error)")
            throw ExitCode(EX_CONFIG)
        }
    }

    /// The detail and the hint of problem+json, or the beginning of what else it is.
    private func complaint(_ body: [UInt8]) -> String {
        // What is no JSON is shown as it is.
        let detail = try? JSONParser().parse(body) { problem in
            (problem.member("detail")?.string).map { detail in
                detail + ((problem.member("hint")?.string).map { "; " + $0 } ?? "")
            }
        }
        return safeText(detail.flatMap { $0 } ?? String(decoding: body.prefix(200), as: UTF8.self))
    }

    /// Shows one document: as JSON, or as the lines that `screen` makes of it. With `--watch` again and again.
    func show(_ path: String, _ screen: (JSONValue, Style) -> [String]) async throws {
        guard watch else { return try await showOnce(path, screen) }
        while true {
            do {
                try await showOnce(path, screen)
            } catch let code as ExitCode where code == .failure {
                // Said already; what does not answer now may do so the next time.
            }
            try await Task.sleep(for: .seconds(interval))
        }
    }

    private func showOnce(_ path: String, _ screen: (JSONValue, Style) -> [String]) async throws {
        try show(try await fetch(path), screen)
    }

    /// Shows a document that was fetched.
    func show(_ body: [UInt8], _ screen: (JSONValue, Style) -> [String]) throws {
        defer { fflush(nil) }
        guard !json else { return print(String(decoding: safeJSON(body), as: UTF8.self)) }
        // From the top of the screen, so that it does not scroll away.
        if watch, isatty(STDOUT_FILENO) == 1 { print("\u{1B}[H\u{1B}[2J", terminator: "") }
        do {
            try JSONParser().parse(body) { document in
                if document.member("stale")?.bool == true {
                    printError(
                        "farwatch: stale: the figures are of \(safeText(document.member("as_of")?.string ?? "?"))")
                }
                for line in screen(document, style) { print(line) }
            }
        } catch {
            printError("farwatch: \(safeText(url)) does not answer as an aggregator does: \(error)")
            throw ExitCode.failure
        }
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986, section 2.3).
func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            bytes.append(byte)
        default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
