import CallModel
import Glibc

/// Phrases in the texts of errors that say why no answer came: the words of operating systems, TLS libraries, resolvers
/// and HTTP clients.
///
/// The first rule that matches decides, so the order is from the particular to the general: whatever a proxy says is
/// about the proxy, a refused connection may also be told of as "failed to connect", and every timeout has "time" and
/// "out" in it. URLs in a text are left out of the search, because a path may hold any of these words.
enum FailureWords {
    /// Text looked at; messages are longer only where they carry a body or a stack.
    static let byteCountMax = 4_096

    static func kind(in message: BorrowedText) -> FailureKind? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: byteCountMax + 1) { text in
            let count = copyLowerCase(message, to: text)
            text[count] = 0
            guard let words = text.baseAddress.map({ UnsafePointer($0) }) else { return nil }
            // Go says no more than `EOF` of a connection closed in place of an answer.
            if strcmp(words, "eof") == 0 || count > 5 && strcmp(words + (count - 5), ": eof") == 0 { return .reset }
            for rule in rules where strstr(words, rule.phrase) != nil {
                if rule.also.isEmpty || strstr(words, rule.also) != nil { return rule.kind }
            }
            return nil
        }
    }

    /// Phrases end in a zero, as `strstr` wants them; `also` is empty where one is enough.
    private struct Rule {
        var kind: FailureKind
        var phrase: [CChar]
        var also: [CChar]
    }

    /// Copies without URLs: `http…` and what follows `url: `, up to a space or a quote. A zero, which would end the
    /// text, becomes a space.
    private static func copyLowerCase(_ message: BorrowedText, to text: UnsafeMutableBufferPointer<CChar>) -> Int {
        var count = 0
        var index = 0
        while index < message.count, count < byteCountMax {
            let byte = lowerCase(message[index])
            if byte == UInt8(ascii: "h") || byte == UInt8(ascii: "u"), isURLStart(message, index) {
                index += 5
                while index < message.count, message[index] > 0x20, message[index] != UInt8(ascii: "\""),
                    message[index] != UInt8(ascii: "'")
                {
                    index += 1
                }
                continue
            }
            text[count] = byte == 0 ? 0x20 : CChar(bitPattern: byte)
            count += 1
            index += 1
        }
        return count
    }

    private static func isURLStart(_ message: BorrowedText, _ index: Int) -> Bool {
        let rest = message[index...]
        return rest.starts(with: "http://".utf8) || rest.starts(with: "https://".utf8)
            || rest.starts(with: "url: /".utf8)
    }

    /// A comma separates phrases, a plus two that must both be there.
    private static let rules: [Rule] = phrases.flatMap { kind, list in
        list.split(whereSeparator: { $0 == "," || $0 == "\n" }).map { entry in
            let parts = entry.split(separator: "+").map { $0.trimmingSpaces.utf8.map { CChar(bitPattern: $0) } + [0] }
            return Rule(kind: kind, phrase: parts[0], also: parts.count > 1 ? parts[1] : [])
        }
    }

    private static let phrases: [(FailureKind, String)] = [
        (.unreachable, "proxyerror, connect to proxy, proxyconnect, tunnel connection failed, proxy tunnel"),
        (
            .dnsFailure,
            """
            nameresolutionerror, name or service not known, nodename nor servname, name resolution, getaddrinfo
            no address associated with, no such host, could not resolve, couldn't resolve, name does not resolve
            failed to lookup address, dns error, unknownhostexception, dial tcp: lookup, enotfound, eai_again
            """
        ),
        (.connectRefused, "connection refused, econnrefused, actively refused, couldn't connect to server"),
        (
            .reset,
            """
            connection reset, econnreset, reset by peer, forcibly closed, broken pipe, epipe, socket hang up
            remotedisconnected, remote end closed, server disconnected, server closed, empty reply from server
            other side closed, failed to respond, ended prematurely, premature, incompleteread, connection broken
            unexpected end of file, unexpected eof, connection was closed, connection closed, stream was reset
            """
        ),
        (
            .unreachable,
            """
            no route to host, network is unreachable, network unreachable, host is unreachable, host is down
            ehostunreach, enetunreach
            """
        ),
        (
            .tlsFailure,
            """
            [ssl, sslerror, certificate, x509, tls:, tls handshake, ssl handshake, handshake failure, handshake_failure
            the handshake, handshake operation, ssl routines, ssl connection, ssl_error, pkix, sslhandshake
            wrong version number, eproto
            """
        ),
        (
            .connectTimeout,
            """
            connect timeout, connect timed out, connection timed out, connecttimeout, connection timeout
            connect etimedout
            dial + i/o timeout, dial + deadline exceeded, waiting for connection + timeout, failed to connect + after
            did not properly respond after
            """
        ),
        (.responseTimeout, "timed out, timeout, time-out, deadline exceeded, read etimedout"),
        (
            .protocolError,
            "malformed, parse error, badstatusline, protocol error, protocolerror, invalid http, http2:, hpe_"
        ),
        (.cancelled, "canceled, cancelled, aborterror, operation was aborted, request aborted"),
    ]
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var text = self
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}
