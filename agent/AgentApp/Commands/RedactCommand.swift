import ArgumentParser
import CallJSON
import CallModel
import Documents
import Glibc
import PartnerCatalog
import Redaction
import Runtime

struct RedactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redact", abstract: "Shows what the redaction in force makes of a call.",
        discussion: """
            --test reads calls in the native form (one object, an array, or one a line; - is standard input), or takes a made-up \
            one, and prints each before and after with the rules that masked something. Nothing is sent or kept.
            """)

    @OptionGroup var options: SettingsOptions
    @Flag(name: .long, help: "Show before and after.")
    var test = false
    @Option(name: .long, help: "As if this mode were granted: none, shape, redacted or full.")
    var mode: String?
    @Argument(help: "A file of calls.")
    var file: String?

    static let fileByteCountMax = 64 << 20

    func validate() throws {
        guard test else { throw ValidationError("say --test: nothing else is done here") }
        guard mode.map({ RedactionMode(rawValue: $0) != nil }) ?? true else {
            throw ValidationError("a mode is one of \(RedactionMode.allCases.map(\.rawValue).joined(separator: ", "))")
        }
    }

    func run() throws {
        let settings = try options.load()
        let now = Instant(nanosecondsSinceEpoch: WallClock.now())
        let calls: [APICall]
        do {
            calls = try read()
        } catch {
            printError("farwatch-agent: \(error)")
            throw ExitCode.failure
        }
        for call in calls { show(call, settings, now) }
    }

    private func read() throws -> [APICall] {
        let bytes = try file.map {
            $0 == "-" ? Array(standardInput()) : try Files.read($0, byteCountMax: Self.fileByteCountMax)
        }
        let document = bytes ?? Array(Self.example.utf8)
        let parser = JSONParser()
        let decoded = try document.withUnsafeBytes { bytes in
            let first = bytes.first { $0 > 0x20 }
            do {
                return try decodeCalls(bytes, form: .json, parser: parser)
            } catch {
                guard first == UInt8(ascii: "{") else { throw error }
                return try decodeCalls(bytes, form: .ndjson, parser: parser)
            }
        }
        for (index, error) in decoded.rejections { printError("call \(index): \(error.pointer): \(error.detail)") }
        return decoded.calls
    }

    private func standardInput() -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < Self.fileByteCountMax {
            let count = piece.withUnsafeMutableBytes { Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        return bytes
    }

    private func show(_ call: APICall, _ settings: AgentSettings, _ now: Instant) {
        print("before  " + json(call))
        var call = call
        guard case .partner(let id, let route, _) = settings.catalogue.resolve(call) else {
            return print("after   nothing: it concerns no partner, and is let go on this host\n")
        }
        (call.partner, call.route) = (id, route)
        call.outcome = settings.catalogue.outcome(of: call, partner: id)
        var policy = settings.redaction
        if let mode = mode.flatMap(RedactionMode.init) {
            policy.partners[id] = .init(mode: mode, approvedBy: "redact --test", until: now + .seconds(60))
        }
        var redactor = Redactor(policy: policy, catalogue: settings.catalogue)
        redactor.redact(&call, now: now)
        print("after   " + json(call))
        let rules = redactor.counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        print(
            "masked  \(rules.isEmpty ? "nothing" : rules.joined(separator: ", ")); mode \(policy.mode(for: id, at: now).rawValue)\n"
        )
    }

    private func json(_ call: APICall) -> String {
        var bytes: [UInt8] = []
        CallJSONWriter.append(call, id: nil, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A call with something to mask in every part. Nothing in it is anybody's.
    private static let example = #"""
        {"time":"2026-11-24T05:00:00.000Z","request":{"method":"POST",
         "url":"https://ann:pw@api.stripe.com/v1/charges?expand=customer&receipt=ann@acme.example",
         "headers":{"authorization":"Bearer sk_test_51H8xkCanaryCanaryCanary","content-type":"application/json",
          "cookie":"session=f00ba4","idempotency-key":"k-77"},
         "body":{"amount":1200,"card":{"number":"4242424242424242"},"receipt_email":"ann@acme.example"}},
         "response":{"status":402,"headers":{"request-id":"req_1"},"body":{"error":{"param":"card","code":"declined"}}},
         "customer":"acme"}
        """#
}
