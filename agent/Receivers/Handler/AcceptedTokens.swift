import Transport

/// The tokens by which senders prove that they may send, where the agent listens beyond loopback (a *gateway* for functions and
/// platforms that cannot run an agent).
///
/// A sender brings one as `authorization: Bearer …`, as OTLP exporters do, or as `x-moesif-application-id`, which is where Moesif's
/// SDKs put what their operator gives them. Compared without leaving early, so that the time tells nothing of the token.
public struct AcceptedTokens: Sendable {
    private let tokens: [[UInt8]]

    /// No token: everybody may send.
    public init(_ tokens: [String]) {
        self.tokens = tokens.map { Array($0.utf8) }
    }

    public func accept(_ headers: Headers) -> Bool {
        guard !tokens.isEmpty else { return true }
        let brought = [bearer(headers[first: "authorization"]), headers[first: "x-moesif-application-id"]]
        return brought.contains { text in text.map(isToken) ?? false }
    }

    private func bearer(_ value: String?) -> String? {
        guard let value, value.utf8.count > 7, value.prefix(7).lowercased() == "bearer " else { return nil }
        return String(value.dropFirst(7))
    }

    private func isToken(_ text: String) -> Bool {
        let brought = Array(text.utf8)
        // Every token is looked at, and every byte of one of the same length.
        return tokens.reduce(false) { found, token in
            var difference = token.count ^ brought.count
            for index in 0..<min(token.count, brought.count) { difference |= Int(token[index] ^ brought[index]) }
            return found || difference == 0
        }
    }
}
