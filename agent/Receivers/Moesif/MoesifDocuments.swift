import NIOCore
import Transport

/// The two documents Moesif's SDKs fetch: how much to sample, and which requests to block.
///
/// The agent wants every call and blocks none, so both are fixed; their tags change with their text. `If-None-Match` is answered
/// as RFC 9110, section 13.1.2, has it, for those SDKs that send it.
enum MoesifDocuments {
    static let configPath = "/v1/config"
    static let rulesPath = "/v1/rules"

    private static let config =
        #"{"sample_rate":100,"user_sample_rate":{},"company_sample_rate":{},"user_rules":{},"company_rules":{},"#
        + #""regex_config":[],"block_bot_traffic":false}"#
    private static let rules = "[]"

    private static let configTag = tag(of: config)
    private static let rulesTag = tag(of: rules)

    static func answer(_ path: String, _ head: RequestHead) -> Response {
        let (text, tag) = path == configPath ? (config, configTag) : (rules, rulesTag)
        let isKnown = head.headers[first: "if-none-match"].map { known in
            known.split(separator: ",").contains { $0.drop { $0 == " " } == "\"\(tag)\"" || $0 == "*" }
        }
        var response = Response(status: 304, headers: [:], body: ByteBuffer())
        if isKnown != true { response = .make(status: 200, contentType: "application/json", Array(text.utf8)) }
        response.headers.add("etag", "\"\(tag)\"")
        return tagged(response)
    }

    /// What tells an SDK whether its copies are current.
    static func tagged(_ response: Response) -> Response {
        var response = response
        response.headers.add("x-moesif-config-etag", configTag)
        response.headers.add("x-moesif-rules-tag", rulesTag)
        return response
    }

    /// FNV-1a: it tells texts apart.
    private static func tag(of text: String) -> String {
        String(text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }, radix: 16)
    }
}
